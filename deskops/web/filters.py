"""The filter bar of a module: one control for each of its filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from flask_babel import gettext

from deskops.schema import references
from deskops.schema.fields import AnyOf, Contains, Field, Filter, Range
from deskops.web import words


class Filtered(Protocol):
    """A list that has filters: {parameter: (field, filter)}."""

    @property
    def filters(self) -> Mapping[str, tuple[Field, Filter]]: ...


class Option(NamedTuple):
    value: str
    label: str
    is_chosen: bool = False


class Group(NamedTuple):
    """Options under a heading; without a label they stand by themselves."""

    label: str
    options: list[Option]


class Control(NamedTuple):
    """A filter: a list to choose from, or a text to look for where there are no groups."""

    name: str
    label: str
    value: str
    groups: list[Group]


def controls(listed: Filtered, params: Mapping[str, str]) -> list[Control]:
    """Its filters with what is chosen: lists first, then texts."""
    found = [
        control(field, one, params.get(name, ""))
        for name, (field, one) in listed.filters.items()
        if not isinstance(one, Range)
    ]
    return sorted(found, key=lambda one: not one.groups)


def control(field: Field, one: AnyOf | Contains, value: str) -> Control:
    label = words.text(one.label or field.label)
    if not isinstance(one, AnyOf):
        return Control(one.name, label, value, [])
    return Control(one.name, label, value, groups(field, one, value))


def groups(field: Field, one: AnyOf, value: str) -> list[Group]:
    if not field.reference:
        return [Group("", [option(code, words.text(label), value) for code, label in field.column.choices])]
    found = []
    rows = references.every(field.reference)
    if one.by:
        kinds = dict.fromkeys(str(getattr(row, one.by)) for row in rows)
        label = gettext("Types") if one.codes else ""
        found.append(Group(label, [option(kind, words.plain_name(kind), value) for kind in sorted(kinds)]))
    if one.codes:
        label = words.text(field.label) if one.by else ""
        found.append(Group(label, [option(row.code, row.name, value) for row in rows]))
    return found


def option(value: str, label: str, chosen: str) -> Option:
    return Option(value, label, value == chosen)
