"""Reading many rows of one file: what a text stood for once, it stands for again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from deskops.errors import Problem
from deskops.schema.fields import Field
from deskops.schema.reading import MISSING, Reading, Schema

MOST_REMEMBERED = 20_000


class RowReader:
    """Reads rows of texts that all hold the same keys, as `schema.read(row, strict=False)` would, only faster."""

    def __init__(self, schema: Schema, keys: Collection[str]) -> None:
        self.schema = schema
        self.fields: list[ReadField] = []
        # What no column stands for is the same in every row.
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []
        for one in schema.fields:
            read = ReadField(schema, one, keys)
            if read.keys:
                self.fields.append(read)
                continue
            value, wrong = read.look({})
            self.problems += wrong
            if value is not MISSING:
                self.values[one.name] = value

    def read(self, sent: Mapping[str, Any]) -> Reading:
        if self.schema.prepare:
            prepared, problems = self.schema.prepare(sent, None)
            if prepared is not sent or problems:
                return self.schema.read(sent, strict=False)
        values, found = self.values.copy(), self.problems.copy()
        for one in self.fields:
            value, wrong = one.remembered.get(sent.get(one.key, MISSING)) or one.look(sent)
            if wrong:
                found += wrong
            elif value is not MISSING:
                values[one.name] = value
        return Reading(values, found)


class ReadField:
    """One field, with what its texts stood for so far; a field with several columns is looked at each time."""

    __slots__ = ("field", "key", "keys", "name", "remembered", "schema")

    def __init__(self, schema: Schema, one: Field, keys: Collection[str]) -> None:
        self.schema, self.field, self.name = schema, one, one.name
        wanted = (*one.names, *([one.instead.name] if one.instead else []))
        self.keys = [key for key in wanted if key in keys]
        self.key = self.keys[0] if self.keys else one.key
        self.remembered: dict[Any, tuple[Any, list[Problem]]] = {}

    def look(self, sent: Mapping[str, Any]) -> tuple[Any, list[Problem]]:
        """The row's value of this field, or what is wrong with it."""
        found = self.schema.read_field(self.field, sent, strict=False, partial=False)
        if len(self.keys) == 1:
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[sent.get(self.key, MISSING)] = found
        return found
