"""The outlook of a material: what is there at the end of a day and of every later one, as a change would leave it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple

from deskops.database import rows
from deskops.ledger.chain import CHAIN, Base, base_of, chain_params, read_day
from deskops.ledger.keeping import Moved, moved_by_site
from deskops.ledger.mirroring import wanted
from deskops.ledger.standing import standing
from deskops.modules import PRODUCTION
from deskops.records.module import Change, Module
from deskops.schema.columns import TonsField

KILOGRAMS = TonsField().db_value


class Shortage(NamedTuple):
    """The first day at whose end less than nothing would be there: kilograms below zero."""

    material_id: str
    day: date
    closing: int


def moved_by(module: Module, change: Change) -> dict[str, dict[date, int]]:
    """{material: {day: kilograms more}} by a change of one record, with the feed that a production entry states."""
    moved = Moved()
    for of_site in moved_by_site(module, [change]).values():
        moved = of_site
    if module is PRODUCTION:
        for entry, sign in ((change.before, -1), (change.after, 1)):
            feed = wanted(entry)
            if feed is not None:
                moved.add(feed["material"].id, feed["date"], sign * (KILOGRAMS(feed["quantity"]) or 0))
    return {key: by_day for key, by_day in moved.kilograms.items() if any(by_day.values())}


def shortages(module: Module, change: Change) -> list[Shortage]:
    """What would fall below zero, or further below, by a change: the first day of each material."""
    record = change.after or change.before
    assert record is not None
    first_day = standing(record.site_id).first_day
    if first_day is None:
        return []
    found = [
        shortage_of(record.site_id, material_id, by_day, first_day)
        for material_id, by_day in sorted(moved_by(module, change).items())
    ]
    return [one for one in found if one is not None]


def shortage_of(
    site_id: str, material_id: str, by_day: Mapping[date, int], first_day: date
) -> Shortage | None:
    base = base_of(site_id, material_id, max(min(by_day), first_day), first_day)
    more = running({day: by_day[day] for day in sorted(by_day) if day >= base.since or not base.is_first})
    if not more or min(more.values()) >= 0:
        return None
    closings = closings_below(site_id, material_id, base, -min(more.values()))
    for day in more:
        closings[day] = closing_at(site_id, material_id, base, day)
    for day in sorted(closings):
        changed = max((one for one in more if one <= day), default=None)
        if changed is not None and more[changed] < 0 and closings[day] + more[changed] < 0:
            return Shortage(material_id, day, closings[day] + more[changed])
    return None


def running(by_day: Mapping[date, int]) -> dict[date, int]:
    return dict(zip(by_day, accumulate(by_day.values()), strict=True))


def closings_below(site_id: str, material_id: str, base: Base, kilograms: int) -> dict[date, int]:
    """The days since the base at whose end less than that is there."""
    params = chain_params(site_id, material_id, base, date.max.isoformat())
    found = rows(f"SELECT date, closing FROM ({CHAIN}) AS chain WHERE closing < ?", [*params, kilograms])
    return {read_day(day): int(closing) for day, closing in found}


def closing_at(site_id: str, material_id: str, base: Base, day: date) -> int:
    """What is there at the end of a day, stored or not."""
    if day < base.since:
        return base.balance
    params = chain_params(site_id, material_id, base, day.isoformat())
    found = rows(f"SELECT closing FROM ({CHAIN}) AS chain ORDER BY date DESC LIMIT 1", params)
    return int(found[0][0]) if found else base.balance


def closing_before(site_id: str, material_id: str, day: date, first_day: date) -> int:
    """What is there when a day begins."""
    base = base_of(site_id, material_id, day, first_day)
    return closing_at(site_id, material_id, base, day - timedelta(days=1))
