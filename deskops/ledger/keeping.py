"""Keeping the ledger in step: what a change of a record moves, from its day on, in its own transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from deskops.accounts.actor import Actor
from deskops.accounts.models import BLOCK
from deskops.database import execute, rows
from deskops.errors import DayClosed, DeskOpsError, Problem, ValidationFailed, say
from deskops.ledger.chain import DIRECTION, read_day, restate
from deskops.ledger.shortage import Shortage, shortage_of, shortages_of_opening
from deskops.ledger.standing import (
    Standing,
    set_standing,
    standing,
    store_days,
    stored_days,
    whole_days,
    withdraw_days,
)
from deskops.modules import ADJUSTMENTS, NILS, OPENINGS, SURVEYS
from deskops.modules.reference import Material
from deskops.records import totals
from deskops.records.module import Change, Module
from deskops.records.query import Query
from deskops.records.record import COUNTED_SQL
from deskops.schema import references
from deskops.schema.columns import in_kilograms

# What a record of these modules adds to the stock, or takes from it.
STOCKED = DIRECTION | {OPENINGS: 1}
# From so many days on that became whole, or are no longer, all materials are reckoned anew at once.
FEW_DAYS = 3
MOVED_BY_ITS_ENTRY = say("This is the feed of a production entry: correct it there")


@dataclass
class Moved:
    """What a batch moves at one site: {material: {day: kilograms more}}, and the days that were touched.

    `lost` are those among them that a record or a nil return was taken from; `records` {(material, day): so many more}.
    """

    kilograms: dict[str, dict[date, int]] = field(default_factory=dict)
    records: Counter[tuple[str, date]] = field(default_factory=Counter)
    days: set[date] = field(default_factory=set)
    lost: set[date] = field(default_factory=set)

    def add(self, material_id: str, day: date, kilograms: int) -> None:
        of_material = self.kilograms.setdefault(material_id, {})
        of_material[day] = of_material.get(day, 0) + kilograms

    def materials(self) -> dict[str, date]:
        """{material that moved otherwise than before: the first day on which it did}."""
        changed = {
            key: [day for day, moved in days.items() if moved or self.records[key, day]]
            for key, days in self.kilograms.items()
        }
        return {key: min(days) for key, days in changed.items() if days}


def refuse_closed_days(module: Module, changes: Sequence[Change]) -> Mapping[int, DeskOpsError]:
    """A closed day takes no write by any route; only what was measured on it may be told later."""
    if module is SURVEYS:
        return {}
    refused: dict[int, DeskOpsError] = {}
    standings: dict[str, Standing] = {}
    for index, change in enumerate(changes):
        for record in filter(None, change):
            if record.site_id not in standings:
                standings[record.site_id] = standing(record.site_id)
            through = standings[record.site_id].closed_through
            if through is None:
                continue
            if record.date <= through or (module is OPENINGS and moves_closed_days(change, through)):
                text = say("Closed through %(day)s: a manager has to reopen the day first", day=through)
                refused[index] = DayClosed(text, closedThrough=through, date=record.date)
    return refused


def moves_closed_days(change: Change, through: date) -> bool:
    """Whether an opening comes or goes of a material that moved on closed days: then it would have stock there no more.

    A material's balance begins with its own opening, and only without one with what moved first.
    """
    begun = [{one.__data__["material"]} if one and one.is_counted else set() for one in change]
    site_id = (change.after or change.before).site_id  # type: ignore[union-attr]
    first_day = standing(site_id).first_day or date.max
    return any(
        totals.counted_records(module, Query((site_id,), first_day, through, {"material": (material_id,)}))
        for material_id in set.symmetric_difference(*begun)
        for module in DIRECTION
    )


def refuse_mirrored(module: Module, changes: Sequence[Change]) -> Mapping[int, DeskOpsError]:
    """The feed of a production entry changes with its entry alone."""
    if module is not ADJUSTMENTS:
        return {}
    return {
        index: ValidationFailed.of([Problem("productionId", MOVED_BY_ITS_ENTRY)])
        for index, change in enumerate(changes)
        if change.before is not None and change.before.__data__["production_id"]
    }


def keep_ledger(module: Module, changes: Sequence[Change], _actor: Actor) -> None:
    """Bring the snapshots in step. Raises InsufficientStock where the site's policy is to block.

    To take away what came to nothing, the rows of an import that was given up, is never refused.
    """
    if module is not NILS and module not in STOCKED:
        return
    came_to_nothing = all(change.after is None for change in changes)
    for site_id, moved in sorted(moved_by_site(module, changes).items()):
        if module is OPENINGS:
            begin_anew(site_id)
        else:
            keep_site(site_id, moved)
        if not came_to_nothing and blocks(site_id):
            for short in shortages(module, changes, site_id, moved):
                raise short.error


def moved_by_site(module: Module, changes: Sequence[Change]) -> dict[str, Moved]:
    found: dict[str, Moved] = {}
    for change in changes:
        for record, sign in ((change.before, -1), (change.after, 1)):
            if record is None or not record.is_counted:
                continue
            moved = found.setdefault(record.site_id, Moved())
            moved.days.add(record.date)
            if sign < 0:
                moved.lost.add(record.date)
            if module in STOCKED:
                kilograms = in_kilograms(record.__data__["quantity"])
                moved.add(record.__data__["material"], record.date, sign * STOCKED[module] * kilograms)
                moved.records[record.__data__["material"], record.date] += sign
    return found


def keep_site(site_id: str, moved: Moved) -> None:
    first_day = standing(site_id).first_day
    if first_day is None or max(moved.days) < first_day:
        return
    flipped = settle_days(site_id, moved, first_day)
    touched = {key: max(day, first_day) for key, day in moved.materials().items()}
    restate_flipped(site_id, flipped, touched, first_day)
    for material_id, day in sorted(touched.items()):
        restate(site_id, material_id, day, first_day)


def settle_days(site_id: str, moved: Moved, first_day: date) -> set[date]:
    """Store the days that became whole and withdraw those that no longer are; answers both."""
    days = {day for day in moved.days if day >= first_day}
    start, end = min(days), max(days)
    stored = stored_days(site_id, start, end)
    if not (days - stored) | (days & moved.lost):
        # Each was whole, and nothing was taken from it.
        return set()
    whole = whole_days(site_id, start, end)
    begun, ended = (whole - stored) & days, (stored - whole) & days
    if begun:
        store_days(site_id, begun)
    if ended:
        withdraw_days(site_id, ended)
    return begun | ended


def restate_flipped(site_id: str, flipped: set[date], touched: dict[str, date], first_day: date) -> None:
    """Every material has a row on a stored day: those that are not reckoned from before it anyway."""
    if not flipped:
        return
    for material in references.every(Material):
        start = touched.get(material.id)
        if len(flipped) > FEW_DAYS:
            restate(site_id, material.id, min(flipped), first_day)
            continue
        for day in sorted(flipped):
            if start is None or day < start:
                restate(site_id, material.id, day, first_day, end=day)


def begin_anew(site_id: str) -> None:
    """An opening balance came, changed or went: the whole ledger of the site is reckoned from its first one on."""
    found = rows(f"SELECT MIN(date) FROM opening WHERE site_id = ? AND {COUNTED_SQL}", (site_id,))
    first_day = found[0][0] and read_day(found[0][0])
    before = standing(site_id)
    set_standing(site_id, Standing(first_day, before.closed_through))
    for table in ("snapshot_day", "inventory_snapshot"):
        execute(f"DELETE FROM {table} WHERE site_id = ?", (site_id,))
    if first_day is None:
        return
    store_days(site_id, whole_days(site_id, first_day, date.max))
    for material in references.every(Material):
        restate(site_id, material.id, first_day, first_day)


def blocks(site_id: str) -> bool:
    """Whether the site's policy is that nothing may take any later day below zero, or further below.

    Read from the book: the list in memory may be of the moment before this transaction's turn came.
    """
    return rows("SELECT stock_policy FROM site WHERE id = ?", (site_id,)) == [(BLOCK,)]


def shortages(module: Module, changes: Sequence[Change], site_id: str, moved: Moved) -> Iterator[Shortage]:
    """What changes that are made leave short at a site."""
    first_day = standing(site_id).first_day
    if first_day is None:
        return
    if module is OPENINGS:
        for change in changes:
            yield from shortages_of_opening(change, first_day)
        return
    for material_id, by_day in sorted(moved.kilograms.items()):
        short = shortage_of(site_id, material_id, by_day, first_day, is_made=True)
        if short is not None:
            yield short
