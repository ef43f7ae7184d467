"""What stands against closing a day, each by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from deskops.accounts.models import Site
from deskops.days.board import OPENING, days_of
from deskops.days.models import DayClosing
from deskops.errors import Message, say
from deskops.imports.models import UNDER_WAY, Import
from deskops.ledger.gaps import open_since
from deskops.ledger.inputs import ONE_DAY, due_days
from deskops.ledger.reckoning import reckoned_day
from deskops.ledger.standing import standing
from deskops.modules import EVERY_MODULE
from deskops.modules.nil import REPORTED
from deskops.modules.reference import Material
from deskops.sanity.models import Review
from deskops.schema import references
from deskops.schema.columns import in_tons

MISSING_INPUT, NEGATIVE_STOCK, OPEN_REVIEW = "MISSING_INPUT", "NEGATIVE_STOCK", "OPEN_REVIEW"
EARLIER_DAY_OPEN, IMPORT_UNDER_WAY, NOT_BEGUN = "EARLIER_DAY_OPEN", "IMPORT_UNDER_WAY", "NOT_BEGUN"
OVERRIDABLE = (MISSING_INPUT, NEGATIVE_STOCK, OPEN_REVIEW)
MOST_REVIEWS = 100
# A calendar names a weekday at least: so many days have one that is due.
WEEK = timedelta(days=6)


class Blocker(NamedTuple):
    """`details` are what a cure needs: module, shift, materialId, materialCode, tons, recordId, importId, date."""

    kind: str
    message: Message
    details: dict[str, Any]

    @property
    def may_be_overridden(self) -> bool:
        return self.kind in OVERRIDABLE

    def told(self) -> dict[str, Any]:
        """As the API names it."""
        return {"kind": self.kind, "message": self.message, **self.details}


def blockers(site: Site, day: date) -> list[Blocker]:
    """What stands against closing this day now; nothing where it is closed."""
    now = standing(site.id)
    if now.closed_through is not None and day <= now.closed_through:
        return []
    if now.first_day is None or day < now.first_day:
        return [not_begun(now.first_day, day)]
    since = open_since(site.id) or day
    return [
        *earlier_day(site, since, day),
        *import_under_way(site),
        *missing_inputs(site, day),
        *negative_stock(site, day),
        *open_reviews(site, since, day),
    ]


def not_begun(first_day: date | None, day: date) -> Blocker:
    text = (
        say("Stock is not kept yet: enter the opening balances first")
        if first_day is None
        else say("The ledger begins on %(first)s: days before it need no close", first=first_day)
    )
    return Blocker(NOT_BEGUN, text, {"module": OPENING, "date": day})


def earlier_day(site: Site, since: date, day: date) -> Iterator[Blocker]:
    """The earliest open day before that owes inputs; days off before are closed along with a later one."""
    due = due_days(site, since, min(since + WEEK, day - ONE_DAY)) if since < day else set()
    if due:
        text = say("Days close in order: %(day)s is open", day=min(due))
        yield Blocker(EARLIER_DAY_OPEN, text, {"date": min(due)})


def import_under_way(site: Site) -> Iterator[Blocker]:
    for run in Import.select().where((Import.site == site.id) & Import.state.in_(UNDER_WAY)).limit(1):
        text = say("The import of %(file)s is under way", file=run.file_name)
        yield Blocker(IMPORT_UNDER_WAY, text, {"importId": run.id})


def missing_inputs(site: Site, day: date) -> Iterator[Blocker]:
    [found] = days_of(site, day, day)
    for name, shift in found.missing:
        title = REPORTED[name].title
        text = (
            say("%(module)s, %(shift)s: neither a record nor a nil return", module=title, shift=shift)
            if shift
            else say("%(module)s: neither a record nor a nil return", module=title)
        )
        of_shift = {"shift": shift} if shift else {}
        yield Blocker(MISSING_INPUT, text, {"module": name, **of_shift, "date": day})


def negative_stock(site: Site, day: date) -> Iterator[Blocker]:
    for material_id, row in sorted(reckoned_day(site.id, day).items()):
        if row[-1] >= 0:
            continue
        material, tons = references.by_id(Material, material_id), in_tons(row[-1])
        text = say("%(material)s: %(tons)s t at the end of the day", material=material.name, tons=tons)
        key = {"materialId": material.id, "materialCode": material.code}
        yield Blocker(NEGATIVE_STOCK, text, {**key, "tons": tons, "date": day})


def open_reviews(site: Site, since: date, day: date) -> Iterator[Blocker]:
    """Doubtful entries of this day and of the open ones before that nobody has looked at."""
    waiting = (Review.site == site.id) & Review.date.between(since, day) & Review.cleared_at.is_null()
    for review in Review.select().where(waiting).order_by(Review.date, Review.id).limit(MOST_REVIEWS):
        title = EVERY_MODULE[review.module].title
        text = say("%(module)s of %(day)s: a doubtful entry waits for review", module=title, day=review.date)
        key = {"module": review.module, "recordId": review.record_id}
        yield Blocker(OPEN_REVIEW, text, {**key, "date": review.date})


def as_json(found: Sequence[Blocker]) -> str:
    """Blockers as a closing keeps them, numbers and days as texts."""
    kept = [[one.kind, one.message.text, one.message.params, one.details] for one in found]
    return json.dumps(kept, default=str)


def overridden(closing: DayClosing) -> list[Blocker]:
    """What the day was closed in spite of."""
    return [
        Blocker(kind, Message(text, params), details)
        for kind, text, params, details in json.loads(closing.overridden)
    ]
