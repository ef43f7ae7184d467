"""Numbers of the lists that all sites share, set by an administrator: what a crusher makes, what a load weighs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import peewee
from pydantic import TypeAdapter, ValidationError

from deskops.accounts.actor import Actor
from deskops.accounts.policy import MANAGE_SITES
from deskops.audit.chain import INSTALLATION, Event, append
from deskops.database import transaction
from deskops.errors import Problem, ValidationFailed
from deskops.modules.reference import Equipment, Material
from deskops.schema import kinds, references

CRUSHER = "CRUSHER"


@dataclass(frozen=True, eq=False)
class Number:
    """A number in tons, more than 0 and at most `most`, or none, of those rows of a list that `has` is true of."""

    column: peewee.Field
    most: int
    has: Callable[[Any], bool] = lambda row: True

    @property
    def rows(self) -> list[Any]:
        """The rows in use, by the list's order."""
        return [row for row in references.active(self.column.model) if self.has(row)]

    def of(self, row: Any) -> Decimal | None:
        value: Decimal | None = getattr(row, self.column.name)
        return value

    @cached_property
    def reader(self) -> TypeAdapter[Any]:
        return kinds.adapter(kinds.TONS, gt=0, le=self.most)


# By the names of their forms.
NUMBERS: dict[str, Number] = {
    "crushers": Number(Equipment.rated_tons_per_hour, 9_999, lambda unit: unit.definition == CRUSHER),
    "loads": Number(Material.tons_per_load, 1_000),
}


def save_numbers(number: Number, sent: Mapping[str, str], actor: Actor) -> int:
    """Set this number of the rows that are sent by their codes; an empty text is none. Answers how many changed.

    Raises Forbidden, or ValidationFailed by codes.
    """
    actor.require_admin(MANAGE_SITES)
    values, problems = read_numbers(number, sent)
    if problems:
        raise ValidationFailed.of(problems)
    model, name = number.column.model, number.column.name
    with transaction():
        references.changed()
        stored = model.select().where(model.code.in_(list(values))).order_by(model.position, model.code)
        changed = [row for row in stored if number.of(row) != values[row.code]]
        events = []
        for row in changed:
            value = values[row.code]
            model.update({number.column: value}).where(model.id == row.id).execute()
            change = {name: [plain(number.of(row)), plain(value)]}
            events.append(Event("CORRECTED", model.__name__.lower(), row.id, change))
        append(INSTALLATION, actor.user_id, events)
    return len(changed)


def read_numbers(number: Number, sent: Mapping[str, str]) -> tuple[dict[str, Decimal | None], list[Problem]]:
    """({code: value}, everything wrong). What is sent by other names is none of these."""
    values: dict[str, Decimal | None] = {}
    problems = []
    for row in number.rows:
        if row.code not in sent:
            continue
        text = sent[row.code].strip()
        try:
            values[row.code] = number.reader.validate_python(kinds.TONS.tidy(text)) if text else None
        except ValidationError as error:
            problems += [Problem(row.code, message) for message in kinds.explain(error)]
    return values, problems


def plain(value: Decimal | None) -> str | None:
    """As it stands in the audit trail."""
    return None if value is None else kinds.TONS.plain(value)
