"""Query parameters, declared; and how those are read that ask of one site: which site, and of which days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from flask import request

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.api.bodies import LONGEST_KEY
from deskops.api.operations import Operation, Parameter
from deskops.api.shapes import CODE, DAY, FLAG, LINE, TEXT, JsonSchema, described, one_of
from deskops.errors import InvalidSiteId, Problem, ValidationFailed, say
from deskops.records.query import (
    END,
    FIRST_PAGE_SIZE,
    GIVEN_TWICE,
    MOST_DAYS,
    MOST_PAGE,
    MOST_PAGE_SIZE,
    START,
    Params,
    check_range,
    first,
    given,
    read_day,
    read_sites,
    require,
)
from deskops.records.record import Record
from deskops.schema import references
from deskops.schema.fields import NOT_A_CHOICE

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "A key of your choice: the same request sent again with it is done once, and answered the same for a day",
    {**TEXT, "minLength": 1, "maxLength": LONGEST_KEY, "examples": ["2026-01-15-weighbridge-0042"]},
    place="header",
)
IF_MATCH = Parameter(
    "If-Match",
    "The ETag of the record as you read it: a record that changed since is refused with 412",
    described(TEXT, "", '"1"'),
    place="header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "The ETag of the answer you have: where nothing is new, 304 comes without a body",
    described(TEXT, "", '"0"'),
    place="header",
)
SITE = Parameter("siteId", "The site, by id or code", CODE, required=True)
START_DATE = Parameter(START[0], "The first day, included", DAY, required=True, also=START[1:])
END_DATE = Parameter(
    END[0],
    f"The last day, included: at most {MOST_DAYS:,} days in all",
    described(DAY, "", "2026-01-31"),
    required=True,
    also=END[1:],
)
SINCE = Parameter(START[0], "The first day, included; absent: from the first on", DAY, also=START[1:])
UNTIL = Parameter(
    END[0],
    "The last day, included; absent: whatever there is",
    described(DAY, "", "2026-01-31"),
    also=END[1:],
)
SITE_DAYS = (SITE, START_DATE, END_DATE)
SITES = Parameter("siteId", "Only these sites, by id or code; absent: all you may see", CODE, repeats=True)
SITE_IDS = Parameter("siteIds", "The same as siteId, or several with commas between them", CODE, repeats=True)
SORT_ORDER = Parameter(
    "sortOrder", "Newest or largest first (desc, the default), or last", one_of("desc", "asc")
)
# Only an answer gives one: there is no example that works.
OPAQUE: JsonSchema = {"type": "string"}
PAGE_OF_A_LIST = (
    Parameter(
        "page", "Which page, from 1", {"type": "integer", "minimum": 1, "maximum": MOST_PAGE, "examples": [1]}
    ),
    Parameter(
        "pageSize",
        f"Rows of a page, {FIRST_PAGE_SIZE} unless said otherwise",
        {"type": "integer", "minimum": 1, "maximum": MOST_PAGE_SIZE, "examples": [FIRST_PAGE_SIZE]},
    ),
    Parameter(
        "cursor",
        "`meta.nextCursor` of the page before, with the same filters and order; `page` is then ignored",
        OPAQUE,
    ),
)
INCLUDE_VOID = Parameter("includeVoid", "Whether void records are there too", FLAG)
REASON = Parameter(
    "reason",
    "Why the record is void",
    {**LINE, "maxLength": Record.void_reason.max_length, "examples": ["Weighed twice"]},
)


class AskedDays(NamedTuple):
    """One site and a range of its days, both ends included; {name: value} of what else was asked, None if absent."""

    site: Site
    start: date
    end: date
    further: Mapping[str, Any]


def every_parameter(operation: Operation) -> tuple[Parameter, ...]:
    """The parameters of an operation, with what those of its kind take."""
    return (*operation.parameters, *((IF_NONE_MATCH,) if operation.may_be_unchanged else ()))


def sent() -> Params:
    """The query parameters: {name: [values]}."""
    return request.args.to_dict(flat=False)


def unknown_names(params: Params, *known: Parameter) -> list[Problem]:
    names = {name for one in known for name in one.names}
    return [Problem(name, say("There is no parameter by this name")) for name in params if name not in names]


def only(*known: Parameter) -> Params:
    """The query parameters of a route that knows these. Raises ValidationFailed for any other."""
    params = sent()
    refuse(unknown_names(params, *known))
    return params


def switch(params: Params, one: Parameter) -> bool:
    """A parameter that is true or false, false where it is absent."""
    text = first(params, one.name, "false")
    if text not in ("true", "false"):
        raise ValidationFailed.of([Problem(one.name, say("Must be true or false"))])
    return text == "true"


def one_site(actor: Actor) -> Site:
    """The site of a route that takes nothing else.

    Raises, in this order: Forbidden, MissingRequiredParam, InvalidSiteId, ValidationFailed.
    """
    params = sent()
    site, problems = read_site(params, actor, ())
    refuse(problems + unknown_names(params, SITE))
    return site


def site_days(actor: Actor, *further: Parameter) -> AskedDays:
    """The site and days of a chart, and its `further` parameters.

    Raises, in this order: Forbidden, MissingRequiredParam, InvalidSiteId, InvalidDateRange, ValidationFailed.
    """
    params = sent()
    site, problems = read_site(params, actor, (START_DATE, END_DATE))
    start = read_day(START_DATE.name, given(params, START_DATE.names), problems)
    end = read_day(END_DATE.name, given(params, END_DATE.names), problems)
    if start and end:
        check_range(start, end)
    chosen = {one.name: read_choice(params, one, problems) for one in further}
    refuse(problems + unknown_names(params, *SITE_DAYS, *further))
    assert start
    assert end
    return AskedDays(site, start, end, chosen)


def read_choice(params: Params, one: Parameter, problems: list[Problem]) -> Any:
    """One of the parameter's values, or a whole number within its bounds, as its schema says; None if absent."""
    values = given(params, one.names)
    if not values:
        return None
    if len(values) > 1:
        problems.append(Problem(one.name, GIVEN_TWICE))
        return None
    (value,) = values
    if "enum" in one.schema:
        if value not in one.schema["enum"]:
            problems.append(Problem(one.name, NOT_A_CHOICE))
        return value
    least, most = one.schema["minimum"], one.schema["maximum"]
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most):
        text = say("Must be a whole number from %(least)s to %(most)s", least=least, most=most)
        problems.append(Problem(one.name, text))
        return None
    return int(value)


def read_site(
    params: Params, actor: Actor, also_required: tuple[Parameter, ...]
) -> tuple[Site, list[Problem]]:
    """The one site asked for; `also_required` are the further required parameters."""
    names = given(params, SITE.names)
    found, unknown = read_sites({SITE.name: names}, actor)
    require({SITE.name: names} | {one.name: given(params, one.names) for one in also_required})
    if unknown:
        raise InvalidSiteId(siteId=unknown[0])
    problems = [Problem(SITE.name, say("Name one site"))] if len(found) > 1 else []
    return references.by_id(Site, found[0]), problems


def refuse(problems: list[Problem]) -> None:
    if problems:
        raise ValidationFailed.of(problems)
