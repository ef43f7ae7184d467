"""A list's question, read from parameters: which sites, days and filters, in which order, which part."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import READ
from deskops.errors import (
    Forbidden,
    InvalidDateRange,
    InvalidPageSize,
    InvalidSiteId,
    MissingRequiredParam,
    Problem,
    ValidationFailed,
    say,
)
from deskops.records.module import Listed, in_order
from deskops.schema import kinds, references
from deskops.schema.columns import is_stored
from deskops.schema.fields import NOT_A_CHOICE, AnyOf, Field
from deskops.schema.reading import read_value

Params = Mapping[str, Sequence[str]]

FIRST_PAGE_SIZE, MOST_PAGE_SIZE = 25, 100
MOST_DAYS = 3_660
MOST_PAGE = 1_000_000_000
LONGEST_SEARCH = 200
START = ("startDate", "dateFrom")
END = ("endDate", "dateTo")
COMMON = (
    "siteId",
    "siteIds",
    *START,
    *END,
    "page",
    "pageSize",
    "sortBy",
    "sortOrder",
    "cursor",
    "includeVoid",
)
# Of these only one value has a meaning.
SINGLE = ("page", "pageSize", "sortBy", "sortOrder", "cursor", "includeVoid")
GIVEN_TWICE = say("Given twice with different values")
# Filters every list knows by name; a module without such a column names them in `ignored`.
CONTRACT_FILTERS = ("materialType", "status", "shift", "equipmentType", "role")


@dataclass(frozen=True)
class Order:
    """`sort` is a column's name; ties break by created_at, then id, in the same direction."""

    sort: str = "date"
    descending: bool = True
    page: int = 1
    size: int = FIRST_PAGE_SIZE
    after: tuple[Any, ...] | None = None


def order_columns(module: Listed, order: Order) -> list[Any]:
    """The columns whose values are a record's place in the order."""
    return in_order(module.model, getattr(module.model, order.sort))


