"""Query parameters of what is asked of one site: which site, and of which days."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from flask import request

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import InvalidSiteId, Problem, ValidationFailed, say
from deskops.records.query import (
    END,
    START,
    Params,
    check_range,
    first,
    given,
    read_day,
    read_sites,
    require,
)
from deskops.schema import references

SITE = "siteId"


class SiteDays(NamedTuple):
    """One site and a range of its days, both ends included."""

    site: Site
    start: date
    end: date


def sent() -> Params:
    """The query parameters: {name: [values]}."""
    return request.args.to_dict(flat=False)


def unknown_names(params: Params, *known: str) -> list[Problem]:
    return [Problem(name, say("There is no parameter by this name")) for name in params if name not in known]


def only(*known: str) -> Params:
    """The query parameters of a route that knows these names. Raises ValidationFailed for any other."""
    params = sent()
    refuse(unknown_names(params, *known))
    return params


def switch(params: Params, name: str) -> bool:
    """A parameter that is true or false, false where it is absent."""
    text = first(params, name, "false")
    if text not in ("true", "false"):
        raise ValidationFailed.of([Problem(name, say("Must be true or false"))])
    return text == "true"


def one_site(actor: Actor) -> Site:
    """The site of a route that takes nothing else.

    Raises, in this order: Forbidden, MissingRequiredParam, InvalidSiteId, ValidationFailed.
    """
    params = sent()
    site, problems = read_site(params, actor, ())
    refuse(problems + unknown_names(params, SITE))
    return site


def site_days(actor: Actor) -> SiteDays:
    """The site and days of a chart.

    Raises, in this order: Forbidden, MissingRequiredParam, InvalidSiteId, InvalidDateRange, ValidationFailed.
    """
    params = sent()
    site, problems = read_site(params, actor, (START, END))
    start = read_day(START[0], given(params, START), problems)
    end = read_day(END[0], given(params, END), problems)
    if start and end:
        check_range(start, end)
    refuse(problems + unknown_names(params, SITE, *START, *END))
    assert start
    assert end
    return SiteDays(site, start, end)


def read_site(
    params: Params, actor: Actor, also_required: tuple[tuple[str, ...], ...]
) -> tuple[Site, list[Problem]]:
    """The one site asked for; `also_required` are the further required parameters, each with its aliases."""
    names = given(params, (SITE,))
    found, unknown = read_sites({SITE: names}, actor)
    require({SITE: names} | {aliases[0]: given(params, aliases) for aliases in also_required})
    if unknown:
        raise InvalidSiteId(siteId=unknown[0])
    problems = [Problem(SITE, say("Name one site"))] if len(found) > 1 else []
    return references.by_id(Site, found[0]), problems


def refuse(problems: list[Problem]) -> None:
    if problems:
        raise ValidationFailed.of(problems)
