"""Rows written column by column say what a Record of the same row says, value by value, in every form."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
import peewee
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskops import database
from deskops.accounts.models import Site
from deskops.exports.writers.csv import CsvRows
from deskops.exports.writers.xlsx import XLSX
from deskops.modules import RECEIVED
from deskops.modules.reference import Material
from deskops.records import listing
from deskops.records.column import Column
from deskops.records.module import Module
from deskops.records.query import read_query
from deskops.records.row_writing import JsonRows, Row, RowWriter
from deskops.schema import kinds, references
from deskops.schema.columns import ClockField, DayField, LinesField, MomentField, ScaledField
from deskops.schema.guard import guarded
from tests.api_contract import Cast, always, every_module, fill

LETTERS = st.characters(codec="utf-8", exclude_characters="\x00")
NASTY = [
    "=1+1",
    "+1",
    "-",
    "@x",
    "'",
    "'=1",
    '"',
    ",",
    "\n",
    "\r\n",
    "a;b",
    " ",
    "\t",
    "12.5",
    "雨",
    "",
    "None",
]
TEXTS = (
    st.sampled_from(NASTY)
    | st.text(LETTERS, max_size=20)
    | st.builds("{}{}".format, st.sampled_from(NASTY), st.text(LETTERS, max_size=5))
)


def values_of(field: Any) -> st.SearchStrategy[Any]:
    """What a column of a record may hold, as its attribute."""
    found: st.SearchStrategy[Any]
    if isinstance(field, peewee.ForeignKeyField):
        return st.deferred(lambda: st.sampled_from([row.id for row in references.every(field.rel_model)]))
    if isinstance(field, ScaledField):
        found = st.integers(-(10**12), 10**12).map(lambda whole: Decimal(whole).scaleb(-field.places))
    elif isinstance(field, DayField):
        found = st.dates()
    elif isinstance(field, MomentField):
        found = st.datetimes()
    elif isinstance(field, LinesField):
        return st.lists(TEXTS.filter(lambda text: text and "\n" not in text), max_size=3).map(tuple)
    elif isinstance(field, peewee.IntegerField):
        found = st.integers(0, 2**31 - 1)
    elif field.choices:
        found = st.sampled_from([value for value, _ in field.choices])
    elif isinstance(field, ClockField):
        found = st.times().map(lambda time: f"{time:%H:%M}")
    else:
        found = TEXTS.map(lambda text: text[: field.max_length])
    return found | st.none() if field.null else found


def records_of(module: Module) -> st.SearchStrategy[list[Any]]:
    columns = {field.name: values_of(field) for field in module.model._meta.sorted_fields}
    return st.lists(st.fixed_dictionaries(columns).map(lambda values: made(module, values)), max_size=4)


def made(module: Module, values: dict[str, Any]) -> Any:
    return module.model.from_row(module.model(**values).row())


def as_the_database_tells(record: Any) -> tuple[Any, ...]:
    """A record's row as the database of this run answers it."""
    return tuple(
        value
        if database.is_sqlite() or not isinstance(field, DayField | MomentField)
        else field.python_value(value)
        for field, value in zip(type(record)._meta.sorted_fields, record.row(), strict=True)
    )


def as_text(column: Column, record: Any) -> str:
    value = column.value(record)
    text = "" if value is None else column.kind.plain(value)
    is_typed = column.kind.is_number or column.kind in (kinds.DAY, kinds.MOMENT, kinds.CLOCK_TIME)
    return text if is_typed else guarded(text)


def check_rows(module: Module, rows: Sequence[Row], records: Sequence[Any]) -> None:
    columns = list(module.columns.values())
    told = JsonRows(module).objects(rows)
    by_records = [module.json(record) for record in records]
    assert orjson.dumps(told) == orjson.dumps(by_records)

    written = CsvRows(module, columns)
    text = written.header + written.text(rows)
    assert text.endswith("\r\n")
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert lines == [
        list(module.columns),
        *([as_text(column, each) for column in columns] for each in records),
    ]

    for cells, record in zip(RowWriter(module, columns, XLSX).cells(rows), records, strict=True):
        for cell, column in zip(cells, columns, strict=True):
            assert cell == as_a_cell(column, record), column.key


def as_a_cell(column: Column, record: Any) -> Any:
    value = column.value(record)
    if value is None or column.kind in (kinds.DAY, kinds.MOMENT):
        return value
    return float(value) if column.kind.is_number else column.kind.plain(value)


@every_module
def test_every_column_says_what_a_record_says(module: Module, alpha: Site) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(records_of(module))
    def holds(records: list[Any]) -> None:
        check_rows(module, [as_the_database_tells(record) for record in records], records)

    holds()


@every_module
def test_stored_rows_say_what_the_records_read_from_them_say(
    module: Module, alpha: Site, beta: Site, cast: Cast
) -> None:
    fill(module, alpha, cast("ada"), 3)
    fill(module, beta, cast("ada"), 2)
    query = read_query(module, {name: [text] for name, text in always(alpha).items()}, cast("ada"))
    [rows] = listing.walk(module, query)
    assert len(rows) == 5
    check_rows(module, rows, [module.model.from_row(row) for row in rows])


@every_module
def test_any_choice_of_columns_has_a_line_for_each_row(module: Module, alpha: Site, cast: Cast) -> None:
    fill(module, alpha, cast("ann"), 3)
    query = read_query(module, {name: [text] for name, text in always(alpha).items()}, cast("ann"))
    [rows] = listing.walk(module, query)
    for column in module.columns.values():
        text = CsvRows(module, [column]).text(rows)
        assert len(list(csv.reader(io.StringIO(text, newline="")))) == 3, column.key
        assert "\r\n\r\n" not in text


def test_no_rows_are_no_lines(alpha: Site) -> None:
    assert CsvRows(RECEIVED, list(RECEIVED.columns.values())).text([]) == ""
    assert JsonRows(RECEIVED).objects([]) == []


def test_a_material_that_was_renamed_has_its_new_name_in_the_next_rows(alpha: Site, cast: Cast) -> None:
    fill(RECEIVED, alpha, cast("ann"), 1)
    query = read_query(RECEIVED, {name: [text] for name, text in always(alpha).items()}, cast("ann"))
    [rows] = listing.walk(RECEIVED, query)
    writer = JsonRows(RECEIVED)
    assert writer.objects(rows)[0]["material"]["name"] == "CONCRETE DEBRIS"
    with database.transaction():
        Material.update(name="BROKEN CONCRETE").where(Material.code == "RAW-CONCRETE").execute()
        references.changed()
    assert writer.objects(rows)[0]["material"]["name"] == "BROKEN CONCRETE"
