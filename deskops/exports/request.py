"""What an export's body asks for, read into a list's question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import EXPORT
from deskops.errors import (
    FieldProblems,
    Forbidden,
    FormatUnavailable,
    InvalidSiteId,
    Problem,
    ValidationFailed,
    by_field,
    say,
)
from deskops.exports import writers
from deskops.exports.sources import SOURCES, Source
from deskops.records.query import CONTRACT_FILTERS, Query
from deskops.schema import references

Sent = Mapping[str, Any]

# Formats the contract names; those without a writer are refused as not available.
FORMATS = ("xlsx", "pdf", "csv", "pbix")
NESTED = frozenset({"format", "module", "filters", "columns"})
FLAT = frozenset({"format", "module", "siteId", "dateFrom", "dateTo", "columns"})
GROUPED = ("granularity", "grouping", "layout")
ORDER = ("includeVoid", "sortBy", "sortOrder")

# As much as an address could ask a list for.
LONGEST_FILTER = 8_000
LONGEST_ECHO = 200

REQUIRED = say("This field is required")
NO_SUCH_FIELD = say("There is no field by this name")
RECORDS_ONLY = say("An export has the records, one row each: leave this out")
MUST_BE_TEXTS = say("Must be a text, or a list of texts")


@dataclass(frozen=True)
class ExportRequest:
    """A question that can be asked again: `params` are a list's parameters with the sites by their ids."""

    source: Source
    format: str
    params: dict[str, list[str]]
    columns: tuple[str, ...]
    query: Query


def read_request(sent: Sent, actor: Actor) -> ExportRequest:
    """Read `{format, module, filters, columns}`, or the flat `{siteId, module, dateFrom, dateTo, format}`.

    Raises Forbidden, InvalidDateRange, ValidationFailed, InvalidSiteId, FormatUnavailable.
    """
    body, problems = nested(sent)
    refuse_foreign(body.get("filters"), actor)
    source = SOURCES.get(body["module"]) if isinstance(body.get("module"), str) else None
    if source is None:
        problems.append(Problem("module", say("One of %(names)s", names=", ".join(SOURCES))))
    if body.get("format") not in FORMATS:
        problems.append(Problem("format", say("One of %(names)s", names=", ".join(FORMATS))))
    if source is None:
        problems += [] if "filters" in body else [Problem("filters", REQUIRED)]
        raise ValidationFailed.of(problems)
    columns = read_columns(source, body.get("columns"), problems)
    params = read_params(source, body.get("filters"), problems)
    query = ask(source, params, actor, problems)
    if body["format"] not in writers.WRITERS:
        raise FormatUnavailable(format=body["format"])
    for site_id in query.sites:
        actor.require(EXPORT, site_id)
    if not query.sites:
        raise Forbidden
    params = {name: values for name, values in params.items() if name != "siteIds"}
    return ExportRequest(source, body["format"], {**params, "siteId": list(query.sites)}, columns, query)


def refuse_foreign(filters: Any, actor: Actor) -> None:
    """Raises Forbidden where a site is named that is there but not the actor's, whatever else is wrong."""
    given = [filters.get(name) for name in ("siteId", "siteIds")] if isinstance(filters, dict) else []
    for value in given:
        for text in value if isinstance(value, list) else [value]:
            for name in text.split(",") if isinstance(text, str) else []:
                site = references.find(Site, name.strip())
                if site is not None:
                    actor.require(EXPORT, site.id)


def nested(sent: Sent) -> tuple[dict[str, Any], list[Problem]]:
    """The body with its filters below `filters`, and what stands in it that an export does not know."""
    problems = [Problem(key, RECORDS_ONLY) for key in GROUPED if sent.get(key) is not None]
    given = {key: value for key, value in sent.items() if key not in GROUPED}
    is_flat = "filters" not in given and not FLAT.isdisjoint(given.keys() - NESTED)
    problems += [Problem(key, NO_SUCH_FIELD) for key in given if key not in (FLAT if is_flat else NESTED)]
    if not is_flat:
        return given, problems
    days = {"start": given.get("dateFrom"), "end": given.get("dateTo")}
    filters = {"dateRange": days, **({"siteId": given["siteId"]} if "siteId" in given else {})}
    return {**given, "filters": filters}, problems


