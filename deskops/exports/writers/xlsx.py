"""XLSX: typed cells, a frozen header with units, filters; a first sheet says what the file holds.

A sheet has 1,048,576 rows at most: more go to further sheets, and the first one says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from deskops.exports.report import Report
from deskops.records.column import Column
from deskops.records.row_writing import Form, numbers, texts_or_none, unless_none
from deskops.schema import kinds
from deskops.schema.fields import itself
from deskops.schema.kinds import Kind

MOST_ROWS = 1_048_575  # one more is the header
DATE_FORMAT, MOMENT_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
WIDTHS = {kinds.DAY: 12, kinds.MOMENT: 20, kinds.CLOCK_TIME: 8, kinds.LONG_TEXT: 40, kinds.CHOICE: 12}
NUMBER_WIDTH, TEXT_WIDTH = 13, 20

WriteCell = Callable[..., Any]


def write_xlsx(path: Path, report: Report, wrote: Callable[[int], None]) -> None:
    """Write the report's rows to the path; each row leaves memory when the next begins."""
    options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheets = -(-report.count // MOST_ROWS) or 1
        write_about(book, report, sheets)
        shapes = [cell_shape(book, column.kind) for column in report.columns]
        sheet, row = None, MOST_ROWS
        for number, cells in enumerate(rows_of(report, wrote)):
            if number % MOST_ROWS == 0:
                sheet, row = add_sheet(book, report, number // MOST_ROWS), 0
            row += 1
            for place, (cell, (write, shape)) in enumerate(zip(cells, shapes, strict=True)):
                if cell is not None:
                    write(sheet, row, place, cell, shape)
        if sheet is None:
            add_sheet(book, report, 0)


def rows_of(report: Report, wrote: Callable[[int], None]) -> Iterator[tuple[Any, ...]]:
    writer = report.source.writer(report.columns, XLSX)
    for batch in report.batches():
        yield from writer.cells(batch)
        wrote(len(batch))


def add_sheet(book: xlsxwriter.Workbook, report: Report, number: int) -> Worksheet:
    """A sheet of rows with its header: bold, frozen, filtered."""
    title = report.source.title
    sheet = book.add_worksheet(title if number == 0 else f"{title} {number + 1}")
    bold = book.add_format({"bold": True, "bottom": 1})
    for place, column in enumerate(report.columns):
        sheet.set_column(place, place, width_of(column))
        sheet.write_string(0, place, header_of(column), bold)
    sheet.freeze_panes(1, 0)
    rows = min(report.count - number * MOST_ROWS, MOST_ROWS)
    sheet.autofilter(0, 0, rows, len(report.columns) - 1)
    return sheet


def header_of(column: Column) -> str:
    """The label with its unit."""
    return f"{column.label} ({column.unit})" if column.unit else column.label


def width_of(column: Column) -> float:
    kind = column.kind
    least = NUMBER_WIDTH if kind.is_number else WIDTHS.get(kind, TEXT_WIDTH)
    return max(least, len(header_of(column)) + 3)


def cell_shape(book: xlsxwriter.Workbook, kind: Kind) -> tuple[WriteCell, Format | None]:
    """How a cell of this kind is put down, and in which format: numbers and dates typed, all else text."""
    if kind.is_number:
        return Worksheet.write_number, number_format(book, kind.places or 0)
    if kind in (kinds.DAY, kinds.MOMENT):
        shown = DATE_FORMAT if kind is kinds.DAY else MOMENT_FORMAT
        return Worksheet.write_datetime, book.add_format({"num_format": shown})
    return Worksheet.write_string, None


def cell_of(kind: Kind) -> Callable[[Any], Any]:
    if kind.is_number:
        return unless_none(float)
    return unless_none(itself if kind in (kinds.DAY, kinds.MOMENT) else kind.plain)


XLSX = Form(
    cell_of=cell_of,
    quick={
        kinds.TONS: numbers(kinds.TONS),
        kinds.HOURS: numbers(kinds.HOURS),
        kinds.COUNT: itself,
        kinds.CHOICE: texts_or_none,
        kinds.CLOCK_TIME: texts_or_none,
        kinds.TEXT: texts_or_none,
        kinds.LONG_TEXT: texts_or_none,
    },
)


def number_format(book: xlsxwriter.Workbook, places: int) -> Format:
    return book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "")})


def write_about(book: xlsxwriter.Workbook, report: Report, sheets: int) -> None:
    """The first sheet: which records these are, how many, as of when."""
    sheet = book.add_worksheet("About")
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 60)
    for row, (name, text) in enumerate(about(report, sheets)):
        sheet.write_string(row, 0, name, bold)
        if isinstance(text, int):
            sheet.write_number(row, 1, text, book.add_format({"num_format": "#,##0", "align": "left"}))
        else:
            sheet.write_string(row, 1, text)


def about(report: Report, sheets: int) -> Iterator[tuple[str, str | int]]:
    query = report.query
    yield "Records", report.source.title
    yield "Sites", ", ".join(f"{site.code} {site.name}" for site in report.sites)
    yield "From", query.start.isoformat()
    yield "To", query.end.isoformat()
    for name, values in report.filters.items():
        yield f"Filter {name}", ", ".join(values)
    yield "Rows", report.count
    yield "Times are in", "UTC (dates are the site's own)"
    yield "Made at", report.made_at.isoformat(" ", "seconds") + " UTC"
    if sheets > 1:
        yield "Sheets", f"{sheets}: a sheet holds {MOST_ROWS:,} rows at most"
