"""A module's table as a page shows it: headings, rows, totals and pages, worded."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext

from deskops.accounts.actor import Actor
from deskops.modules import ADJUSTMENTS, FACTORS, MODULES, OPENINGS, SURVEYS, TARGETS
from deskops.modules.holding import HOLDING, in_force
from deskops.records import listing
from deskops.records.module import Column, Module
from deskops.records.query import END, FIRST_PAGE_SIZE, START, Query
from deskops.records.record import CANCELLED
from deskops.schema.fields import Field
from deskops.web import moving, words
from deskops.web.scope import Scope

PAGE_SIZES = (25, 50, 100)
FIRST_SORT = "date"
LISTED_WHOLE = (OPENINGS, SURVEYS, TARGETS, FACTORS)
HOLDS, AHEAD = "holds", "ahead"
Params = Mapping[str, Any]


class Heading(NamedTuple):
    """A column's head. `sort_url` is empty where the list cannot be sorted by it; `order` is aria-sort's value."""

    key: str
    label: str
    unit: str
    is_number: bool
    sort_url: str
    order: str


class Cell(NamedTuple):
    key: str
    text: str
    hint: str
    css: str


class Row(NamedTuple):
    """A record: its cells, and where it is corrected and made void; empty where the reader may not.

    `standing` says of what holds from a day on whether it does today (HOLDS) or will (AHEAD).
    """

    id: str
    cells: list[Cell]
    is_cancelled: bool
    standing: str
    edit_url: str
    void_url: str
    name: str


@dataclass(frozen=True)
class Table:
    headings: list[Heading]
    rows: list[Row]
    totals: dict[str, str]
    url: str
    export_url: str
    pager: Pager
    ignored: tuple[str, ...]
    moving: list[str]


@dataclass(frozen=True)
class Pager:
    """Where this part stands in the list; addresses are empty where there is nothing to go to."""

    first_row: int
    last_row: int
    count: int
    number: int
    pages: int
    size: int
    links: dict[str, str]
    sizes: dict[int, str]


class Listing(NamedTuple):
    """A list in the address: its module, what the page looks at, and the further parameters."""

    module: Module
    scope: Scope
    params: Params

    @property
    def is_by_days(self) -> bool:
        """Whether it lists the days looked at; what is told once, or holds from a day on, is listed whole."""
        return self.module not in LISTED_WHOLE

    def asked(self) -> dict[str, Sequence[str]]:
        """The list's question, as parameters."""
        scope = self.scope.asked()
        if not self.is_by_days:
            scope = {name: values for name, values in scope.items() if name not in (*START, *END)}
        return {**scope, **{name: [value] for name, value in self.params.items()}}

    def url(self, **changes: str | int) -> str:
        """The address with these parameters changed; what is empty or as at first is left out."""
        found = {**self.scope.params, **self.params, **{name: str(value) for name, value in changes.items()}}
        first = {"page": "1", "pageSize": str(FIRST_PAGE_SIZE), "sortBy": FIRST_SORT, "sortOrder": "desc"}
        kept: dict[str, Any] = {
            name: value for name, value in found.items() if value and first.get(name) != value
        }
        return url_for("web.records", name=self.module.name, **kept)


def build(at: Listing, query: Query, actor: Actor) -> Table:
    """Read one part of the list and word it."""
    page = listing.list_page(at.module, query)
    if page.number > max(page.pages, 1):
        # The last row of the last page went away, or the address is an old one: show the last page there is.
        return build(at, last_page(query, page.pages), actor)
    shown = columns(at)
    holds = in_force(at.module, at.scope.sites) if at.module in HOLDING else frozenset()
    return Table(
        headings=[heading(at, column, query) for column in shown],
        rows=[row(at, shown, record, actor, holds) for record in page.records],
        totals=totals(at.module, query),
        url=at.url(page=page.number),
        export_url=export_url(at),
        pager=pager(at, page),
        ignored=page.ignored,
        moving=moving.texts_of(at.scope.sites),
    )


def export_url(at: Listing) -> str:
    """Where this list, with its filters, is asked for as a file; nowhere, of what is kept beside the book."""
    if at.module.name not in MODULES:
        return ""
    filters = {name: value for name, value in at.params.items() if name in at.module.filters}
    return url_for("web.exports", module=at.module.name, **at.scope.params, **filters)


def last_page(query: Query, pages: int) -> Query:
    return replace(query, order=replace(query.order, page=max(pages, 1)))


