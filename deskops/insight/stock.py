"""What lies in the yard: the snapshots of the stored days, carried forward; and where a day stands before it is stored.

A stored day has a row for every material that has had an opening, a movement or stock, so the newest stored day is the
newest snapshot of every material, and its rows together are the stock of the site.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.insight import targets
from deskops.insight.periods import ZERO
from deskops.insight.targets import Targets
from deskops.ledger.chain import COLUMNS, FLOWS, read_day
from deskops.ledger.inputs import days_between
from deskops.ledger.models import BY_DAY
from deskops.ledger.reckoning import reckoned_day
from deskops.modules import OPENINGS
from deskops.modules.reference import MATERIAL_TYPES, Material
from deskops.records.listing import by_index
from deskops.records.module import Module
from deskops.records.totals import as_days
from deskops.schema import references
from deskops.schema.columns import in_tons

# The records that a stock is made of.
MADE_OF: tuple[Module, ...] = (OPENINGS, *(module for module, _ in FLOWS.values()))
NEGATIVE, LOW, WARN, OK = "NEGATIVE", "LOW", "WARN", "OK"
BY_TYPE, BY_MATERIAL = "type", "material"
GROUPINGS = (BY_TYPE, BY_MATERIAL)
MOVED = " OR ".join(f"{name} <> 0" for name in FLOWS)


class Level(NamedTuple):
    """A material's tons over a day, also one that is not stored yet; `state` is NEGATIVE, LOW, WARN or OK.

    `moved_on` is the newest day with anything in or out of it, None where it only has an opening balance.
    """

    material: Material
    opening: Decimal
    production: Decimal
    received: Decimal
    dispatched: Decimal
    adjustment: Decimal
    closing: Decimal
    state: str
    moved_on: date | None

    @property
    def change(self) -> Decimal:
        """Against the end of the day before, in tons."""
        return self.closing - self.opening


class LevelDay(NamedTuple):
    """{key: closing tons} at the end of a day, the last known ones where it is not `complete`; None if unknown."""

    date: date
    closing: Mapping[str, Decimal | None]
    complete: bool


class StockDay(NamedTuple):
    """The parts of a stored day's stock, all materials together."""

    date: date
    parts: Mapping[str, Decimal]

    @property
    def closing(self) -> Decimal:
        return self.parts["closing"]


def stock_days(site: Site, start: date) -> list[StockDay]:
    """The stored days from a day on, summed; first the newest one before or on it, where there is one."""
    sums = ", ".join(f"SUM({name})" for name in COLUMNS)
    found = rows(
        f"SELECT date, {sums} FROM inventory_snapshot{by_index(BY_DAY)} WHERE site_id = ? AND date >= "
        "COALESCE((SELECT MAX(date) FROM snapshot_day WHERE site_id = ? AND date <= ?), ?) "
        "GROUP BY date ORDER BY date",
        (site.id, site.id, start.isoformat(), start.isoformat()),
    )
    return [
        StockDay(read_day(day), dict(zip(COLUMNS, map(in_tons, sums), strict=True))) for day, *sums in found
    ]


def carried(found: Iterable[StockDay], start: date, end: date) -> list[Decimal]:
    """The closing of every day of the range, carried forward; nothing before the first one."""
    closings = {row.date: row.closing for row in found}
    last = next((tons for day, tons in sorted(closings.items(), reverse=True) if day <= start), ZERO)
    told = []
    for day in days_between(start, end):
        last = closings.get(day, last)
        told.append(last)
    return told


def inventory_levels(site: Site, start: date, end: date, group_by: str = BY_TYPE) -> list[LevelDay]:
    """A row for each day of the range: closing tons by the six types, or by the codes of what was ever in stock.

    The last known closing is carried forward over days that are not stored; before the first one, and after the
    site's today, it is None.
    """
    groups = grouped(group_by)
    found = closings_by_group(site, start, end, groups)
    unknown: dict[str, Decimal | None] = dict.fromkeys(groups)
    last, today, told = unknown, site.today(), []
    before = [day for day in found if day < start]
    for day in [*before, *days_between(start, end)]:
        if day in found:
            last = {key: closing if closing is not None else last[key] for key, closing in found[day].items()}
        if day >= start:
            told.append(LevelDay(day, last if day <= today else unknown, day in found))
    if group_by == BY_TYPE:
        return told
    known = [key for key in groups if any(row.closing[key] is not None for row in told)]
    return [row._replace(closing={key: row.closing[key] for key in known}) for row in told]


def grouped(group_by: str) -> dict[str, list[str]]:
    """{key of a chart: the ids of its materials}."""
    every = references.every(Material)
    if group_by == BY_MATERIAL:
        return {material.code: [material.id] for material in every}
    return {name: [each.id for each in every if each.material_type == name] for name in MATERIAL_TYPES}


def closings_by_group(
    site: Site, start: date, end: date, groups: Mapping[str, Sequence[str]]
) -> dict[date, dict[str, Decimal | None]]:
    """{stored day: {group: closing}} of the range, and of the newest stored day before it; ascending.

    Each material's days lie side by side: they are read material by material, in one statement.
    """
    known = rows(
        "SELECT MAX(date) FROM snapshot_day WHERE site_id = ? AND date < ?", (site.id, start.isoformat())
    )
    since = read_day(known[0][0] or start).isoformat()
    places = {material_id: place for place, ids in enumerate(groups.values()) for material_id in ids}
    told = " UNION ALL ".join(
        f"SELECT {place} AS place, date, closing FROM inventory_snapshot "
        "WHERE site_id = ? AND material_id = ? AND date BETWEEN ? AND ?"
        for place in places.values()
    )
    cells = ", ".join(f"SUM(CASE WHEN place = {place} THEN closing END)" for place in range(len(groups)))
    params = [value for material_id in places for value in (site.id, material_id, since, end.isoformat())]
    found = rows(f"SELECT date, {cells} FROM ({told}) AS told GROUP BY date ORDER BY date", params)
    return {
        day: dict(zip(groups, (None if one is None else in_tons(one) for one in closings), strict=True))
        for day, (_, *closings) in zip(as_days([row[0] for row in found]), found, strict=True)
    }


def levels_of_day(site: Site, day: date) -> list[Level]:
    """Every material that has a balance at the end of a day, in the list's order, by the targets of that day.

    Where the day is not stored, as its records stand now.
    """
    found = reckoned_day(site.id, day)
    stored, aims = last_moves(site, day), targets.on(site, day)
    levels = []
    for material in references.every(Material):
        if material.id in found:
            row = found[material.id]
            moved_on = day if any(row[1:-1]) else stored.get(material.id)
            levels.append(
                Level._make((material, *map(in_tons, row), state_of(in_tons(row[-1]), aims), moved_on))
            )
    return levels


def state_of(closing: Decimal, aims: Targets) -> str:
    """What a closing is by the targets in force: less than nothing, under low, under short, or enough."""
    if closing < 0:
        return NEGATIVE
    if closing < aims.stock_low:
        return LOW
    return WARN if closing < aims.stock_warn else OK


def last_moves(site: Site, day: date) -> dict[str, date]:
    """{material: the newest stored day until this one on which anything of it moved}, each found by its own key."""
    found: list[Any] = rows(
        "SELECT id, (SELECT date FROM inventory_snapshot WHERE site_id = ? AND material_id = material.id "
        f"AND date <= ? AND ({MOVED}) ORDER BY date DESC LIMIT 1) FROM material",
        (site.id, day.isoformat()),
    )
    return {material_id: read_day(moved) for material_id, moved in found if moved is not None}
