"""The statements that a piece of the program runs, and how the database means to answer them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deskops import database


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that run within the block."""
    seen: list[str] = []
    original = type(database.database.obj).execute_sql

    def listening(self: Any, sql: str, *rest: Any, **options: Any) -> Any:
        seen.append(sql)
        return original(self, sql, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(type(database.database.obj), "execute_sql", listening)
        yield seen


def plan_of(sql: str, params: Any) -> str:
    connection = database.database.connection()
    cursor = connection.cursor()
    if database.is_sqlite():
        found = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params or ()).fetchall()
        return "\n".join(str(row[-1]) for row in found)
    # Of a small table PostgreSQL reads all: it does so here only where no index serves.
    cursor.execute("SET enable_seqscan = off")
    found = cursor.execute(f"EXPLAIN {sql}", params or ()).fetchall()
    cursor.execute("RESET enable_seqscan")
    return "\n".join(str(row[0]) for row in found)
