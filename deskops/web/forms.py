"""The form of a record: one input for each field of its module, filled with what was typed, kept or stored."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import gettext

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import (
    DeskOpsError,
    Doubtful,
    DuplicateRecord,
    EditConflict,
    IdempotencyConflict,
    ValidationFailed,
    say,
)
from deskops.modules.common import UOM
from deskops.modules.loads import counts_loads
from deskops.modules.reference import LOAD, TON
from deskops.records.module import Module
from deskops.records.record import SHIFT_NAMES
from deskops.schema import kinds, references
from deskops.schema.fields import Field
from deskops.web import effects, words
from deskops.web.filters import Option

# What stays in the form after an entry, because the next one mostly shares it.
KEPT = ("siteId", "date", "shift")
SITE, DATE, SHIFT = KEPT
ALREADY_SAVED = say("This form was saved before with other values. See the table, then begin a new entry.")
VOIDED_SINCE = say("What this form entered was voided since. Begin a new entry.")
NIGHT = SHIFT_NAMES[-1]
# What a form that was asked about carries: which question it answers, and why what was sent stays.
MARK, REASON = "keepMark", "keepReason"
Sent = Mapping[str, str]


@dataclass(frozen=True)
class Input:
    """A control of the form. `theirs` is what somebody else stored meanwhile, where it differs."""

    field: Field
    value: str
    options: Sequence[Option] = ()
    problems: Sequence[str] = ()
    theirs: str = ""
    first: bool = False

    @property
    def name(self) -> str:
        return self.field.key

    @property
    def label(self) -> str:
        return words.text(self.field.label)

    @property
    def control(self) -> str:
        return self.field.kind.control

    @property
    def is_kept(self) -> bool:
        return self.name in KEPT

    @property
    def is_required(self) -> bool:
        """Whether it can be left empty by mistake; a list without an empty choice cannot."""
        return self.field.required and (not self.options or not self.options[0].value)

    @property
    def beginning(self) -> str:
        """What an untouched form has there."""
        return str(self.field.empty) if self.field.choices and self.field.empty else ""

    @property
    def is_filled(self) -> bool:
        """Whether something else stands in it than in an untouched form."""
        return bool(self.problems or self.theirs) or self.value not in ("", self.beginning)

    @property
    def longest(self) -> int | None:
        return (
            getattr(self.field.column, "max_length", None) if self.control in ("text", "textarea") else None
        )


class Asked(NamedTuple):
    """The question whether what is doubtful stays: its mark, the reason that was given and what is wrong with it."""

    doubts: list[str]
    mark: str
    reason: str
    problems: list[str]


@dataclass(frozen=True)
class Form:
    """`record` is the one that is corrected, None for a new one; `key` makes one record of a form sent twice.

    `effect` is what saving it will move; `units` are those of its quantity, where that may be counted in loads.
    """

    module: Module
    inputs: list[Input]
    key: str
    record: Any = None
    version: str = ""
    problems: list[str] = field(default_factory=list)
    holder: str = ""
    asked: Asked | None = None
    effect: effects.Told = effects.NOTHING
    units: Sequence[Option] = ()

    @property
    def usual(self) -> list[Input]:
        """What every entry asks for."""
        return [one for one in self.inputs if one.name not in self.module.seldom]

    @property
    def seldom(self) -> list[Input]:
        """What few entries need: closed, unless something stands in it."""
        return [one for one in self.inputs if one.name in self.module.seldom]


def new_form(
    module: Module, actor: Actor, site: Site | None, sent: Sent, refused: DeskOpsError | None = None
) -> Form:
    """An empty form for the site's present shift, or what was typed with what is wrong with it."""
    sites = actor.sites(module.rights.create)
    chosen = site if site in sites else next(iter(sites), None)
    first = {**first_values(module, chosen), **sent}
    fields = [(one, first.get(one.key, "")) for one in module.schema.fields]
    inputs = [Input(one, value, options_of(one, value, sites)) for one, value in fields]
    key = sent.get("clientKey") or secrets.token_urlsafe(18)
    told = effects.of_form(module, None, sent, actor) if refused else effects.NOTHING
    units = units_of(module, sites, sent)
    return judged(Form(module, inputs, key, asked=asked(refused, sent), effect=told, units=units), refused)


def asked(refused: DeskOpsError | None, sent: Sent) -> Asked | None:
    if not isinstance(refused, Doubtful):
        return None
    doubts = words.texts(doubt.message for doubt in refused.doubts)
    return Asked(doubts, refused.mark, sent.get(REASON, ""), words.texts(refused.problems))


def first_values(module: Module, site: Site | None) -> dict[str, str]:
    """What a new form begins with: the site, its day and shift, and the fields' own beginnings."""
    found = {
        one.key: str(one.empty)
        for one in module.schema.fields
        if one.kind is kinds.CHOICE and isinstance(one.empty, str)
    }
    if site is None:
        return found
    day, shift = working_shift(site.now(), site.shift_starts)
    has_shifts = any(one.key == SHIFT for one in module.schema.fields)
    day_key = module.schema.by_name[DATE].key
    found |= {SITE: site.code, day_key: (day if has_shifts else site.today()).isoformat()}
    return found | ({SHIFT: shift} if has_shifts else {})


