"""Sums side by side: a row for each day, shift or unit, and in it a cell for each group of an enumerated field.

So the database answers a chart's rows, not the many combinations that they are made of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from deskops.records import totals
from deskops.records.module import Module
from deskops.records.query import Query
from deskops.schema.columns import HoursField


@lru_cache(maxsize=10_000)
def as_hours(stored: int) -> Decimal:
    """Stored hundredths of hours, summed: a few figures that come back in every row."""
    return Decimal(int(stored)).scaleb(-HoursField.places)


class Cell(NamedTuple):
    """One sum of a row, as SQL and its parameters."""

    sql: str
    params: tuple[str, ...] = ()


def sum_of(measure: str) -> Cell:
    """The sum of a measure's column, or of several: "run_hours + idle_hours"."""
    return Cell(f"SUM({measure})")


def sum_where(column: str, values: Collection[str], measure: str) -> Cell:
    """The same, only of what has one of these values in this column."""
    marks = ", ".join("?" * len(values))
    return Cell(f"SUM(CASE WHEN {column} IN ({marks}) THEN {measure} ELSE 0 END)", tuple(values))


def summed(
    module: Module, query: Query, by: Sequence[str], apart: Collection[str], cells: Sequence[Cell]
) -> list[tuple[Any, ...]]:
    """The `by` columns and the cells of what counts, in stored units, ascending by the columns.

    `apart` are the enumerated fields that the columns and the cells tell apart.
    """
    sums = [cell.sql for cell in cells]
    params = [value for cell in cells for value in cell.params]
    return totals.counted(module, query, by, sums, apart=apart, params=params)
