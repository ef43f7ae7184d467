"""Conditions of a statement."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


class Where:
    """Conditions joined by AND, with their parameters in order."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.params: list[Any] = []

    def add(self, sql: str, *params: Any) -> None:
        self.parts.append(sql)
        self.params.extend(params)

    def add_any(self, column: str, values: Collection[Any]) -> None:
        if len(values) == 1:
            self.add(f"{column} = ?", *values)
        else:
            self.add(f"{column} IN ({', '.join('?' * len(values))})" if values else "1 = 0", *sorted(values))

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts)
