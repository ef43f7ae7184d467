"""Drafts: what was sent, as a record not yet stored, judged by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.database import utc_now
from deskops.errors import InvalidSiteId, Problem, ValidationFailed, say
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.schema import references
from deskops.schema.reading import Reading

# The time zone farthest behind UTC.
EARLIEST_CLOCK = timedelta(hours=12)

Sent = Mapping[str, Any]


class Draft(NamedTuple):
    """What was sent, as a record not yet stored, with what stands against it and what is doubtful."""

    record: Any
    problems: list[Problem]
    doubts: list[Problem]


def draft(module: Module, sent: Sent, actor: Actor, *, strict: bool) -> Draft:
    """Read and judge one record by itself. Raises Forbidden where the actor may not enter at its site."""
    return draft_of(module, module.schema.read(sent, strict=strict), actor)


def draft_of(module: Module, reading: Reading, actor: Actor) -> Draft:
    """The record of what was read, judged by itself. Raises Forbidden where the actor may not enter at its site."""
    site = reading.values.get("site")
    if site is not None:
        actor.require(module.rights.create, site.id)
    record = module.model.new({**reading.values, "created_by": actor.user_id})
    return judged_by_itself(module, record, reading.problems)


def judged_by_itself(module: Module, record: Any, problems: list[Problem]) -> Draft:
    """Apply the rules: all of them where the record could be read whole, the one of the day wherever there is one."""
    if problems:
        has_day = record.__data__.get("date") and record.__data__.get("site")
        return Draft(record, problems + (not_in_the_future(record) if has_day else []), [])
    found = [problem for rule in (not_in_the_future, *module.rules) for problem in rule(record)]
    return Draft(record, [one for one in found if not one.soft], [one for one in found if one.soft])


def not_in_the_future(record: Record) -> list[Problem]:
    # It is this day at least everywhere on earth: most records need no look at their site's clock.
    if record.may_lie_ahead or record.date <= (utc_now() - EARLIEST_CLOCK).date():
        return []
    today = record.site.today()
    return (
        [Problem("date", say("Must not be later than the site's today, %(today)s", today=today))]
        if record.date > today
        else []
    )


def refuse_draft(sent: Sent, one: Draft) -> None:
    """Raises InvalidSiteId where nothing but the site is wrong, else ValidationFailed."""
    named, fields = sent.get("siteId"), {problem.field for problem in one.problems}
    if fields == {"siteId"} and isinstance(named, str) and named.strip() and not references.find(Site, named):
        raise InvalidSiteId(siteId=named)
    if one.problems:
        raise ValidationFailed.of(one.problems)
