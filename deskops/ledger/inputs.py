"""The inputs that the days of a site owe by its calendar, and which of them are there: reported, or nothing to report.

A module whose records name their shift owes one input for each shift that works, any other one for the day. A record
or a nil return of no shift is of the whole day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from deskops.accounts.models import WEEKDAYS, Site
from deskops.database import rows
from deskops.ledger.chain import read_day
from deskops.ledger.standing import INPUTS
from deskops.modules.nil import REPORTED, has_shifts
from deskops.records import totals
from deskops.records.record import COUNTED_SQL

WHOLE_DAY = ""
ONE_DAY = timedelta(days=1)
# (module, shift), the shift empty where the input is of the whole day.
Missing = tuple[str, str]
Shifts = dict[date, set[str]]


class Inputs(NamedTuple):
    """How many of the inputs that are expected are there, and which are not."""

    there: int = 0
    expected: int = 0
    missing: tuple[Missing, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether something was reported, and nothing is missing: of a day off nobody said anything."""
        return bool(self.there) and not self.missing


NONE = Inputs()


def together(parts: Iterable[Inputs]) -> Inputs:
    """The inputs of several modules or days as one."""
    found = list(parts)
    return Inputs(
        sum(part.there for part in found),
        sum(part.expected for part in found),
        tuple(cell for part in found for cell in part.missing),
    )


def inputs_of(site: Site, names: Collection[str], start: date, end: date) -> dict[str, list[Inputs]]:
    """{module: its inputs on each day of the range, in order}; constant statements, whatever the range.

    A day off owes nothing, unless something was entered or declared on it; a day to come owes nothing yet.
    """
    days = days_between(start, end)
    nils, today = declared(site.id, start, end), site.today()
    is_due = due(site, start, end, nils)
    owing = [day <= today and is_due(day) for day in days]
    return {name: inputs_of_module(site, name, days, nils.get(name, {}), owing) for name in names}


def inputs_of_module(
    site: Site, name: str, days: list[date], nils: Shifts, owing: list[bool]
) -> list[Inputs]:
    """What a module that reports by the site's calendar has; of any other nothing is expected."""
    shifts, reported = expected_shifts(site, name), entered(site, name, days[0], days[-1])
    nothing: set[str] = set()
    whole = Inputs(len(shifts), len(shifts))
    found = []
    for day, is_owing in zip(days, owing, strict=True):
        if not is_owing:
            found.append(NONE)
            continue
        of_day, nil = reported.get(day, nothing), nils.get(day, nothing)
        missing = tuple((name, shift) for shift in shifts if not is_there(shift, of_day, nil))
        found.append(Inputs(len(shifts) - len(missing), len(shifts), missing) if missing else whole)
    return found


def awaited(site: Site, day: date) -> tuple[Missing, ...]:
    """The inputs of the stock that a day does not have, whether or not it owes them; of the flows alone."""
    nils = declared(site.id, day, day)
    found = (inputs_of_module(site, name, [day], nils.get(name, {}), [True]) for name in INPUTS)
    return tuple(cell for of_module in found for cell in of_module[0].missing)


def expected_shifts(site: Site, name: str) -> tuple[str, ...]:
    """The shifts that a module owes on a day that is due. Those that the stock is made of always report."""
    reports = site.reports.split()
    if reports and name not in reports and name not in INPUTS:
        return ()
    return (tuple(site.work_shifts.split()) if has_shifts(name) else ()) or (WHOLE_DAY,)


def is_there(shift: str, reported: Collection[str], nil: Collection[str]) -> bool:
    """Whether records of these shifts, or nil returns of those, are the input: of a whole day any record is."""
    if WHOLE_DAY in nil or shift in nil or WHOLE_DAY in reported:
        return True
    return bool(reported) if shift == WHOLE_DAY else shift in reported


def entered(site: Site, name: str, start: date, end: date) -> Shifts:
    """{day: the shifts of a module's counted records}; of the day as a whole where shifts are not told apart."""
    by = ("shift",) if site.work_shifts and has_shifts(name) else ()
    found: Shifts = {}
    for row in totals.by_day(REPORTED[name], site.id, start, end, (), by=by):
        found.setdefault(row.day, set()).add(row.group[0] if by else WHOLE_DAY)
    return found


def declared(site_id: str, start: date, end: date) -> dict[str, Shifts]:
    """{module: {day: the shifts of its nil returns}}."""
    found: dict[str, Shifts] = {}
    for day, name, shift in rows(
        "SELECT date, module, shift FROM nil_return "
        f"WHERE site_id = ? AND date BETWEEN ? AND ? AND {COUNTED_SQL}",
        (site_id, start.isoformat(), end.isoformat()),
    ):
        found.setdefault(name, {}).setdefault(read_day(day), set()).add(shift)
    return found


def days_between(start: date, end: date) -> list[date]:
    """Every day of the range, both ends included."""
    return list(map(date.fromordinal, range(start.toordinal(), end.toordinal() + 1)))


def is_work_day(site: Site, day: date) -> bool:
    """Whether the site's calendar names its weekday."""
    return WEEKDAYS[day.weekday()] in site.work_days.split()


def due_days(site: Site, start: date, end: date) -> set[date]:
    """The days of the range that owe their inputs: those of the calendar, and any on which something was entered."""
    is_due = due(site, start, end, declared(site.id, start, end))
    return set(filter(is_due, days_between(start, end)))


def due(site: Site, start: date, end: date, nils: Mapping[str, Shifts]) -> Callable[[date], bool]:
    """Whether a day of the range owes its inputs: the calendar says so, or something stands there."""
    working = {WEEKDAYS.index(name) for name in site.work_days.split()}
    if len(working) == len(WEEKDAYS):
        return lambda _day: True
    busy = {day for of_module in nils.values() for day in of_module}
    for module in REPORTED.values():
        busy |= {row.day for row in totals.by_day(module, site.id, start, end, ())}
    return lambda day: day.weekday() in working or day in busy
