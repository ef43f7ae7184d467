"""The days of a site: what each owes, what had nothing to report, closing them and opening them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import Response, request

from deskops.accounts.policy import CLOSE, DECLARE_NIL
from deskops.api import envelope, params
from deskops.api.bodies import read_object
from deskops.api.completeness import places_json
from deskops.api.day_shapes import (
    CLOSING,
    DAY_OF_PATH,
    DAY_SHAPE,
    MODULE,
    NEW_NIL,
    NIL_RETURN,
    REOPENING,
    SHIFT,
)
from deskops.api.operations import SITE_DAYS_ERRORS, Answer, Body, Operation, Section
from deskops.api.repeats import once
from deskops.api.shapes import listed, one
from deskops.api.sites import SITE_ID, named
from deskops.days import nils
from deskops.days.board import CLOSED, Day, days_of
from deskops.days.closing import close, reopen
from deskops.errors import (
    DayBlocked,
    DayClosed,
    DuplicateRecord,
    IdempotencyConflict,
    NotFound,
    PayloadTooLarge,
    Problem,
    UnsupportedMediaType,
    say,
)
from deskops.face import identity
from deskops.modules import NILS
from deskops.records import service
from deskops.records.query import given, require
from deskops.schema.kinds import moment_json

NOT_A_TEXT = say("Must be a text")
NOT_A_FLAG = say("Must be true or false")


def read_days() -> Response:
    asked = params.site_days(identity.actor())
    return envelope.whole_list(day_json(day) for day in days_of(asked.site, asked.start, asked.end))


def declare_nil(site_id: str, day: str) -> Response:
    actor, site, on = identity.actor(), named(site_id), read_day(day)
    actor.require(DECLARE_NIL, site.id)
    params.only()
    body = read_object()
    refuse_others(body, ("module", "shift", "reason"))

    def make(key: str | None) -> Response:
        sent = {**body, "siteId": site.id, "date": on.isoformat()}
        return envelope.one(NILS.json(service.create(NILS, sent, actor, key=key).record), 201)

    return once(actor, body, make)


def withdraw_nil(site_id: str, day: str) -> Response:
    actor, site, on = identity.actor(), named(site_id), read_day(day)
    actor.require(DECLARE_NIL, site.id)
    sent = read_place()
    reading = NILS.schema.read(
        {**sent, "siteId": site.id, "date": on.isoformat(), "reason": None}, strict=True
    )
    params.refuse([*reading.problems, *text_problems(sent)])
    module, shift = reading.values["module"], reading.values["shift"]
    nils.withdraw(site, on, actor, module=module, shift=shift, reason=sent.get("reason"))
    return envelope.nothing()


def read_place() -> dict[str, Any]:
    """What names a nil return, and why it goes: in the query, or as a JSON body."""
    if request.content_length:
        params.only()
        body = read_object()
        refuse_others(body, ("module", "shift", "reason"))
        return body
    known = (MODULE, SHIFT, params.REASON)
    found = params.only(*known)
    require({MODULE.name: given(found, MODULE.names)})
    twice = [one.name for one in known if len(given(found, one.names)) > 1]
    params.refuse([Problem(name, say("Given twice with different values")) for name in twice])
    return {one.name: values[0] for one in known if (values := given(found, one.names))}


def close_day(site_id: str, day: str) -> Response:
    actor, site, on = identity.actor(), named(site_id), read_day(day)
    actor.require(CLOSE, site.id)
    reason, override = read_ending()
    return envelope.one(day_json(close(site, on, actor, reason, override=override)))


def reopen_day(site_id: str, day: str) -> Response:
    actor, site, on = identity.actor(), named(site_id), read_day(day)
    actor.require(CLOSE, site.id)
    reason, _ = read_ending()
    return envelope.one(day_json(reopen(site, on, actor, reason)))


def read_ending() -> tuple[str | None, bool]:
    """The reason and the override of a body: closing and reopening take the same one."""
    params.only()
    body = read_object()
    refuse_others(body, ("reason", "override"))
    override = body.get("override")
    wrong = [] if override is None or isinstance(override, bool) else [Problem("override", NOT_A_FLAG)]
    params.refuse([*wrong, *text_problems(body)])
    return body.get("reason"), bool(override)


def read_day(text: str) -> date:
    """The day that a path names. Raises NotFound where it names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotFound from None
    if day.isoformat() != text:
        raise NotFound
    return day