def columns(at: Listing) -> list[Column]:
    """The columns of the table; of several sites each row names its own."""
    keys = at.module.table if at.scope.site else ("siteCode", *at.module.table)
    return [at.module.columns[key] for key in keys]


def heading(at: Listing, column: Column, query: Query) -> Heading:
    field = at.module.sortable.get(column.key)
    order, url = "", ""
    if field is not None:
        is_current = field.name == query.order.sort
        is_descending = query.order.descending
        order = ("descending" if is_descending else "ascending") if is_current else "none"
        # What sorts are numbers and moments: looked at from the greatest.
        down = not (is_current and is_descending)
        url = at.url(sortBy=column.key, sortOrder="desc" if down else "asc", page=1)
    return Heading(column.key, words.text(column.label), column.unit, column.kind.is_number, url, order)


def row(at: Listing, shown: list[Column], record: Any, actor: Actor, holds: Container[str]) -> Row:
    name, params, rights = at.module.name, at.scope.params, at.module.rights
    # The feed that a production entry states changes with its entry alone.
    is_own = at.module is not ADJUSTMENTS or record.production_id is None
    may_correct = is_own and actor.may(rights.correct, record.site_id, record.created_by)
    may_void = is_own and actor.may(rights.void, record.site_id, record.created_by)
    cells = [cell(at.module, column, record) for column in shown]
    return Row(
        id=record.id,
        cells=cells,
        is_cancelled=record.status == CANCELLED,
        standing=standing(at.module, record, holds),
        edit_url=url_for("web.correct_record", name=name, record_id=record.id, **params)
        if may_correct
        else "",
        void_url=url_for("web.void_record", name=name, record_id=record.id, **params) if may_void else "",
        name=described(at.module, record),
    )


def standing(module: Module, record: Any, holds: Container[str]) -> str:
    if module not in HOLDING:
        return ""
    if record.date > record.site.today():
        return AHEAD
    return HOLDS if record.id in holds else ""


def cell(module: Module, column: Column, record: Any) -> Cell:
    value = column.value(record)
    text = words.value_text(column.kind, value, choices_of(module).get(column.key))
    css = "number" if column.kind.is_number else ""
    if column.key == "status":
        css = f"badge badge-{value.lower()}"
    hint = getattr(value, "code", "") if value is not None else ""
    return Cell(column.key, text, "" if hint == text else hint, css)


@cache
def choices_of(module: Module) -> dict[str, dict[str, str]]:
    """{key: {choice: label}} of the enumerated fields."""
    return {field.key: dict(field.column.choices) for field in module.schema.fields if field.choices}


def described(module: Module, record: Any) -> str:
    """A record in a few words, as a sentence about it names it: day, what, how much."""
    return " · ".join([words.day(record.date), *named_things(module, record)])


def named_things(module: Module, record: Any) -> list[str]:
    """What it is of, and its first measure with the unit."""
    named = [
        str(getattr(record, one.name)) for one in module.schema.fields if one.reference and one.name != "site"
    ]
    measured = [quantity(one, getattr(record, one.name)) for one in module.measures[:1]]
    return [*named, *measured]


def quantity(field: Field, value: Any) -> str:
    """A measure with its unit, or with its name where it only counts."""
    shown = words.number(value if value is not None else 0, field.kind.places)
    return f"{shown} {field.unit}" if field.unit else f"{words.text(field.label)} {shown}"


def totals(module: Module, query: Query) -> dict[str, str]:
    """{column: sum} over the whole list; nothing where what stands in it does not add up."""
    if module in LISTED_WHOLE and module is not OPENINGS:
        return {}
    found = listing.sums(module, query)
    fields = module.schema.by_name
    return {fields[name].key: words.number(value, fields[name].kind.places) for name, value in found.items()}


def pager(at: Listing, page: listing.Page) -> Pager:
    last = max(page.pages, 1)
    first_row = (page.number - 1) * page.size + 1 if page.records else 0
    links = {
        gettext("First"): at.url(page=1) if page.number > 1 else "",
        gettext("Previous"): at.url(page=page.number - 1) if page.number > 1 else "",
        gettext("Next"): at.url(page=page.number + 1) if page.number < last else "",
        gettext("Last"): at.url(page=last) if page.number < last else "",
    }
    return Pager(
        first_row=first_row,
        last_row=first_row + len(page.records) - 1 if page.records else 0,
        count=page.total_count,
        number=page.number,
        pages=last,
        size=page.size,
        links=links,
        sizes={size: at.url(pageSize=size, page=1) for size in PAGE_SIZES},
    )
