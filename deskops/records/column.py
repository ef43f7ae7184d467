"""A column of a module's outputs: a cell of a table, a key of the JSON, a column of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from deskops.schema.fields import Derived, Field, camel, itself
from deskops.schema.kinds import Kind


class Column(NamedTuple):
    """`reckon` makes its value of the record's attributes `of`, in this order."""

    key: str
    label: str
    unit: str
    kind: Kind
    of: tuple[str, ...]
    reckon: Callable[..., Any] = itself

    def value(self, record: Any) -> Any:
        """Its value of this record."""
        return self.value_of(*[getattr(record, name) for name in self.of])

    def value_of(self, *attributes: Any) -> Any:
        """Its value of these attributes; an empty text is nothing."""
        found = self.reckon(*attributes)
        return None if found == "" else found

    def json(self, record: Any) -> Any:
        value = self.value(record)
        return None if value is None else self.kind.json(value)


CARD = Kind("card", dict, plain=lambda row: f"{row.code} {row.name}", json=lambda row: row.card())
CODE = Kind("code", str, plain=lambda row: row.code, json=lambda row: row.code)


def columns_of(item: Field | Derived) -> list[Column]:
    """The outputs of a field or a derived value: a reference by its id stands there with its card too."""
    if isinstance(item, Derived):
        return [Column(item.key, item.label, item.unit, item.kind, item.of, item.reckon)]
    of = (item.name,)
    if not item.reference:
        return [Column(item.key, item.label, item.unit, item.kind, of)]
    if item.key == item.name:
        return [Column(item.key, item.label, item.unit, CODE, of)]
    return [
        Column(item.key, f"{item.label} ID", "", item.kind, of),
        Column(camel(item.name), item.label, item.unit, CARD, of),
    ]