def refuse_others(body: Mapping[str, Any], known: Iterable[str]) -> None:
    params.refuse([Problem(key, say("There is no field by this name")) for key in body if key not in known])


def text_problems(body: Mapping[str, Any]) -> list[Problem]:
    reason = body.get("reason")
    return [] if reason is None or isinstance(reason, str) else [Problem("reason", NOT_A_TEXT)]


def day_json(day: Day) -> dict[str, Any]:
    there, expected = day.counts
    closing = day.closing if day.state == CLOSED and day.closing and not day.closing.reopened_at else None
    return {
        "date": day.date.isoformat(),
        "state": day.state,
        "due": day.is_due,
        "missing": places_json(day.missing),
        "nil": places_json(day.nils),
        "inputs": {"there": there, "expected": expected},
        "snapshotStored": day.is_stored,
        "closedAt": closing and moment_json(closing.closed_at),
        "closedBy": closing and closing.closed_by,
    }


OF_A_DAY = (SITE_ID, DAY_OF_PATH)
SECTION = Section(
    "Days",
    "What each day of a site owes, and whether it is closed. A closed day takes no write by any route.",
    (
        Operation(
            "listDays",
            "GET /days",
            read_days,
            "The days of a site: what is missing, what had nothing to report, what is closed",
            Answer(listed(DAY_SHAPE)),
            "The list comes whole, as page 1, ascending.",
            parameters=params.SITE_DAYS,
            errors=SITE_DAYS_ERRORS,
            tagged=True,
        ),
        Operation(
            "declareNil",
            "POST /days/<site_id>/<day>/nil",
            declare_nil,
            "Say that a module had nothing to report",
            Answer(one(NIL_RETURN), 201, "Declared"),
            "Of one shift, or of the whole day. A record that is entered later withdraws it.",
            parameters=(*OF_A_DAY, params.IDEMPOTENCY_KEY),
            body=Body(NEW_NIL, {"Nothing came in": {"module": "received", "reason": "Sandstorm"}}),
            errors=(NotFound, DuplicateRecord, DayBlocked, DayClosed, IdempotencyConflict),
        ),
        Operation(
            "withdrawNil",
            "DELETE /days/<site_id>/<day>/nil",
            withdraw_nil,
            "Take a nil return back",
            Answer(status=204, description="Withdrawn: it stays, with who, when and why"),
            "The same keys may come as a JSON body instead.",
            parameters=(*OF_A_DAY, MODULE, SHIFT, params.REASON),
            errors=(*SITE_DAYS_ERRORS[:2], NotFound, DayClosed, PayloadTooLarge, UnsupportedMediaType),
        ),
        Operation(
            "closeDay",
            "POST /days/<site_id>/<day>/close",
            close_day,
            "Close a day",
            Answer(one(DAY_SHAPE)),
            "Days close in order; days off before it close along. What stands against it is in `details.blockers`; "
            "`override` closes it in spite of missing inputs, negative stock and open reviews.",
            parameters=OF_A_DAY,
            body=Body(CLOSING, {"All is there": {}, "Nevertheless": {"override": True, "reason": "Feast"}}),
            errors=(NotFound, DayBlocked),
        ),
        Operation(
            "reopenDay",
            "POST /days/<site_id>/<day>/reopen",
            reopen_day,
            "Open a closed day again, and every later one",
            Answer(one(DAY_SHAPE)),
            parameters=OF_A_DAY,
            body=Body(REOPENING, {"A late ticket": {"reason": "A weighbridge ticket came late"}}),
            errors=(NotFound, DayBlocked),
        ),
    ),
)
