"""What a change will move, told before it is saved: by day, on the days after its own, and below zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.ledger.chain import CHAIN, base_of, chain_params
from deskops.ledger.keeping import STOCKED, Moved, moved_by_site
from deskops.ledger.mirroring import wanted
from deskops.ledger.shortage import Shortage, shortage_of, shortages_of_opening
from deskops.ledger.standing import standing
from deskops.modules import OPENINGS, PRODUCTION
from deskops.modules.reference import Material
from deskops.records.module import Change, Module
from deskops.schema import references
from deskops.schema.columns import in_kilograms, in_tons

# What a movement of stock cannot be without.
WEIGHT = ("material", "quantity")


class Effect(NamedTuple):
    """By how many tons the closing of a material changes, as it stands today; on how many stored days after `day`."""

    material: Material
    tons: Decimal
    later_days: int
    day: date


class Place(NamedTuple):
    """A material at a site, whose ledger begins on `first_day`."""

    site_id: str
    material_id: str
    first_day: date


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


def moved_by(module: Module, change: Change) -> dict[str, dict[date, int]]:
    """{material: {day: kilograms more}} by a change of one record, with the feed that a production entry states."""
    moved = Moved()
    for of_site in moved_by_site(module, [change]).values():
        moved = of_site
    if module is PRODUCTION:
        for entry, sign in ((change.before, -1), (change.after, 1)):
            feed = wanted(entry)
            if feed is not None:
                moved.add(feed["material"].id, feed["date"], sign * in_kilograms(feed["quantity"]))
    return {key: by_day for key, by_day in moved.kilograms.items() if any(by_day.values())}


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
            material = references.by_id(Material, material_id)
            moved = in_tons(sum(counted.values()))
            found.append(Effect(material, moved, stored_after(site.id, day, today), day))
    return found


def since_beginning(place: Place, by_day: dict[date, int]) -> dict[date, int]:
    """What lies before a material's own beginning is in the flows only."""
    site_id, material_id, first_day = place
    base = base_of(site_id, material_id, max(min(by_day), first_day), first_day)
    return {day: moved for day, moved in by_day.items() if day >= base.since}


def opened(place: Place, change: Change, by_day: dict[date, int]) -> dict[date, int]:
    """A new opening takes the place of what was there; of one that moves or goes the whole ledger is another."""
    if change.before is not None:
        return by_day if change.after is not None and change.after.is_live and len(by_day) == 1 else {}
    [(day, kilograms)] = by_day.items()
    return {day: kilograms - closing_before(place, day)} if day >= place.first_day else {}


def closing_before(place: Place, day: date) -> int:
    """What is there when a day begins, in kilograms."""
    site_id, material_id, first_day = place
    base = base_of(site_id, material_id, day, first_day)
    if day <= base.since:
        return base.balance
    params = chain_params(site_id, material_id, base, (day - timedelta(days=1)).isoformat())
    found = rows(f"SELECT closing FROM ({CHAIN}) AS chain ORDER BY date DESC LIMIT 1", params)
    return int(found[0][0]) if found else base.balance


def stored_after(site_id: str, day: date, last: date) -> int:
    """How many days after this one have snapshots."""
    found = rows(
        "SELECT COUNT(*) FROM snapshot_day WHERE site_id = ? AND date > ? AND date <= ?",
        (site_id, day.isoformat(), last.isoformat()),
    )
    return int(found[0][0])


def shortages(module: Module, change: Change) -> list[Shortage]:
    """What would fall below zero, or further below, by a change: the first day of each material."""
    record = change.after or change.before
    assert record is not None
    first_day = standing(record.site_id).first_day
    if first_day is None:
        return []
    if module is OPENINGS:
        return shortages_of_opening(change, first_day)
    found = [
        shortage_of(record.site_id, material_id, by_day, first_day, is_made=False)
        for material_id, by_day in sorted(moved_by(module, change).items())
    ]
    return [one for one in found if one is not None]
