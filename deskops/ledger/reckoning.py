"""Where every material stands on one day, stored or not: the newest snapshots before it, and all that moved since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from deskops.database import rows
from deskops.ledger.chain import COLUMNS, FLOWS, read_day
from deskops.ledger.models import BY_DAY
from deskops.ledger.standing import standing
from deskops.modules.reference import Material
from deskops.records import totals
from deskops.records.listing import by_index
from deskops.records.query import Query
from deskops.records.record import COUNTED_SQL
from deskops.schema import references

# The kilograms of a snapshot's columns, in their order.
Row = tuple[int, ...]
ONE_DAY = timedelta(days=1)


def reckoned_day(site_id: str, day: date) -> dict[str, Row]:
    """{material id: kilograms of opening, production, received, dispatched, adjustment, closing} of a day.

    Of every material that has a balance by its end; of none before the ledger began. A few statements and a row for
    each material, however long the day before it was stored lies back.
    """
    first_day = standing(site_id).first_day
    if first_day is None or day < first_day:
        return {}
    known = newest_rows(site_id, day)
    if known and known[0] == day:
        return known[1]
    since = known[0] + ONE_DAY if known else first_day
    balances = {material_id: row[-1] for material_id, row in known[1].items()} if known else {}
    begun = own_openings(site_id, since)
    balances |= {key: kilograms for key, (begun_on, kilograms) in begun.items() if begun_on <= day}
    moved = {material_id: dict.fromkeys(FLOWS, 0) for material_id in balances}
    for name, material_id, before, on_day in moves(site_id, starts_of(since, begun), day):
        balances[material_id] = balances.get(material_id, 0) + FLOWS[name][1] * before
        moved.setdefault(material_id, dict.fromkeys(FLOWS, 0))[name] = on_day
    return {
        material_id: whole_row(balances.get(material_id, 0), of_day) for material_id, of_day in moved.items()
    }


def whole_row(opening: int, moved: dict[str, int]) -> Row:
    closing = opening + sum(FLOWS[name][1] * kilograms for name, kilograms in moved.items())
    return (opening, *moved.values(), closing)


def newest_rows(site_id: str, day: date) -> tuple[date, dict[str, Row]] | None:
    """The newest stored day until this one, and its rows by material."""
    found = rows(
        f"SELECT date, material_id, {', '.join(COLUMNS)} FROM inventory_snapshot{by_index(BY_DAY)} "
        "WHERE site_id = ? AND date = (SELECT MAX(date) FROM snapshot_day WHERE site_id = ? AND date <= ?)",
        (site_id, site_id, day.isoformat()),
    )
    if not found:
        return None
    return read_day(found[0][0]), {row[1]: tuple(map(int, row[2:])) for row in found}


def own_openings(site_id: str, start: date) -> dict[str, tuple[date, int]]:
    """{material id: (day, kilograms)} of the opening balances entered for this day or a later one.

    What moved of a material before the day of its own is in no balance.
    """
    found = rows(
        f"SELECT material_id, date, quantity FROM opening WHERE site_id = ? AND date >= ? AND {COUNTED_SQL}",
        (site_id, start.isoformat()),
    )
    return {material_id: (read_day(day), int(kilograms)) for material_id, day, kilograms in found}


def starts_of(since: date, begun: Mapping[str, tuple[date, int]]) -> dict[str, date]:
    """{material id: from which day on its moves count}."""
    return {
        material.id: begun[material.id][0] if material.id in begun else since
        for material in references.every(Material)
    }


def moves(site_id: str, starts: Mapping[str, date], day: date) -> list[tuple[str, str, int, int]]:
    """(flow, material id, kilograms from the material's start to the day before, those of the day itself)."""
    sums = [f"SUM(CASE WHEN date {one} ? THEN quantity ELSE 0 END)" for one in ("<", "=")]
    params = [day.isoformat()] * len(sums)
    return [
        (name, material_id, int(before), int(on_day))
        for query in questions(site_id, starts, day)
        for name, (module, _) in FLOWS.items()
        for material_id, before, on_day in totals.counted(
            module, query, ["material_id"], sums, apart=("material",), params=params
        )
    ]


def questions(site_id: str, starts: Mapping[str, date], end: date) -> list[Query]:
    """One for the materials of each start until the end."""
    by_start: dict[date, list[str]] = {}
    for material_id, start in starts.items():
        if start <= end:
            by_start.setdefault(start, []).append(material_id)
    return [
        Query((site_id,), start, end, {"material": material_ids}) for start, material_ids in by_start.items()
    ]
