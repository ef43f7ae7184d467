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
        fields = [ReadField(schema, one, keys) for one in schema.fields]
        self.fields = [one for one in fields if one.keys]
        # What no column stands for is the same in every row.
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []
        for one in fields:
            if not one.keys:
                one.put({}, self.values, self.problems)

    def read(self, sent: Mapping[str, Any]) -> Reading:
        if self.schema.prepare:
            prepared, problems = self.schema.prepare(sent)
            if prepared is not sent or problems:
                return self.schema.read(sent, strict=False)
        values, found = dict(self.values), list(self.problems)
        for one in self.fields:
            one.put(sent, values, found)
        return Reading(values, found)


class ReadField:
    """One field, with what its texts stood for so far."""

    def __init__(self, schema: Schema, one: Field, keys: Collection[str]) -> None:
        self.schema, self.field, self.name = schema, one, one.name
        wanted = (*one.names, *([one.instead.name] if one.instead else []))
        self.keys = tuple(key for key in wanted if key in keys)
        self.remembered: dict[Any, tuple[Any, list[Problem]]] = {}

    def put(self, sent: Mapping[str, Any], values: dict[str, Any], problems: list[Problem]) -> None:
        """Add the row's value of this field, or what is wrong with it."""
        if len(self.keys) == 1:
            texts = sent.get(self.keys[0], MISSING)
        else:
            texts = tuple([sent.get(key, MISSING) for key in self.keys])
        found = self.remembered.get(texts)
        if found is None:
            found = self.schema.read_field(self.field, sent, strict=False, partial=False)
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[texts] = found
        value, wrong = found
        if wrong:
            problems += wrong
        elif value is not MISSING:
            values[self.name] = value