def read_columns(source: Source, given: Any, problems: list[Problem]) -> tuple[str, ...]:
    """The keys wanted, in order; all where none is named."""
    if not given and given in (None, []):
        return tuple(source.columns)
    if not isinstance(given, list) or not all(isinstance(key, str) for key in given):
        problems.append(Problem("columns", say("Must be a list of record keys")))
        return ()
    unknown = [key for key in given if key not in source.columns]
    if unknown:
        names = ", ".join(unknown)[:LONGEST_ECHO]
        problems.append(Problem("columns", say("No column: %(names)s", names=names)))
    if len(set(given)) < len(given):
        problems.append(Problem("columns", say("Name each column once")))
    return tuple(given)


def read_params(source: Source, filters: Any, problems: list[Problem]) -> dict[str, list[str]]:
    """A list's parameters from an export's filters."""
    if not isinstance(filters, dict):
        problems.append(Problem("filters", REQUIRED if filters is None else say("Must be an object")))
        return {}
    known = {"siteId", "siteIds", *CONTRACT_FILTERS, *source.filters, *ORDER}
    params = read_days(filters.get("dateRange"), problems)
    for name, value in filters.items():
        wanted = "materialType" if name == "materialTypes" else name
        if name == "dateRange" or value is None:
            continue
        if wanted not in known:
            problems.append(Problem(name, NO_SUCH_FIELD))
            continue
        texts = ["true" if value else "false"] if isinstance(value, bool) else value
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            problems.append(Problem(name, MUST_BE_TEXTS))
        elif sum(len(text) + 1 for text in texts) > LONGEST_FILTER:
            problems.append(Problem(name, say("At most %(most)s characters", most=LONGEST_FILTER)))
        elif texts:
            params[wanted] = params.get(wanted, []) + texts
    return params


def read_days(given: Any, problems: list[Problem]) -> dict[str, list[str]]:
    if not isinstance(given, dict):
        problems.append(Problem("dateRange", REQUIRED if given is None else say("Must be {start, end}")))
        return {}
    problems += [Problem("dateRange", NO_SUCH_FIELD) for key in given if key not in ("start", "end")]
    params = {}
    for name, key in (("startDate", "start"), ("endDate", "end")):
        value = given.get(key)
        if isinstance(value, str) and value.strip():
            params[name] = [value]
        else:
            problems.append(Problem("dateRange", say("%(key)s: a date, YYYY-MM-DD", key=key)))
    return params


def ask(source: Source, params: dict[str, list[str]], actor: Actor, problems: list[Problem]) -> Query:
    """The list's question. An unknown site is only told where nothing else is wrong."""
    if not {"startDate", "endDate"} <= params.keys():
        raise ValidationFailed.of(problems)
    unknown_site: InvalidSiteId | None = None
    query: Query | None = None
    found: FieldProblems = by_field(problems)
    try:
        query = source.read(params, actor)
    except InvalidSiteId as unknown:
        unknown_site = unknown
        siteless = {name: values for name, values in params.items() if name not in ("siteId", "siteIds")}
        query = checked(source, siteless, actor, found)
    except ValidationFailed as refused:
        found |= refused.fields
    if found:
        raise ValidationFailed(fields=found)
    if unknown_site is not None:
        raise unknown_site
    assert query is not None
    return replace(query, order=replace(query.order, page=1, after=None))


def checked(source: Source, params: dict[str, list[str]], actor: Actor, found: FieldProblems) -> Query | None:
    try:
        return source.read(params, actor)
    except ValidationFailed as refused:
        found |= refused.fields
        return None