def working_shift(now: datetime, starts: str) -> tuple[date, str]:
    """The day and the shift at work: before the morning begins it is still yesterday's night."""
    hours = now.strftime("%H:%M")
    begun = [shift for shift, start in zip(SHIFT_NAMES, starts.split(), strict=False) if start <= hours]
    if not begun:
        return now.date() - timedelta(days=1), NIGHT
    return now.date(), begun[-1]


def correction_form(
    module: Module, record: Any, actor: Actor, sent: Sent | None = None, refused: DeskOpsError | None = None
) -> Form:
    """The stored values, or what was typed with what is wrong with it. A record stays at its site."""
    inputs = []
    current = refused.current if isinstance(refused, EditConflict) else record
    for one in module.schema.fields:
        if one.key == SITE:
            continue
        value = stored_text(one, record) if sent is None else sent.get(one.key, "")
        theirs = difference(one, current, value) if isinstance(refused, EditConflict) else ""
        inputs.append(Input(one, value, options_of(one, value, []), theirs=theirs))
    version = sent.get("version", "") if sent and current is record else str(current.version)
    told = effects.of_form(module, current, sent, actor) if sent else effects.NOTHING
    question, units = asked(refused, sent or {}), units_of(module, [record.site], sent or {})
    return judged(
        Form(module, inputs, "", record, version, asked=question, effect=told, units=units), refused
    )


def units_of(module: Module, sites: Sequence[Site], sent: Sent) -> list[Option]:
    """What a quantity may be counted in: only where a load has a weight is there anything to choose."""
    if UOM not in module.schema.derived or not counts_loads(sites):
        return []
    in_loads = sent.get(UOM.key) == LOAD
    return [Option(TON, gettext("tons"), not in_loads), Option(LOAD, gettext("loads"), in_loads)]


def stored_text(one: Field, record: Any) -> str:
    value = getattr(record, one.name)
    return "" if value is None or value == "" else one.kind.plain(value)


def difference(one: Field, current: Any, typed: str) -> str:
    """What is stored now, in words, where it is not what was typed."""
    stored = stored_text(one, current)
    tidy = one.kind.tidy(typed.strip())
    same = stored == typed.strip() or (one.kind.is_number and stored and one.kind.tidy(stored) == tidy)
    if same:
        return ""
    value = getattr(current, one.name)
    return words.value_text(one.kind, value, dict(one.column.choices or ())) or gettext("empty")


def options_of(one: Field, value: str, sites: Sequence[Site]) -> list[Option]:
    """The choices of a list: active rows, and the one that stands there already."""
    if one.choices:
        empty = [] if one.empty else [Option("", gettext("Choose …") if one.required else gettext("none"))]
        return [
            *empty,
            *(Option(code, words.text(label), code == value) for code, label in one.column.choices),
        ]
    if not one.reference:
        return []
    rows: Sequence[Any] = sites if one.reference is Site else references.active(one.reference)
    found = [Option(row.code, option_text(row), value in (row.code, row.id)) for row in rows]
    if value and not any(option.is_chosen for option in found):
        row = references.find(one.reference, value)
        found += [Option(row.code, option_text(row), True)] if row else []
    has_site = one.reference is Site and any(option.is_chosen for option in found)
    return found if has_site else [Option("", gettext("Choose …")), *found]


def option_text(row: Any) -> str:
    """Sites by their code first: their names begin alike, and the box is narrow."""
    return f"{row.code} · {row.name}" if isinstance(row, Site) else f"{row.name} · {row.code}"


def judged(form: Form, refused: DeskOpsError | None) -> Form:
    """The form with every problem beside its input, the others above it, and the place to begin marked."""
    told, above, holder = problems_of(refused)
    inputs = [with_problems(one, told.pop(one.name, [])) for one in form.inputs]
    above += [message for messages in told.values() for message in messages]
    changing = [one for one in inputs if not one.is_kept and one.name not in form.module.seldom]
    first = next((one for one in inputs if one.problems or one.theirs), changing[0])
    marked = [replace(one, first=one is first and form.asked is None) for one in inputs]
    return replace(form, inputs=marked, problems=above, holder=holder)


def with_problems(one: Input, problems: list[str]) -> Input:
    return replace(one, problems=problems)


def problems_of(refused: DeskOpsError | None) -> tuple[dict[str, list[str]], list[str], str]:
    """({field: texts}, texts for the form as a whole, the id of the record that stands in the way)."""
    if refused is None or isinstance(refused, Doubtful):
        return {}, [], ""
    if isinstance(refused, ValidationFailed):
        return {name: words.texts(messages) for name, messages in refused.fields.items()}, [], ""
    if isinstance(refused, IdempotencyConflict):
        return {}, [words.text(VOIDED_SINCE if "id" in refused.details else ALREADY_SAVED)], ""
    if "siteId" in refused.details:
        return {SITE: [words.text(refused.message)]}, [], ""
    holder = str(refused.details.get("id", "")) if isinstance(refused, DuplicateRecord) else ""
    return {}, [words.text(refused.message)], holder