@dataclass(frozen=True)
class Query:
    """`chosen` is {column: accepted stored values}, `texts` {column: piece of text}."""

    sites: tuple[str, ...]
    start: date
    end: date
    chosen: Mapping[str, Collection[str]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    include_void: bool = False
    order: Order = Order()
    ignored: tuple[str, ...] = ()
    module: str = ""

    def fingerprint(self) -> str:
        """The same for every part of the same list: what a cursor belongs to."""
        chosen = {name: sorted(values) for name, values in self.chosen.items()}
        parts = [
            self.module,
            self.sites,
            str(self.start),
            str(self.end),
            chosen,
            dict(self.texts),
            self.include_void,
            self.order.sort,
            self.order.descending,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def cursor(self, after: Sequence[Any]) -> str:
        """An opaque place in the list, right after a row with these sort values."""
        place = json.dumps([self.mark(after), *after])
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")

    def mark(self, after: Sequence[Any]) -> str:
        """What a cursor of this list to this place begins with, so that one that was altered is seen."""
        return hashlib.sha256(json.dumps([self.fingerprint(), *after]).encode()).hexdigest()[:16]


def read_query(
    module: Listed, params: Params, actor: Actor, *, strict: bool = True, days_required: bool = True
) -> Query:
    """Read a list's parameters; `strict` refuses names that no list knows.

    Where the days are not required, an end that is absent is open, and the range may be of any length.

    Raises, in this order: Forbidden, MissingRequiredParam, InvalidSiteId, InvalidDateRange, InvalidPageSize,
    ValidationFailed.
    """
    sites, unknown = read_sites(params, actor)
    starts, ends = given(params, START), given(params, END)
    if days_required:
        require({START[0]: starts, END[0]: ends})
    if unknown:
        raise InvalidSiteId(siteId=unknown[0])
    problems = [Problem(name, GIVEN_TWICE) for name in SINGLE if len(given(params, (name,))) > 1]
    start, end = read_day(START[0], starts, problems), read_day(END[0], ends, problems)
    if start and end:
        check_range(start, end, most=MOST_DAYS if days_required else None)
    order = read_order(module, params, problems)
    query = Query(sites=sites, start=start or date.min, end=end or date.max, order=order, module=module.name)
    query = read_filters(module, params, query, problems)
    if strict:
        known = {*COMMON, *CONTRACT_FILTERS, *module.filters}
        problems += [
            Problem(name, say("There is no parameter by this name")) for name in params if name not in known
        ]
    cursor = first(params, "cursor")
    if cursor and not problems:
        query = read_cursor(query, cursor, module, problems)
    if problems:
        raise ValidationFailed.of(problems)
    return query


def given(params: Params, names: Sequence[str]) -> list[str]:
    """The different values given by these names, without empty ones."""
    return list(
        dict.fromkeys(value.strip() for name in names for value in params.get(name, ()) if value.strip())
    )


def first(params: Params, name: str, default: str = "") -> str:
    return next(iter(given(params, (name,))), default)


def require(values: Mapping[str, Sequence[str]]) -> None:
    missing = [name for name, found in values.items() if not found]
    if missing:
        raise MissingRequiredParam(
            say("Required: %(names)s", names=", ".join(missing)), param=missing[0], missing=missing
        )


def read_sites(params: Params, actor: Actor) -> tuple[tuple[str, ...], list[str]]:
    """The ids of the sites asked for, or of all that the actor may see; and the names no site has.

    Raises Forbidden for a site that is there but not the actor's.
    """
    names = given(params, ("siteId",)) + [
        part.strip() for value in given(params, ("siteIds",)) for part in value.split(",") if part.strip()
    ]
    if not names:
        return tuple(sorted(site.id for site in actor.sites(READ))), []
    found = {name: references.find(Site, name) for name in names}
    for site in found.values():
        if site is not None and not actor.may(READ, site.id):
            raise Forbidden(say("You may not read this site"))
    return tuple(sorted({site.id for site in found.values() if site})), [
        name for name, site in found.items() if site is None
    ]


def read_day(name: str, values: list[str], problems: list[Problem]) -> date | None:
    if not values:
        return None
    if len({value[:10] for value in values}) > 1:
        problems.append(Problem(name, GIVEN_TWICE))
        return None
    try:
        day: date = DAY_READER.validate_python(values[0])
    except ValueError:
        problems.append(Problem(name, say("Must be a date, YYYY-MM-DD")))
        return None
    return day


def check_range(start: date, end: date, *, most: int | None = MOST_DAYS) -> None:
    """Raises InvalidDateRange for an end before the start, or more than `most` days."""
    details: dict[str, Any] = {"startDate": start.isoformat(), "endDate": end.isoformat()}
    if end < start:
        raise InvalidDateRange(**details)
    if most is not None and (end - start).days >= most:
        raise InvalidDateRange(say("A range has at most %(most)s days", most=most), **details)


DAY_READER = kinds.adapter(kinds.DAY)
SEARCH = kinds.adapter(kinds.TEXT, max_length=LONGEST_SEARCH)


def read_order(module: Listed, params: Params, problems: list[Problem]) -> Order:
    size = first(params, "pageSize", str(FIRST_PAGE_SIZE))
    if not (size.isascii() and size.isdecimal() and len(size) < 10 and 1 <= int(size) <= MOST_PAGE_SIZE):
        raise InvalidPageSize(pageSize=size)
    page = first(params, "page", "1")
    if not (page.isascii() and page.isdecimal() and len(page) < 12 and 1 <= int(page) <= MOST_PAGE):
        problems.append(Problem("page", say("Must be a whole number from 1")))
        page = "1"
    sort, direction = first(params, "sortBy", "date"), first(params, "sortOrder", "desc")
    if sort not in module.sortable:
        problems.append(
            Problem("sortBy", say("Sort by one of %(names)s", names=", ".join(sorted(module.sortable))))
        )
    if direction not in ("asc", "desc"):
        problems.append(Problem("sortOrder", say("Must be asc or desc")))
    column = module.sortable.get(sort, module.model.date).name
    return Order(sort=column, descending=direction == "desc", page=int(page), size=int(size))


def read_filters(module: Listed, params: Params, query: Query, problems: list[Problem]) -> Query:
    chosen: dict[str, frozenset[str]] = {}
    texts: dict[str, str] = {}
    for name, (column, one) in module.filters.items():
        values = given(params, (name,))
        if not values:
            continue
        if isinstance(one, AnyOf):
            accepted = read_any_of(column, one, values, problems)
            chosen[column.name] = chosen[column.name] & accepted if column.name in chosen else accepted
        elif len(values) > 1:
            problems.append(Problem(name, GIVEN_TWICE))
        elif messages := kinds.wrong(SEARCH, values[0]):
            problems += [Problem(name, message) for message in messages]
        else:
            texts[column.name] = values[0]
    void = first(params, "includeVoid", "false")
    if void not in ("true", "false"):
        problems.append(Problem("includeVoid", say("Must be true or false")))
    ignored = tuple(
        name for name in CONTRACT_FILTERS if given(params, (name,)) and name not in module.filters
    )
    return replace(query, chosen=chosen, texts=texts, include_void=void == "true", ignored=ignored)


def read_any_of(column: Field, one: AnyOf, values: list[str], problems: list[Problem]) -> frozenset[str]:
    """The stored values that these names stand for: choices, ids, codes, or rows by an attribute."""
    accepted: set[str] = set()
    for value in values:
        if not column.reference:
            choice, messages = read_value(column, value, strict=True)
            accepted |= {choice} if not messages else set()
            problems += [Problem(one.name, message) for message in messages]
            continue
        found = {
            row.id for row in references.every(column.reference) if one.by and getattr(row, one.by) == value
        }
        row = references.find(column.reference, value) if one.codes else None
        found |= {row.id} if row else set()
        accepted |= found
        if not found:
            problems.append(Problem(one.name, column.invalid if one.codes else NOT_A_CHOICE))
    return frozenset(accepted)


def read_cursor(query: Query, text: str, module: Listed, problems: list[Problem]) -> Query:
    """Continue a walk; a cursor of another list is refused."""
    columns = order_columns(module, query.order)
    try:
        mark, *after = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        right = (
            len(after) == len(columns) and mark == query.mark(after) and all(map(is_stored, columns, after))
        )
    except (ValueError, TypeError, RecursionError):
        right = False
    if not right:
        problems.append(Problem("cursor", say("This cursor belongs to another list: start again without it")))
        return query
    return replace(query, order=replace(query.order, after=tuple(after), page=1))
