"""Reading what was sent: one schema reads a JSON body, a form or a row of a file, and tells all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from deskops.errors import Message, Problem, say
from deskops.schema import kinds, references
from deskops.schema.fields import Derived, Field

REQUIRED = say("This field is required")
NO_SUCH_FIELD = say("There is no field by this name")
BOTH_DIFFER = say("Given by two names with different values")
DISAGREE = say("Does not agree with the material ID")
NO_LONGER_USED = say("This entry of the list is no longer used")

MISSING: Any = object()
Prepare = Callable[[Mapping[str, Any], Any], tuple[Mapping[str, Any], list[Problem]]]


@dataclass
class Reading:
    """What could be read, and everything that could not."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Schema:
    """The fields of one kind of record.

    `read_only` are keys that answers carry and bodies may repeat. `prepare` rewrites what was sent before it is
    read (loads into tons), naming what it cannot; for a correction it gets the record, else None.
    """

    fields: Sequence[Field]
    derived: Sequence[Derived] = ()
    read_only: frozenset[str] = frozenset()
    prepare: Prepare | None = None

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Every key a body may hold."""
        names = {name for field in self.fields for name in (*field.names, *field.json_keys)}
        names |= {field.instead.name for field in self.fields if field.instead}
        return frozenset(names | {item.key for item in self.derived} | self.read_only)

    def read(self, sent: Mapping[str, Any], *, strict: bool, held: Any = None) -> Reading:
        """Read a JSON body (`strict`: types as JSON has them, no unknown key) or texts from a form or a file.

        Of a correction to the record `held` only what was sent is read. Every bad field is told; values hold
        only good ones.
        """
        reading = Reading()
        if self.prepare:
            sent, problems = self.prepare(sent, held)
            reading.problems += problems
        if strict:
            reading.problems += [Problem(key, NO_SUCH_FIELD) for key in sent if key not in self.accepted]
        for one in self.fields:
            value, problems = self.read_field(one, sent, strict=strict, partial=held is not None)
            reading.problems += problems
            if value is not MISSING and not problems:
                reading.values[one.name] = value
        return reading

    def read_field(
        self, one: Field, sent: Mapping[str, Any], *, strict: bool, partial: bool
    ) -> tuple[Any, list[Problem]]:
        """One field's value, by any of its names: (value, nothing), or (MISSING, what is wrong or nothing)."""
        if not sent.keys() & one.accepted:
            return self.absent(one, partial)
        given = {name: value for name in one.names if (value := given_value(sent, name)) is not MISSING}
        told = {name: read_value(one, value, strict) for name, value in given.items() if value is not None}
        problems = [Problem(name, message) for name, (_, messages) in told.items() for message in messages]
        values = [value for value, messages in told.values() if not messages]
        if any(value != values[0] for value in values[1:]):
            problems.append(Problem(one.key, BOTH_DIFFER))
        value = values[0] if values else None
        if one.instead and (named := given_value(sent, one.instead.name)) not in (MISSING, None):
            given[one.instead.name] = named
            value, problem = read_instead(one, named, value)
            problems += problem
        if problems:
            return MISSING, problems
        if value is None:
            return self.absent(one, partial and not given)
        if not partial and one.reference and not value.is_active:
            return MISSING, [Problem(one.key, NO_LONGER_USED)]
        return value, []

    def absent(self, one: Field, partial: bool) -> tuple[Any, list[Problem]]:
        """What stands for a field that nothing was sent for."""
        if partial:
            return MISSING, []
        return (MISSING, [Problem(one.key, REQUIRED)]) if one.required else (one.empty, [])


def given_value(sent: Mapping[str, Any], name: str) -> Any:
    """What was sent by this name; an empty text of a form is a null."""
    if name not in sent:
        return MISSING
    value = sent[name]
    return None if isinstance(value, str) and not value.strip() else value


def read_value(one: Field, value: Any, strict: bool) -> tuple[Any, list[Message]]:
    """One value of one field: (value, nothing) or (None, what is wrong)."""
    if not strict and isinstance(value, str):
        value = one.kind.tidy(value.strip())
    if one.reference:
        row = references.find(one.reference, value)
        return (row, []) if row else (None, [one.invalid])
    if one.kind is kinds.CHOICE:
        choice = value if strict or not isinstance(value, str) else value.upper()
        return (choice, []) if isinstance(choice, str) and choice in one.choices else (None, [one.invalid])
    try:
        return one.adapter.validate_python(value), []
    except ValidationError as error:
        return None, kinds.explain(error)


def read_instead(one: Field, named: Any, value: Any) -> tuple[Any, list[Problem]]:
    """A reference sent by its group: the group's default, or a check of the one that was named."""
    assert one.instead
    if not isinstance(named, str) or named not in one.instead.values:
        return value, [Problem(one.instead.name, one.invalid)]
    if value is None:
        chosen = one.instead.choose(named)
        return chosen, [] if chosen else [Problem(one.instead.name, one.invalid)]
    return value, [] if one.instead.agrees(value, named) else [Problem(one.instead.name, DISAGREE)]
