"""The ledger reckoned a second time: in Python, from the records alone, beside the totals and statements that keep it.

`differences` says what is stored otherwise, `rebuild` writes what the records say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import Event, append
from deskops.database import execute, insert_rows, rows, snapshot, stamp, transaction
from deskops.ledger.chain import read_day
from deskops.ledger.standing import Standing, set_standing, standing, store_days
from deskops.modules import ADJUSTMENTS, DISPATCH, PRODUCTION, RECEIVED
from deskops.modules.nil import has_shifts
from deskops.modules.reference import Material
from deskops.records.record import COUNTED_SQL
from deskops.records.trail import signature
from deskops.schema import counters, references
from deskops.schema.columns import in_tons

INPUTS = (PRODUCTION, RECEIVED, DISPATCH)
FLOWS = (*INPUTS, ADJUSTMENTS)


class Row(NamedTuple):
    """A snapshot's kilograms."""

    opening: int
    production: int
    received: int
    dispatched: int
    adjustment: int
    closing: int


class Ledger(NamedTuple):
    """A site's whole ledger: its first day, the days that are stored, and {(material id, day): kilograms}."""

    first_day: date | None
    days: frozenset[date]
    rows: Mapping[tuple[str, date], Row]


NOTHING = Ledger(None, frozenset(), {})
# {material id: {day: kilograms produced, received, dispatched, adjusted}}
Moves = dict[str, dict[date, list[int]]]


def recount(site_id: str) -> Ledger:
    """What the records say the ledger of a site is."""
    found = rows(
        f"SELECT material_id, date, quantity FROM opening WHERE site_id = ? AND {COUNTED_SQL}", (site_id,)
    )
    openings = {str(material_id): (read_day(day), int(held)) for material_id, day, held in found}
    if not openings:
        return NOTHING
    first_day = min(day for day, _ in openings.values())
    moves = moved(site_id, first_day)
    days = frozenset(day for day in reported(site_id) if day >= first_day)
    told: dict[tuple[str, date], Row] = {}
    for material_id in {*openings, *moves}:
        since, balance = openings.get(material_id, (first_day, 0))
        of_material = {day: kg for day, kg in moves.get(material_id, {}).items() if day >= since}
        # Without an opening of its own a material has rows from the day of its first movement on.
        first_row = since if material_id in openings else min(of_material)
        for day in sorted({*of_material, *(one for one in days if one >= first_row)}):
            produced, received, dispatched, adjusted = of_material.get(day, (0, 0, 0, 0))
            closing = balance + produced + received - dispatched + adjusted
            if day in days:
                told[material_id, day] = Row(balance, produced, received, dispatched, adjusted, closing)
            balance = closing
    return Ledger(first_day, days, told)


def moved(site_id: str, first_day: date) -> Moves:
    """What the counted records move on each day from the first one on."""
    moves: Moves = {}
    for place, module in enumerate(FLOWS):
        found = rows(
            f"SELECT material_id, date, SUM(quantity) FROM {module.model._meta.table_name} "
            f"WHERE site_id = ? AND date >= ? AND {COUNTED_SQL} GROUP BY material_id, date",
            (site_id, first_day.isoformat()),
        )
        for material_id, day, kilograms in found:
            of_day = moves.setdefault(str(material_id), {}).setdefault(read_day(day), [0] * len(FLOWS))
            of_day[place] = int(kilograms)
    return moves


def reported(site_id: str) -> set[date]:
    """The days on which each input has a counted record, or a nil return for the day or for every shift that works."""
    working = set(Site.get_by_id(site_id).work_shifts.split())
    nils: dict[tuple[str, date], set[str]] = {}
    for name, day, shift in rows(
        f"SELECT module, date, shift FROM nil_return WHERE site_id = ? AND {COUNTED_SQL}", (site_id,)
    ):
        nils.setdefault((name, read_day(day)), set()).add(shift)
    each = []
    for module in INPUTS:
        found = rows(
            f"SELECT DISTINCT date FROM {module.model._meta.table_name} WHERE site_id = ? AND {COUNTED_SQL}",
            (site_id,),
        )
        by_shift = bool(working) and has_shifts(module.name)
        declared = {
            day
            for (name, day), shifts in nils.items()
            if name == module.name and ("" in shifts or (by_shift and working <= shifts))
        }
        each.append({read_day(day) for (day,) in found} | declared)
    return set.intersection(*each)


