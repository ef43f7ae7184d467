"""The board of a site's days as a page shows it: a row for each day, a cell for each input, worded and linked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import url_for

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import CREATE, DECLARE_NIL, KEEP_STOCK
from deskops.days import board
from deskops.days.board import Cell, Day
from deskops.errors import Message, say
from deskops.modules.nil import REPORTED
from deskops.records.record import SHIFTS
from deskops.web import words
from deskops.web.scope import CUSTOM, Scope

STATES: dict[str, tuple[str, Message]] = {
    board.THERE: ("✓", say("Reported")),
    board.LATE: ("✓", say("Late")),
    board.NIL: ("∅", say("Nil")),
    board.MISSING: ("✕", say("Missing")),
    board.DUE: ("…", say("Due")),
}
DAY_STATES: dict[str, Message] = {
    board.OPEN: say("Open"),
    board.CLOSED: say("Closed"),
    board.REOPENED: say("Reopened"),
}
SHIFT_LABELS = dict(SHIFTS)


class Input(NamedTuple):
    """A cell: `who` entered or declared it first and when; the addresses are empty where the reader may not."""

    key: str
    label: str
    state: str
    sign: str
    word: str
    records: int
    who: str
    records_url: str = ""
    enter_url: str = ""
    nil: str = ""
    nil_id: str = ""

    @property
    def told(self) -> str:
        """The cell in one sentence, for a pointer's hint."""
        return ". ".join(part for part in (f"{self.label}: {self.word}", self.who) if part)


class Row(NamedTuple):
    """A day. A cell is None where the day owes nothing there."""

    date: date
    url: str
    state: str
    state_word: str
    is_due: bool
    is_stored: bool
    there: int
    expected: int
    has_opening: bool
    cells: tuple[Input | None, ...]


class Group(NamedTuple):
    """The columns of a module: one for each shift, or one of no name."""

    title: str
    shifts: tuple[str, ...]

    @property
    def has_shifts(self) -> bool:
        return self.shifts[0] != ""


class Board(NamedTuple):
    site: Site
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    nil_url: str
    opening_url: str

    @property
    def is_idle(self) -> bool:
        """No stock is kept there, and nothing was entered or declared on these days."""
        return not any(row.has_opening or row.there for row in self.rows)


class Reader(NamedTuple):
    """Who looks at which site, and what they may do there."""

    site: Site
    params: Mapping[str, Any]
    may_enter: bool
    may_declare: bool
    may_keep_stock: bool


def reader_of(scope: Scope, site: Site, actor: Actor) -> Reader:
    """The reader at one of the scope's sites; `params` carry the scope narrowed to it."""
    return Reader(
        site,
        replace(scope, site=site).params,
        actor.may(CREATE, site.id),
        actor.may(DECLARE_NIL, site.id),
        actor.may(KEEP_STOCK, site.id),
    )


def board_of(reader: Reader, start: date, end: date) -> Board:
    """The board of one site, the newest day on top."""
    expected = board.expected_cells(reader.site)
    found = board.days_of(reader.site, start, end, with_people=True)
    groups = tuple(
        Group(words.text(REPORTED[name].title), tuple(shift_label(shift) for _, shift in cells))
        for name, cells in groupby(expected, key=lambda one: one[0])
    )
    return Board(
        reader.site,
        groups,
        tuple(row_of(reader, day, expected) for day in reversed(found)),
        url_for("web.save_nil", **reader.params),
        url_for("web.new_record", name="openings", **reader.params) if reader.may_keep_stock else "",
    )


def row_of(reader: Reader, day: Day, expected: Sequence[tuple[str, str]]) -> Row:
    cells = {(cell.module, cell.shift): cell for cell in day.cells}
    there, owed = day.counts
    return Row(
        day.date,
        url_for("web.day", day=day.date.isoformat(), **reader.params),
        day.state,
        words.text(DAY_STATES[day.state]),
        day.is_due,
        day.is_stored,
        there,
        owed,
        day.opening,
        tuple(input_of(reader, day, cells[place]) if place in cells else None for place in expected),
    )


def inputs_of(reader: Reader, day: Day) -> tuple[Input, ...]:
    """The cells of one day, as its own page lists them."""
    return tuple(input_of(reader, day, cell) for cell in day.cells)


def input_of(reader: Reader, day: Day, cell: Cell) -> Input:
    sign, word = STATES[cell.state]
    is_open = day.state != board.CLOSED
    place = f"{day.date.isoformat()} {cell.module} {cell.shift}".strip()
    seen = Input(
        f"{reader.site.id}-{place.replace(' ', '-')}",
        input_label(cell.module, cell.shift),
        cell.state,
        sign,
        words.text(word),
        cell.records,
        who(reader.site, day.date, cell),
        nil_id=cell.nil_id if is_open and reader.may_declare else "",
    )
    if cell.records:
        return seen._replace(records_url=records_url(reader, cell.module, day.date))
    if cell.is_there or not is_open:
        return seen
    return seen._replace(
        enter_url=entry_url(reader, cell.module, cell.shift, day.date) if reader.may_enter else "",
        nil=place if reader.may_declare else "",
    )


def entry_url(reader: Reader, module: str, shift: str, day: date) -> str:
    """Where a record of this input is entered, its day and shift filled in."""
    of_shift: dict[str, Any] = {"shift": shift} if shift else {}
    return url_for("web.new_record", name=module, date=day.isoformat(), **of_shift, **reader.params)


def records_url(reader: Reader, module: str, day: date, **filters: str) -> str:
    """The list of a module's records of one day."""
    days = {"period": CUSTOM, "startDate": day.isoformat(), "endDate": day.isoformat()}
    return url_for("web.records", name=module, **{**reader.params, **days, **filters})


def input_label(module: str, shift: str) -> str:
    """Production, Morning."""
    title = words.text(REPORTED[module].title)
    return f"{title}, {shift_label(shift)}" if shift else title


def shift_label(shift: str) -> str:
    return words.text(SHIFT_LABELS[shift]) if shift else ""


def who(site: Site, day: date, cell: Cell) -> str:
    """Ben Operator, 7:12 AM; with the date where it was entered on another day."""
    if cell.at is None:
        return ""
    moment = at_site(site, cell.at)
    when = (
        words.clock(moment) if moment.date() == day else f"{words.day_of_year(moment)}, {words.clock(moment)}"
    )
    return f"{cell.by}, {when}" if cell.by else when


def at_site(site: Site, moment: datetime) -> datetime:
    """A stored moment, UTC, on the site's clock."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(site.timezone))
