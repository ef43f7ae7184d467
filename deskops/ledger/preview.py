"""What a change of a past day will move, told before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.ledger.chain import base_of
from deskops.ledger.keeping import STOCKED
from deskops.ledger.outlook import closing_before, moved_by
from deskops.ledger.standing import standing
from deskops.modules import OPENINGS
from deskops.modules.reference import Material
from deskops.records.module import Change, Module
from deskops.schema import references
from deskops.schema.columns import TonsField

# What a movement of stock cannot be without.
WEIGHT = ("material", "quantity")


class Effect(NamedTuple):
    """By how many tons the closing of a material changes, as it stands today; on how many stored days after `day`."""

    material: Material
    tons: Decimal
    later_days: int
    day: date


def has_effects(module: Module) -> bool:
    """Whether records of a module move the stock."""
    return module in STOCKED


def drafted(module: Module, held: Any, sent: Mapping[str, str]) -> Any:
    """A form's record as far as it could be read; None where it does not say what it moves."""
    reading = module.schema.read(sent, strict=False, held=held)
    if held is not None:
        return held.copy(**reading.values)
    needed = {"site", "date", *(one.name for one in module.schema.fields if one.name in WEIGHT)}
    return module.model.new(reading.values) if needed <= reading.values.keys() else None


def effects(module: Module, before: Any, after: Any) -> list[Effect]:
    """What a change moves on the days after its own; nothing where it is of today, or no ledger has begun."""
    record = after or before
    first_day = standing(record.site_id).first_day if has_effects(module) else None
    if first_day is None:
        return []
    site = references.by_id(Site, record.site_id)
    today, found = site.today(), []
    change = Change(before, after)
    for material_id, by_day in sorted(moved_by(module, change).items()):
        place = Place(site.id, material_id, first_day)
        counted = opened(place, change, by_day) if module is OPENINGS else since_beginning(place, by_day)
        day = min(counted, default=today)
        if day < today:
            moved = TonsField().python_value(sum(counted.values())) or Decimal(0)
            material = references.by_id(Material, material_id)
            found.append(Effect(material, moved, stored_after(site.id, day, today), day))
    return found


class Place(NamedTuple):
    """A material at a site, whose ledger begins on `first_day`."""

    site_id: str
    material_id: str
    first_day: date


def since_beginning(place: Place, by_day: dict[date, int]) -> dict[date, int]:
    """What lies before a material's own beginning is in the flows only."""
    site_id, material_id, first_day = place
    base = base_of(site_id, material_id, max(min(by_day), first_day), first_day)
    return {day: moved for day, moved in by_day.items() if day >= base.since or not base.is_first}


def opened(place: Place, change: Change, by_day: dict[date, int]) -> dict[date, int]:
    """A new opening takes the place of what was there; of one that moves or goes the whole ledger is another."""
    if change.before is not None:
        return by_day if change.after is not None and change.after.is_live and len(by_day) == 1 else {}
    [(day, kilograms)] = by_day.items()
    if day < place.first_day:
        return {}
    return {day: kilograms - closing_before(place.site_id, place.material_id, day, place.first_day)}


def stored_after(site_id: str, day: date, last: date) -> int:
    """How many days after this one have snapshots."""
    found = rows(
        "SELECT COUNT(*) FROM snapshot_day WHERE site_id = ? AND date > ? AND date <= ?",
        (site_id, day.isoformat(), last.isoformat()),
    )
    return int(found[0][0])
