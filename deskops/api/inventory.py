"""The snapshots of the stock: one day's, or those of a range of days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from flask import Response

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.api import envelope, params
from deskops.api.completeness import places_json
from deskops.api.day_shapes import MISSING
from deskops.api.operations import SITE_DAYS_ERRORS, Answer, Operation, Parameter, Section
from deskops.api.record_shapes import ignored_parameter, list_parameters, record_shape
from deskops.api.shapes import (
    DAY,
    META,
    TEXT,
    TONS,
    AnySchema,
    JsonSchema,
    Shape,
    described,
    each,
    enveloped,
    nullable,
)
from deskops.errors import Problem, say
from deskops.face import identity
from deskops.insight import completeness, inventory
from deskops.insight.inventory import COLUMNS, SnapshotWriter
from deskops.modules import RECEIVED
from deskops.records.query import (
    CONTRACT_FILTERS,
    END,
    MOST_DAYS,
    START,
    check_range,
    given,
    read_any_of,
    read_day,
)
from deskops.records.row_writing import JSON
from deskops.schema import kinds
from deskops.schema.fields import AnyOf

MATERIAL_FIELD, BY_MATERIAL = RECEIVED.filters["materialType"]
ON = Parameter("date", "One day; or send startDate and endDate", DAY, shown=True)
# Without examples: that of the date stands in their place.
ANY_DAY: JsonSchema = {"type": "string", "format": "date"}
SINCE = Parameter(
    START[0], "The first day, included; with endDate, in place of date", ANY_DAY, also=START[1:]
)
UNTIL = Parameter(
    END[0],
    f"The last day, included: at most {MOST_DAYS:,} days in all",
    ANY_DAY,
    also=END[1:],
)
OF_MATERIALS = next(one for one in list_parameters(RECEIVED) if one.name == "materialType")
IGNORED = tuple(name for name in CONTRACT_FILTERS if name != OF_MATERIALS.name)
KNOWN = (
    params.SITE,
    ON,
    SINCE,
    UNTIL,
    OF_MATERIALS,
    params.SORT_ORDER,
    *map(ignored_parameter, IGNORED),
)
EITHER = say("Send either a date, or startDate and endDate")


class Asked(NamedTuple):
    """Which snapshots: `materials` are ids, None for all; `ignored` the filters that there is no column for."""

    site: Site
    start: date
    end: date
    materials: Collection[str] | None
    newest_first: bool
    ignored: list[str]


def read_inventory() -> Response:
    """The snapshots asked for, whole; of one day without any, also what they wait for."""
    asked = read_asked(identity.actor())
    found = inventory.snapshots(
        asked.site, asked.start, asked.end, asked.materials, newest_first=asked.newest_first
    )
    cells = SnapshotWriter(tuple(COLUMNS.values()), JSON).cells(found)
    told = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
    missing = (
        [] if found or asked.start != asked.end else completeness.awaited_by_stock(asked.site, asked.start)
    )
    return envelope.whole_list(told, missing=places_json(missing), ignored=asked.ignored)


def read_asked(actor: Actor) -> Asked:
    """Raises, in this order: Forbidden, MissingRequiredParam, InvalidSiteId, InvalidDateRange, ValidationFailed."""
    sent = params.sent()
    one_day, ends = given(sent, ON.names), [*given(sent, SINCE.names), *given(sent, UNTIL.names)]
    required = (SINCE, UNTIL) if ends and not one_day else (ON,)
    site, problems = params.read_site(sent, actor, required)
    days = [read_day(one.name, given(sent, one.names), problems) for one in required]
    start, end = days[0], days[-1]
    if start and end:
        check_range(start, end)
    problems += [Problem(ON.name, EITHER)] if one_day and ends else []
    names = given(sent, OF_MATERIALS.names)
    assert isinstance(BY_MATERIAL, AnyOf)
    materials = read_any_of(MATERIAL_FIELD, BY_MATERIAL, names, problems) if names else None
    order = params.read_choice(sent, params.SORT_ORDER, problems)
    params.refuse(problems + params.unknown_names(sent, *KNOWN))
    assert start
    assert end
    ignored = [name for name in IGNORED if given(sent, (name,))]
    return Asked(site, start, end, materials, order != "asc", ignored)


TOLD = {
    "opening": "At the start of the day",
    "adjustment": "What was written off or on, crusher feed included; signed",
    "closing": "opening + production + received − dispatched + adjustment",
}
OF_ITS_OWN: dict[str, AnySchema] = {
    "id": described(TEXT, "Of the site, day and material; the same for ever", "019d…/2026-01-15/MAT002"),
    **{
        key: described(TONS, TOLD.get(key, ""))
        for key, column in COLUMNS.items()
        if column.kind is kinds.TONS
    },
    "incompleteSince": described(
        nullable(DAY), "The first earlier day that owes inputs and has no snapshots; null without any"
    ),
}
OF_RECORDS: dict[str, AnySchema] = dict(record_shape(RECEIVED).properties)
SNAPSHOT = Shape(
    "InventorySnapshot",
    {key: (OF_RECORDS | OF_ITS_OWN)[key] for key in COLUMNS},
    "A material over one day of a site",
)
META_KEYS: dict[str, AnySchema] = dict(META.properties)
WAITS_FOR = described(MISSING, "What the snapshots of the one day asked for wait for")
INVENTORY_META = Shape(
    "InventoryMeta", META_KEYS | {"missing": WAITS_FOR}, optional=(*META.optional, "missing")
)
SECTION = Section(
    "Inventory",
    "The stock by material, as it was at the end of each day that has all its inputs.",
    (
        Operation(
            "listInventory",
            "GET /inventory",
            read_inventory,
            "The snapshots of a day, or of a range of days",
            Answer(enveloped(data=each(SNAPSHOT), meta=INVENTORY_META)),
            "Send `date`, or `startDate` and `endDate`. Newest day first unless sorted otherwise; the materials of a "
            "day stand in the list's order. The list comes whole, as page 1. A day is stored as soon as its opening, "
            "production, received and dispatch are there; of one day that is not, `meta.missing` says what it waits "
            "for.",
            parameters=KNOWN,
            errors=SITE_DAYS_ERRORS,
            tagged=True,
        ),
    ),
)
