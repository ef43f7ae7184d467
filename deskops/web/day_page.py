"""One day as its page shows it: its inputs and figures, what stands against closing it, what moved, its closings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from flask import url_for

from deskops.accounts.people import names_of
from deskops.days import blockers as kinds
from deskops.days import closing
from deskops.days.blockers import Blocker
from deskops.days.board import CLOSED, OPEN, OPENING
from deskops.days.closing import Moved
from deskops.days.models import DayClosing
from deskops.days.sheet import Stock, stock_of, total_of
from deskops.errors import DeskOpsError, Message, ValidationFailed, say
from deskops.web import words
from deskops.web.day_board import (
    DAY_STATES,
    Input,
    Reader,
    at_site,
    entry_url,
    input_label,
    inputs_of,
    records_url,
)

Details = Mapping[str, Any]
Cure = tuple[str, Message] | None


class Against(NamedTuple):
    """A blocker in words, with where it is cured; the address is empty where a page cannot, or the reader may not."""

    text: str
    url: str
    cure: str
    may_be_overridden: bool


class Closed(NamedTuple):
    """A closing in words, its moments by the site's clock; `reopened_at` is None while it is in force."""

    at: datetime
    by: str
    reason: str
    overridden: list[str]
    sequence: int
    hash: str
    reopened_at: datetime | None
    reopened_by: str
    reopen_reason: str


class Shown(NamedTuple):
    """`stock` also where the day is not stored, as far as its records go. `in_force` is the closing that holds."""

    date: date
    state: str
    state_word: str
    is_due: bool
    is_stored: bool
    counts: tuple[int, int]
    has_opening: bool
    inputs: tuple[Input, ...]
    stock: tuple[Stock, ...]
    against: list[Against]
    moved: list[Moved]
    history: list[Closed]
    may_close: bool

    @property
    def is_closed(self) -> bool:
        return self.state == CLOSED

    @property
    def in_force(self) -> Closed | None:
        newest = self.history[0] if self.history else None
        return newest if newest and newest.reopened_at is None else None

    @property
    def total(self) -> Stock:
        return total_of(self.stock)


def shown_day(reader: Reader, day: date, *, may_close: bool) -> Shown:
    site = reader.site
    found = closing.day_of(site, day)
    is_past = day <= site.today()
    return Shown(
        day,
        found.state,
        words.text(DAY_STATES[found.state]),
        found.is_due,
        found.is_stored,
        found.counts,
        found.opening,
        inputs_of(reader, found),
        stock_of(site, day),
        against(reader, day) if is_past else [],
        closing.moved_since(site, day) if found.state not in (OPEN, CLOSED) else [],
        history(reader, day),
        may_close and is_past,
    )


def against(reader: Reader, day: date) -> list[Against]:
    """What stands against closing the day now."""
    return [
        Against(blocker_text(one), *cure_of(reader, one), one.may_be_overridden)
        for one in kinds.blockers(reader.site, day)
    ]


def blocker_text(blocker: Blocker) -> str:
    if blocker.kind == kinds.MISSING_INPUT and blocker.details["module"] != OPENING:
        place = input_label(blocker.details["module"], blocker.details.get("shift", ""))
        return words.text(say("%(input)s: neither a record nor a nil return", input=place))
    return words.text(blocker.message)


def cure_of(reader: Reader, blocker: Blocker) -> tuple[str, str]:
    """(address, what one does there)."""
    cure = CURES.get(blocker.kind)
    found = cure(reader, blocker.details) if cure else None
    return (found[0], words.text(found[1])) if found else ("", "")


def enter_it(reader: Reader, told: Details) -> Cure:
    if not reader.may_enter:
        return None
    return entry_url(reader, told["module"], told.get("shift", ""), told["date"]), say("Enter it")


def begin_the_ledger(reader: Reader, told: Details) -> Cure:
    if not reader.may_keep_stock:
        return None
    return url_for("web.new_record", name="openings", **reader.params), say("Enter an opening balance")


def see_dispatches(reader: Reader, told: Details) -> Cure:
    url = records_url(reader, "dispatch", told["date"], materialType=told["materialCode"])
    return url, say("See what was dispatched")


def see_reviews(reader: Reader, _told: Details) -> Cure:
    return url_for("web.reviews", **reader.params), say("See what waits for review")


def go_to_day(reader: Reader, told: Details) -> Cure:
    return url_for("web.day", day=told["date"].isoformat(), **reader.params), say("Go to that day")


def see_imports(reader: Reader, told: Details) -> Cure:
    return (url_for("web.imports"), say("See the imports")) if reader.may_enter else None


CURES: dict[str, Callable[[Reader, Details], Cure]] = {
    kinds.MISSING_INPUT: enter_it,
    kinds.NOT_BEGUN: begin_the_ledger,
    kinds.NEGATIVE_STOCK: see_dispatches,
    kinds.OPEN_REVIEW: see_reviews,
    kinds.EARLIER_DAY_OPEN: go_to_day,
    kinds.IMPORT_UNDER_WAY: see_imports,
}


def history(reader: Reader, day: date) -> list[Closed]:
    """The closings of the day, newest first."""
    found = closing.closings(reader.site, day)
    people = [one.closed_by for one in found] + [one.reopened_by for one in found if one.reopened_by]
    names = names_of(people)
    return [closed(reader, one, names) for one in found]


def closed(reader: Reader, one: DayClosing, names: dict[str, str]) -> Closed:
    return Closed(
        at_site(reader.site, one.closed_at),
        names.get(one.closed_by, ""),
        one.reason or "",
        [blocker_text(blocker) for blocker in kinds.overridden(one)],
        one.sequence,
        one.hash,
        at_site(reader.site, one.reopened_at) if one.reopened_at else None,
        names.get(one.reopened_by or "", ""),
        one.reopen_reason or "",
    )


def problems_of(refused: DeskOpsError | None) -> tuple[list[str], list[str]]:
    """(what is wrong with the reason, what is wrong otherwise)."""
    if refused is None:
        return [], []
    if not isinstance(refused, ValidationFailed):
        return [], [words.text(refused.message)]
    fields = dict(refused.fields)
    of_reason: Sequence[Message] = fields.pop("reason", [])
    return words.texts(of_reason), words.texts(one for messages in fields.values() for one in messages)
