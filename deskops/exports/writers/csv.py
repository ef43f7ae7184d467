"""CSV as RFC 4180 has it: commas, CRLF, quotes where needed; UTF-8. The header has the record keys.

A text that a spreadsheet would take for a formula gets an apostrophe in front, and a leading apostrophe another
one; the import takes them off. Numbers and dates are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from deskops.exports.report import Report
from deskops.exports.sources import Writer
from deskops.records.column import Column
from deskops.records.module import Module
from deskops.records.row_writing import Form, RowWriter, Stored, WriteStored, day_texts, moment_texts
from deskops.schema import kinds
from deskops.schema.guard import MARKED, guarded
from deskops.schema.kinds import Kind

NEWLINE = "\r\n"
QUOTED = ',"\r\n'
needs_quotes = re.compile(f"[{QUOTED}]").search
UNGUARDED = (kinds.DAY, kinds.MOMENT, kinds.CLOCK_TIME)


class CsvText:
    """Rows as CSV text, in these columns, by whatever writes their cells."""

    def __init__(self, columns: Sequence[Column], writer: Writer) -> None:
        self.header = ",".join([column.key for column in columns]) + NEWLINE
        self._writer = writer

    def text(self, rows: Sequence[Any]) -> str:
        # A line of one empty cell would be no line at all to who reads it.
        lines = [",".join(cells) or '""' for cells in self._writer.cells(rows)]
        return NEWLINE.join([*lines, ""])


class CsvRows(CsvText):
    """Rows of a module as they are stored."""

    def __init__(self, module: Module, columns: Sequence[Column]) -> None:
        super().__init__(columns, RowWriter(module, columns, CSV))


def write_csv(path: Path, report: Report, wrote: Callable[[int], None]) -> None:
    """Write the report's rows to the path."""
    written = CsvText(report.columns, report.source.writer(report.columns, CSV))
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(written.header)
        for batch in report.batches():
            out.write(written.text(batch))
            wrote(len(batch))


def cell_of(kind: Kind) -> Callable[[object], str]:
    """How a value of this kind is written; nothing is an empty cell."""
    if kind.is_number or kind in UNGUARDED:
        return lambda value: "" if value is None else kind.plain(value)
    return lambda value: "" if value is None else quoted(guarded(kind.plain(value)))


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if needs_quotes(text) else text


def texts(stored: Stored) -> Iterable[str]:
    """Texts as `cell_of` writes them. Whether any needs quotes is looked for in all of them at once."""
    cells = ["'" + text if text and text[:1] in MARKED else text or "" for text in stored]
    together = "".join(cells)
    if any(mark in together for mark in QUOTED):
        return map(quoted, cells)
    return cells


def decimals(kind: Kind) -> WriteStored:
    """Stored whole numbers of this kind as texts with all their decimals."""
    scale = 10 ** (kind.places or 0)
    endings = [f".{rest:0{kind.places}}" for rest in range(scale)]

    def text(value: int | None) -> str:
        if value is None:
            return ""
        return (
            f"-{-value // scale}{endings[-value % scale]}"
            if value < 0
            else f"{value // scale}{endings[value % scale]}"
        )

    def write(stored: Stored) -> Iterable[str]:
        if None in stored or min(stored) < 0:
            return map(text, stored)
        return [f"{value // scale}{endings[value % scale]}" for value in stored]

    return write


def or_empty(write: WriteStored) -> WriteStored:
    """What a column of texts is with empty cells in place of nothing."""
    return lambda stored: [cell or "" for cell in write(stored)]


CSV = Form(
    cell_of=cell_of,
    quick={
        kinds.TONS: decimals(kinds.TONS),
        kinds.HOURS: decimals(kinds.HOURS),
        kinds.COUNT: lambda stored: ["" if value is None else str(value) for value in stored],
        kinds.DAY: or_empty(day_texts),
        kinds.MOMENT: or_empty(moment_texts),
        kinds.CLOCK_TIME: or_empty(iter),
        kinds.CHOICE: texts,
        kinds.TEXT: texts,
        kinds.LONG_TEXT: texts,
    },
)
