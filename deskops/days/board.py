"""The days of a site: what each owes by the site's calendar, what of it is there, and whether the day is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.accounts.people import names_of
from deskops.days import entries
from deskops.days.entries import First, Nil, Place
from deskops.days.models import DayClosing
from deskops.days.shifts import over_at
from deskops.ledger.inputs import ONE_DAY, days_between, expected_shifts, is_work_day
from deskops.ledger.standing import Standing, standing, stored_days
from deskops.modules.nil import REPORTED, has_shifts
from deskops.records.record import SHIFT_NAMES

THERE, LATE, NIL, MISSING, DUE = "REPORTED", "LATE", "NIL", "MISSING", "DUE"
OPEN, CLOSED, REOPENED = "OPEN", "CLOSED", "REOPENED"
# The input that comes once: the opening balance.
OPENING = "opening"
GRACE = timedelta(hours=12)


class Cell(NamedTuple):
    """One input of a day: a module, of a shift or ("") of the day.

    `state` is REPORTED, LATE (its first record came more than 12 h after its shift was over; told with people only),
    NIL, MISSING, or DUE where its shift is not over yet. `by` and `at` (UTC) are of the first record or nil return.
    """

    module: str
    shift: str
    state: str
    records: int = 0
    by: str = ""
    at: datetime | None = None
    nil_id: str = ""

    @property
    def is_there(self) -> bool:
        return self.state in (THERE, LATE, NIL)


class Day(NamedTuple):
    """`state` is OPEN, CLOSED or REOPENED; `opening` says whether the ledger has begun by then.

    A day that is not due has the cells that are there all the same. `closing` is the newest row of its closings.
    """

    date: date
    state: str
    is_due: bool
    is_stored: bool
    opening: bool
    cells: tuple[Cell, ...]
    closing: DayClosing | None = None

    @property
    def missing(self) -> list[tuple[str, str]]:
        """The (module, shift) that are not there, also those whose shift is not over yet."""
        if not self.is_due:
            return []
        begun = [] if self.opening else [(OPENING, "")]
        return begun + [(cell.module, cell.shift) for cell in self.cells if not cell.is_there]

    @property
    def nils(self) -> list[tuple[str, str]]:
        """The (module, shift) that had nothing to report."""
        return [(cell.module, cell.shift) for cell in self.cells if cell.state == NIL]

    @property
    def counts(self) -> tuple[int, int]:
        """(how many inputs are there, how many are expected), the opening among them."""
        expected = len(self.cells) + 1 if self.is_due else 0
        return expected - len(self.missing), expected


class Told(NamedTuple):
    """What a range of days has, by place, and the site's wall clock."""

    clock: datetime
    counts: Mapping[Place, int]
    nils: Mapping[Place, Nil]
    firsts: Mapping[Place, First]
    names: Mapping[str, str]


def expected_cells(site: Site) -> list[tuple[str, str]]:
    """The (module, shift) that a due day owes beside the opening."""
    return [(name, shift) for name in REPORTED for shift in expected_shifts(site, name)]


def days_of(site: Site, start: date, end: date, with_people: bool = False) -> list[Day]:
    """Every day of the range, ascending: as many statements for a year as for a day.

    `with_people` also tells who entered first and when, and so what came late.
    """
    told = read_told(site, start, end, with_people)
    stored, now = stored_days(site.id, start, end), standing(site.id)
    closings = newest_closings(site, start, end)
    touched = {day for _, day, _ in (*told.counts, *told.nils)}
    today, expected = told.clock.date(), expected_cells(site)
    return [
        Day(
            day,
            state_of(day, now, closings.get(day)),
            is_due := day <= today and (day in touched or is_work_day(site, day)),
            day in stored,
            now.first_day is not None and now.first_day <= day,
            tuple(cells_of(site, day, expected, told, is_due=is_due)),
            closings.get(day),
        )
        for day in days_between(start, end)
    ]


def read_told(site: Site, start: date, end: date, with_people: bool) -> Told:
    clock = site.now()
    counts, nils = entries.counts(site.id, start, end), entries.nils(site.id, start, end)
    if not with_people:
        return Told(clock, counts, nils, {}, {})
    firsts = entries.firsts(site.id, start, end)
    authors = {one.by for one in firsts.values()} | {one.by for one in nils.values()}
    return Told(clock, counts, nils, firsts, names_of(authors))


def newest_closings(site: Site, start: date, end: date) -> dict[date, DayClosing]:
    """{day: its newest closing} of the range."""
    found = DayClosing.select().where((DayClosing.site == site.id) & DayClosing.date.between(start, end))
    return {one.date: one for one in found.order_by(DayClosing.date, DayClosing.closed_at)}


def state_of(day: date, now: Standing, newest: DayClosing | None) -> str:
    if now.closed_through is not None and day <= now.closed_through:
        return CLOSED
    return REOPENED if newest is not None and newest.reopened_at is not None else OPEN


def cells_of(
    site: Site, day: date, expected: Sequence[tuple[str, str]], told: Told, *, is_due: bool
) -> list[Cell]:
    cells = [cell_of(site, name, shift, day, told) for name, shift in expected]
    return cells if is_due else [cell for cell in cells if cell.is_there]


def cell_of(site: Site, name: str, shift: str, day: date, told: Told) -> Cell:
    """A record or nil return of no shift is of every shift; the day as a whole has the records of all."""
    nil = told.nils.get((name, day, shift)) or told.nils.get((name, day, ""))
    if nil is not None:
        return Cell(name, shift, NIL, 0, told.names.get(nil.by, ""), nil.at, nil.id)
    places = places_of(name, shift, day)
    records = sum(told.counts.get(place, 0) for place in places)
    if not records:
        return Cell(name, shift, MISSING if is_over(site, day, shift, told.clock) else DUE)
    first = min((told.firsts[place] for place in places if place in told.firsts), default=None)
    if first is None:
        return Cell(name, shift, THERE, records)
    came_late = first.at > over_at(site, day, shift) + GRACE
    return Cell(name, shift, LATE if came_late else THERE, records, told.names.get(first.by, ""), first.at)


def places_of(name: str, shift: str, day: date) -> list[Place]:
    """Where the records of a cell stand."""
    if shift:
        return [(name, day, shift), (name, day, "")]
    shifts = ("", *SHIFT_NAMES) if has_shifts(name) else ("",)
    return [(name, day, each) for each in shifts]


def is_over(site: Site, day: date, shift: str, clock: datetime) -> bool:
    # No shift lasts into the second day after its own, and none is over before its day has come.
    if not clock.date() - ONE_DAY <= day <= clock.date():
        return day < clock.date()
    return clock.astimezone(UTC).replace(tzinfo=None) >= over_at(site, day, shift)