def stored(site_id: str) -> Ledger:
    """The ledger of a site as it is kept."""
    days = rows("SELECT date FROM snapshot_day WHERE site_id = ?", (site_id,))
    found = rows(
        f"SELECT material_id, date, {', '.join(Row._fields)} FROM inventory_snapshot WHERE site_id = ?",
        (site_id,),
    )
    return Ledger(
        standing(site_id).first_day,
        frozenset(read_day(day) for (day,) in days),
        {(str(material), read_day(day)): Row(*map(int, told)) for material, day, *told in found},
    )


def differences(site_id: str) -> Iterator[str]:
    """One line for each figure that is stored otherwise than the records say, the earliest day's first."""
    with snapshot():
        kept, told = stored(site_id), recount(site_id)
    yield from compared(references.by_id(Site, site_id).code, kept, told)


def compared(site: str, kept: Ledger, told: Ledger) -> Iterator[str]:
    if kept.first_day != told.first_day:
        yield f"{site}: the first day is {kept.first_day}, the records say {told.first_day}"
    codes = {material.id: material.code for material in references.every(Material)}
    lines: list[tuple[date, str, str]] = []
    for day in kept.days ^ told.days:
        said = ("stored", "not whole") if day in kept.days else ("not stored", "whole")
        lines.append((day, "", f"{site} {day}: the day is {said[0]}, the records say it is {said[1]}"))
    for material_id, day in kept.rows.keys() | told.rows.keys():
        one, other = kept.rows.get((material_id, day)), told.rows.get((material_id, day))
        code = codes.get(material_id, material_id)
        head = f"{site} {code} {day}"
        lines += [(day, code, f"{head}: {line}") for line in figures_that_differ(one, other)]
    # The figures of a row stay in the order of its columns.
    yield from (line for _, _, line in sorted(lines, key=lambda each: each[:2]))


def figures_that_differ(one: Row | None, other: Row | None) -> Iterator[str]:
    """What a row has otherwise, column by column, in tons."""
    if one == other:
        return
    if one is None or other is None:
        said = [f"closing {shown(row.closing)}" if row else "no row" for row in (one, other)]
        yield f"there is {said[0]}, the records say {said[1]}"
        return
    for column, is_, should_be in zip(Row._fields, one, other, strict=True):
        if is_ != should_be:
            yield f"{column} is {shown(is_)}, the records say {shown(should_be)}"


def shown(kilograms: int) -> str:
    return f"{in_tons(kilograms)} t"


def rebuild(site_id: str, actor: Actor) -> list[str]:
    """Write the ledger of a site as its records say; answers the differences that were, none where nothing was done.

    Days stay closed. The audit entry holds how many differences there were, and the days and rows before and after.
    """
    with transaction():
        counters.take([site_id])
        kept, told = stored(site_id), recount(site_id)
        found = list(compared(references.by_id(Site, site_id).code, kept, told))
        if not found:
            return []
        for table in ("snapshot_day", "inventory_snapshot"):
            execute(f"DELETE FROM {table} WHERE site_id = ?", (site_id,))
        set_standing(site_id, Standing(told.first_day, standing(site_id).closed_through))
        store_days(site_id, told.days)
        now = stamp()
        insert_rows(
            "inventory_snapshot",
            f"site_id, material_id, date, {', '.join(Row._fields)}, created_at, updated_at",
            [
                (site_id, material_id, day.isoformat(), *row, now, now)
                for (material_id, day), row in sorted(told.rows.items())
            ],
        )
        changes = {
            "differences": [len(found), 0],
            "days": [len(kept.days), len(told.days)],
            "rows": [len(kept.rows), len(told.rows)],
        }
        append(site_id, signature(actor), [Event("REBUILT", "ledger", site_id, changes)])
    return found
