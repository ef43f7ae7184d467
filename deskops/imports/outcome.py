"""What became of a file's rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from deskops.errors import Message
from deskops.imports.source import Row


class Fault(NamedTuple):
    """One thing wrong with one row: of which field, the text that stands there, and why that cannot be."""

    field: str
    value: str
    reason: Message


class BadRow(NamedTuple):
    """A row that cannot be brought in, with everything wrong with it."""

    row: Row
    faults: tuple[Fault, ...]


@dataclass
class Tally:
    """How many rows of which kind. `good` ones are new; `sums` are theirs: {measure: Decimal}."""

    rows: int = 0
    good: int = 0
    already_there: int = 0
    bad: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add_bad(self, bad: BadRow) -> None:
        self.bad += 1
        for fault in bad.faults:
            self.reasons[fault.field, str(fault.reason)] += 1

    def add_good(self, sums: dict[str, Decimal], rows: int) -> None:
        self.good += rows
        for name, value in sums.items():
            self.sums[name] = self.sums.get(name, Decimal(0)) + value

    @property
    def by_reason(self) -> list[tuple[str, str, int]]:
        """(field, reason, rows), most rows first."""
        return [(*key, rows) for key, rows in self.reasons.most_common()]


class Listener:
    """Whoever watches an import: told of every bad row, and of the rows read so far. This one does not care."""

    def bad_row(self, bad: BadRow) -> None:
        """A row cannot be brought in."""

    def progress(self, rows: int) -> None:
        """So many rows have been read."""
