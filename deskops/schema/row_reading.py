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
        self.fields = [ReadField(schema, one, keys) for one in schema.fields]

    def read(self, sent: Mapping[str, Any]) -> Reading:
        if self.schema.prepare:
            prepared, problems = self.schema.prepare(sent)
            if prepared is not sent or problems:
                return self.schema.read(sent, strict=False)
        values: dict[str, Any] = {}
        found: list[Problem] = []
        for one in self.fields:
            value, problems = one.read(sent)
            if problems:
                found += problems
            elif value is not MISSING:
                values[one.name] = value
        return Reading(values, found)


class ReadField:
    """One field, with what its texts stood for so far."""

    def __init__(self, schema: Schema, one: Field, keys: Collection[str]) -> None:
        self.schema, self.field, self.name = schema, one, one.name
        wanted = (*one.names, *([one.instead.name] if one.instead else []))
        self.keys = tuple(key for key in wanted if key in keys)
        self.remembered: dict[Any, tuple[Any, list[Problem]]] = {}

    def read(self, sent: Mapping[str, Any]) -> tuple[Any, list[Problem]]:
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
        return found
