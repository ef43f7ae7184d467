"""CSV as RFC 4180 has it: commas, CRLF, quotes where needed; UTF-8. The header has the record keys.

A text that a spreadsheet would take for a formula gets an apostrophe in front, and a leading apostrophe another
one; the import takes them off. Numbers and dates are never touched.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deskops.exports.report import Report
from deskops.records.module import Column
from deskops.schema import kinds
from deskops.schema.guard import guarded

UNGUARDED = (kinds.DAY, kinds.MOMENT, kinds.CLOCK_TIME)


def write_csv(path: Path, report: Report, wrote: Callable[[int], None]) -> None:
    """Write the report's rows to the path."""
    cells = [cell_of(column) for column in report.columns]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([column.key for column in report.columns])
        for batch in report.batches():
            writer.writerows([[cell(record) for cell in cells] for record in batch])
            wrote(len(batch))


def cell_of(column: Column) -> Callable[[Any], str]:
    """How a record's value of this column is written."""
    value, plain = column.value, column.kind.plain
    if column.kind.is_number or column.kind in UNGUARDED:
        return lambda record: "" if (found := value(record)) is None else plain(found)
    return lambda record: "" if (found := value(record)) is None else guarded(plain(found))
