"""Closing a day, and opening it again: each one transaction that takes the site's counter first, with its audit entry.

Days close in order. From then on nothing dated on or before the newest closed day is written by any route; the figures
are kept as they stood, so that after a reopening it shows what moved.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import CLOSE
from deskops.audit.chain import AuditHead, Event, append
from deskops.database import transaction, utc_now
from deskops.days.blockers import Blocker, as_json, blockers, not_begun
from deskops.days.board import CLOSED, OPEN, REOPENED, Day, days_of
from deskops.days.models import DayClosing
from deskops.errors import DayBlocked, Problem, ValidationFailed, say
from deskops.ledger.inputs import ONE_DAY
from deskops.ledger.reckoning import reckoned_day
from deskops.ledger.standing import Standing, set_standing, standing
from deskops.modules.reference import Material
from deskops.records.reasons import read_reason
from deskops.records.trail import signature
from deskops.schema import counters, references
from deskops.schema.columns import in_tons

MOST_CLOSINGS = 100


class Moved(NamedTuple):
    """How the closing stock of a material at a day's end changed since that day was closed: tons."""

    material: Material
    then: Decimal
    now: Decimal
    difference: Decimal


def close(site: Site, day: date, actor: Actor, reason: str | None = None, override: bool = False) -> Day:
    """Close a day, and the days off before it. `override` closes it in spite of what may be overridden.

    Raises Forbidden, ValidationFailed (fields date, reason), DayBlocked with `blockers`; they are none where the day
    is closed already.
    """
    actor.require(CLOSE, site.id)
    reason = read_reason(reason) or None
    if override and not reason:
        raise ValidationFailed.of([Problem("reason", say("Say why the day is to be closed all the same"))])
    with transaction():
        counters.take([site.id])
        now = standing(site.id)
        refuse_outside(site, day, now)
        if now.closed_through is not None and day <= now.closed_through:
            raise DayBlocked(say("The day is closed already"), blockers=[])
        against = blockers(site, day)
        if against and not (override and all(one.may_be_overridden for one in against)):
            raise DayBlocked(blockers=[one.told() for one in against])
        write_closing(site, day, actor, reason, against)
        set_standing(site.id, Standing(now.first_day, day))
    return day_of(site, day)


def write_closing(site: Site, day: date, actor: Actor, reason: str | None, against: list[Blocker]) -> None:
    figures = {key: row[-1] for key, row in sorted(reckoned_day(site.id, day).items())}
    before = REOPENED if closings(site, day) else OPEN
    kept = {"figures": json.dumps(figures), "overridden": as_json(against)}
    facts = {"state": [before, CLOSED], "reason": [None, reason]}
    facts |= {name: [None, text] for name, text in kept.items()}
    append(site.id, signature(actor), [Event("CLOSED", "day", day.isoformat(), facts)])
    head = AuditHead.get_by_id(site.id)
    DayClosing.create(
        site=site,
        date=day,
        closed_by=actor.user_id,
        reason=reason,
        sequence=head.sequence,
        hash=head.hash,
        **kept,
    )


def reopen(site: Site, day: date, actor: Actor, reason: str | None) -> Day:
    """Open a closed day again, and every later one.

    Raises Forbidden, ValidationFailed (fields reason, date), DayBlocked where the day is not closed.
    """
    actor.require(CLOSE, site.id)
    reason = read_reason(reason) or None
    if not reason:
        raise ValidationFailed.of([Problem("reason", say("Say why the day is opened again"))])
    with transaction():
        counters.take([site.id])
        now = standing(site.id)
        refuse_outside(site, day, now)
        if now.closed_through is None or day > now.closed_through:
            raise DayBlocked(say("The day is not closed"), blockers=[])
        in_force = (DayClosing.site == site.id) & DayClosing.reopened_at.is_null()
        stamp = {"reopened_at": utc_now(), "reopened_by": actor.user_id, "reopen_reason": reason}
        DayClosing.update(**stamp).where(in_force & (DayClosing.date >= day)).execute()
        # Days off before it, that were closed along with it, stay closed: nobody asked for them.
        through = day - ONE_DAY if day != now.first_day else None
        set_standing(site.id, Standing(now.first_day, through))
        facts = {
            "state": [CLOSED, REOPENED],
            "reason": [None, reason],
            "closedThrough": [now.closed_through.isoformat(), through and through.isoformat()],
        }
        append(site.id, signature(actor), [Event("REOPENED", "day", day.isoformat(), facts)])
    return day_of(site, day)


def refuse_outside(site: Site, day: date, now: Standing) -> None:
    """Only days that the ledger has close, and none before it has come. Raises ValidationFailed."""
    today = site.today()
    if day > today:
        text = say("Must not be later than the site's today, %(today)s", today=today)
        raise ValidationFailed.of([Problem("date", text)])
    if now.first_day is not None and day < now.first_day:
        raise ValidationFailed.of([Problem("date", not_begun(now.first_day, day).message)])


def day_of(site: Site, day: date) -> Day:
    """One day, with who entered what."""
    [found] = days_of(site, day, day, with_people=True)
    return found


def closings(site: Site, day: date) -> list[DayClosing]:
    """The closings of a day, newest first."""
    of_day = (DayClosing.site == site.id) & (DayClosing.date == day)
    newest_first = DayClosing.select().where(of_day).order_by(DayClosing.closed_at.desc())
    return list(newest_first.limit(MOST_CLOSINGS))


def moved_since(site: Site, day: date) -> list[Moved]:
    """What the stock at a day's end changed against its newest closing, by material; nothing where none was."""
    newest = next(iter(closings(site, day)), None)
    if newest is None:
        return []
    then: dict[str, int] = json.loads(newest.figures)
    now = {key: row[-1] for key, row in reckoned_day(site.id, day).items()}
    return [
        Moved(material, *map(in_tons, (then.get(material.id, 0), now.get(material.id, 0), difference)))
        for material in references.every(Material)
        if (difference := now.get(material.id, 0) - then.get(material.id, 0))
    ]
