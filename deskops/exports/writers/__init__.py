"""One writer for each format: `write(path, report, wrote)` calls `wrote(rows)` as it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from deskops.exports.report import Report
from deskops.exports.writers.csv import write_csv
from deskops.exports.writers.xlsx import write_xlsx

Wrote = Callable[[int], None]


class Writer(NamedTuple):
    """How a format is written. `rows_a_second` is the first guess of its speed, until jobs have been measured."""

    write: Callable[[Path, Report, Wrote], None]
    mimetype: str
    rows_a_second: int


WRITERS: dict[str, Writer] = {
    "csv": Writer(write_csv, "text/csv", 60_000),
    "xlsx": Writer(write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 5_000),
}
