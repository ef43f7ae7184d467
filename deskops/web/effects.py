"""What saving a change of a past day will move, in words, told before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import gettext, ngettext

from deskops.accounts.actor import Actor
from deskops.accounts.policy import READ
from deskops.ledger.keeping import refuse_closed_days
from deskops.ledger.preview import Effect, drafted, effects, has_effects
from deskops.modules.common import UOM
from deskops.records.module import Change, Module
from deskops.records.record import Record
from deskops.web import words


class Told(NamedTuple):
    """`lines` say what moves; `closed` says that nothing can, where the day is closed."""

    lines: list[str]
    closed: str


NOTHING = Told([], "")


def of_form(module: Module, record: Any, sent: Mapping[str, str], actor: Actor) -> Told:
    """What a form would move if it were saved as it stands; `record` is the one that it corrects, None if it is new."""
    if not has_effects(module):
        return NOTHING
    after = drafted(module, record, sent)
    if after is None or not actor.may(READ, after.site_id):
        return NOTHING
    return of_change(module, record, after)


def names_of(module: Module) -> list[str]:
    """The inputs of a form that say what its record moves; none where records of a module move nothing."""
    if not has_effects(module):
        return []
    told = [one.key for one in module.schema.fields if not one.personal and one.kind.control != "textarea"]
    return [*told, *([UOM.key] if UOM in module.schema.derived else [])]


def of_void(module: Module, record: Record) -> Told:
    return of_change(module, record, None)


def of_change(module: Module, before: Any, after: Any) -> Told:
    for refused in refuse_closed_days(module, [Change(before, after)]).values():
        return Told([], words.text(refused.message))
    return Told([line(effect) for effect in effects(module, before, after)], "")


def line(effect: Effect) -> str:
    """3 later days, closing of 3/4 today −12.500 t"""
    name = effect.material.name
    told = (
        gettext("closing of %(material)s today %(tons)s t", material=name, tons=signed(effect.tons))
        if effect.tons
        else gettext("closing of %(material)s today as before", material=name)
    )
    later = ngettext("%(num)s later day", "%(num)s later days", effect.later_days)
    return str(gettext("%(days)s, %(moved)s", days=later, moved=told) if effect.later_days else told)


def signed(tons: Decimal) -> str:
    return ("+" if tons > 0 else "\u2212") + words.number(abs(tons), 3)
