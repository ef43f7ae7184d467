"""Reference lists: small tables with a code and a name, kept in memory while their change counter stands still."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import peewee

from deskops.database import BaseModel
from deskops.schema import counters
from deskops.schema.columns import IdField

AnyReference = TypeVar("AnyReference", bound="Reference")


class Reference(BaseModel):
    """A row of a reference list. Named by id or code wherever people and scripts write."""

    id = IdField()
    code = peewee.CharField(max_length=20, unique=True)
    name = peewee.CharField(max_length=100)
    position = peewee.IntegerField(default=0)
    is_active = peewee.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class _Lists:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        # The lists and their version change together, so that they can be read without the lock.
        self.known: tuple[int, dict[type, dict[str, Any]]] = (-1, {})


_lists = _Lists()


def every(model: type[AnyReference]) -> list[AnyReference]:
    """All rows of the list, also inactive ones, in the list's order."""
    return list(dict.fromkeys(_by_name(model).values()))


def active(model: type[AnyReference]) -> list[AnyReference]:
    return [row for row in every(model) if row.is_active]


def find(model: type[AnyReference], name: object) -> AnyReference | None:
    """The row with this id or code, or None."""
    return _by_name(model).get(name) if isinstance(name, str) else None


def by_id(model: type[AnyReference], key: str) -> AnyReference:
    """The row with this id, read from the database where the list in memory does not have it yet."""
    return _by_name(model).get(key) or model.get_by_id(key)


def _by_name(model: type[AnyReference]) -> dict[str, AnyReference]:
    version = counters.recent().get(counters.LISTS, 0)
    known_version, lists = _lists.known
    if known_version == version and model in lists:
        return lists[model]
    with _lists.lock:
        known_version, lists = _lists.known
        if known_version != version:
            lists = {}
        if model not in lists:
            in_order = list(model.select().order_by(model.position, model.code))
            lists[model] = {row.id: row for row in in_order} | {row.code: row for row in in_order}
        _lists.known = (version, lists)
        return lists[model]


def forget() -> None:
    """Read the lists anew at the next look, whatever the counter says: another database was opened."""
    with _lists.lock:
        _lists.known = (-1, {})


def changed() -> None:
    """Say inside the writing transaction that a reference list changed."""
    counters.take([counters.LISTS])
