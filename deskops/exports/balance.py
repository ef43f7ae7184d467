"""The mass balance as a file: a row for each stream, the total last, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, NamedTuple

import xlsxwriter

from deskops.database import utc_now
from deskops.exports.writers import csv, xlsx
from deskops.insight.balance import BOOK, SURVEY, Balance, Figures, Stock
from deskops.insight.masses import EXPLAINING
from deskops.records.column import Column
from deskops.schema import kinds
from deskops.schema.kinds import Kind

TITLE, TOTAL = "Mass balance", "TOTAL"


class Line(NamedTuple):
    """A row of the file; the total is of no one material, and its stocks are of no one source."""

    site_code: str
    material: str
    material_type: str
    since: date
    end: date
    figures: Figures
    opening: Stock | None = None
    closing: Stock | None = None


def column(key: str, label: str, kind: Kind, value: Callable[[Line], Any]) -> Column:
    return Column(key, label, "t" if kind is kinds.TONS else "", kind, (), value)


def tons(key: str, label: str, value: Callable[[Figures], Decimal | None]) -> Column:
    return column(key, label, kinds.TONS, lambda line: value(line.figures))


def adjusted(kind: str) -> Column:
    """What the book wrote off or on by this kind of adjustment."""
    label = f"Adjustment {kind.lower()}"
    return tons(f"adjustment{kind.capitalize()}", label, lambda figures: figures.moved.adjusted[kind])


def source(stock: Stock | None) -> str | None:
    if stock is None:
        return None
    return BOOK if stock.survey is None else f"{SURVEY} {stock.survey.date}"


COLUMNS = (
    column("siteCode", "Site", kinds.TEXT, lambda line: line.site_code),
    column("material", "Material", kinds.TEXT, lambda line: line.material),
    column("materialType", "Material type", kinds.TEXT, lambda line: line.material_type),
    column("since", "From", kinds.DAY, lambda line: line.since),
    column("endDate", "To", kinds.DAY, lambda line: line.end),
    tons("received", "Received", lambda figures: figures.moved.received),
    tons("production", "Production", lambda figures: figures.moved.production),
    tons("in", "In", lambda figures: figures.moved.into),
    tons("dispatched", "Dispatched", lambda figures: figures.moved.dispatched),
    tons("feed", "Feed consumed", lambda figures: figures.moved.feed),
    tons("out", "Out", lambda figures: figures.moved.out),
    tons("openingStock", "Stock at the start", lambda figures: figures.opening),
    column("openingSource", "Start told by", kinds.TEXT, lambda line: source(line.opening)),
    tons("closingStock", "Stock at the end", lambda figures: figures.closing),
    column("closingSource", "End told by", kinds.TEXT, lambda line: source(line.closing)),
    tons("changeOfStock", "Change of stock", lambda figures: figures.change),
    tons("unexplained", "Unexplained", lambda figures: figures.unexplained),
    tons("band", "Band of the surveys, either way", lambda figures: figures.band),
    column("verdict", "Verdict", kinds.TEXT, lambda line: line.figures.verdict),
    tons("adjustment", "Adjustments in the book", lambda figures: figures.moved.adjustment),
    *map(adjusted, EXPLAINING),
)


def lines(balance: Balance) -> Iterator[Line]:
    """The streams, and their total where there are any."""
    code = balance.site.code
    for one in balance.streams:
        material = f"{one.material.code} {one.material.name}"
        kind = one.material.material_type
        yield Line(code, material, kind, one.since, balance.last, one.figures, one.opening, one.closing)
    if balance.streams and balance.since:
        yield Line(code, TOTAL, "", balance.since, balance.last, balance.total)


def as_csv(balance: Balance) -> bytes:
    """A heading of the keys, then a line for each row; texts guarded as in every file."""
    writers = [csv.cell_of(one.kind) for one in COLUMNS]
    told = [[one.key for one in COLUMNS]]
    for line in lines(balance):
        told.append([write(one.value_of(line)) for one, write in zip(COLUMNS, writers, strict=True)])
    return "".join(",".join(cells) + csv.NEWLINE for cells in told).encode()


def as_xlsx(balance: Balance) -> bytes:
    """A first sheet that says what it is, then the rows, typed."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True})
        head = book.add_worksheet("About")
        head.set_column(0, 0, 18)
        head.set_column(1, 1, 80)
        for row, (name, text) in enumerate(about(balance, utc_now())):
            head.write_string(row, 0, name, bold)
            head.write_string(row, 1, text)
        sheet = book.add_worksheet(TITLE)
        sheet.freeze_panes(1, 2)
        rows = list(lines(balance))
        for place, one in enumerate(COLUMNS):
            sheet.set_column(place, place, xlsx.width_of(one))
            sheet.write_string(0, place, xlsx.header_of(one), bold)
            put, shape = xlsx.cell_shape(book, one.kind)
            written = xlsx.cell_of(one.kind)
            for row, line in enumerate(rows, start=1):
                cell = written(one.value_of(line))
                if cell is not None:
                    put(sheet, row, place, cell, shape)
    return out.getvalue()


def about(balance: Balance, made_at: datetime) -> Iterator[tuple[str, str]]:
    yield "Figures", TITLE
    yield "Site", f"{balance.site.code} {balance.site.name}"
    yield "From", balance.start.isoformat()
    yield "To", balance.end.isoformat()
    yield "The book begins", balance.since.isoformat() if balance.since else "not in these days"
    yield "Unexplained", "In - out - change of stock; the surveys' own error is the band around it"
    yield "Days not whole", ", ".join(map(str, balance.missing)) or "none"
    yield "Made at", made_at.isoformat(" ", "seconds") + " UTC"


class Format(NamedTuple):
    write: Callable[[Balance], bytes]
    mimetype: str


FORMATS = {
    "csv": Format(as_csv, "text/csv"),
    "xlsx": Format(as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def file_name(balance: Balance, ending: str) -> str:
    """Such as ALASLA-29-balance-2026-01-01-2026-01-31.csv."""
    return f"{balance.site.code}-balance-{balance.start}-{balance.end}.{ending}"
