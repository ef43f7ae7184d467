"""The sites: those a caller may see, and their keeping by administrators."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response

from deskops.accounts.models import STOCK_POLICIES, WEEKDAYS, Site
from deskops.accounts.policy import MANAGE_SITES, READ
from deskops.api import envelope, params
from deskops.api.bodies import read_object
from deskops.api.operations import Answer, Body, Operation, Parameter, Section
from deskops.api.repeats import once
from deskops.api.shapes import (
    CLOCK_TIME,
    CODE,
    COUNT,
    FLAG,
    ID,
    IGNORED,
    MOMENT,
    TEXT,
    AnySchema,
    Shape,
    described,
    each,
    listed,
    one,
    one_of,
)
from deskops.days.sites import count_snapshots, save_site
from deskops.errors import DuplicateRecord, Forbidden, IdempotencyConflict, NotFound
from deskops.face import identity
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED
from deskops.modules.calendar import ALWAYS_REPORT, calendar_json
from deskops.modules.nil import REPORTED
from deskops.records import listing
from deskops.records.query import Query
from deskops.records.record import SHIFT_NAMES
from deskops.schema import references
from deskops.schema.kinds import moment_json

COUNTED = {"productions": PRODUCTION, "dispatches": DISPATCH, "receivedMaterials": RECEIVED}


SITE_ID = Parameter("siteId", "The site, by id or code", CODE, required=True, place="path")
WRITTEN: dict[str, AnySchema] = {
    "code": {"type": "string", "pattern": r"^\s*[A-Za-z0-9_-]{3,20}\s*$", "examples": ["NORTH-34"]},
    "name": {"type": "string", "minLength": 1, "maxLength": 100, "examples": ["North Recycling Facility"]},
    "location": {"type": ["string", "null"], "maxLength": 200, "examples": ["Jeddah, Saudi Arabia"]},
    "timezone": described(TEXT, "A name of the time zone database", "Asia/Riyadh"),
    "isActive": FLAG,
    "shiftStarts": {
        "description": "The times of day at which MORNING, AFTERNOON and NIGHT begin, ascending",
        **each(CLOCK_TIME, minItems=3, maxItems=3, uniqueItems=True),
        "examples": [["06:00", "14:00", "22:00"]],
    },
    "workDays": {
        "description": "The weekdays that owe their inputs",
        **each(one_of(*WEEKDAYS), minItems=1, uniqueItems=True),
        "examples": [["SAT", "SUN", "MON", "TUE", "WED", "THU"]],
    },
    "workShifts": {
        "description": "The shifts whose records are expected; none: those of the day as a whole",
        **each(one_of(*SHIFT_NAMES), uniqueItems=True),
        "examples": [["MORNING", "AFTERNOON"]],
    },
    "reports": {
        "description": f"The modules that are expected: {', '.join(ALWAYS_REPORT)} always, as stock is made of them",
        **each(one_of(*REPORTED), uniqueItems=True),
        "allOf": [{"contains": {"const": name}} for name in ALWAYS_REPORT],
        "examples": [list(REPORTED)],
    },
    "stockPolicy": described(
        one_of(*STOCK_POLICIES), "Of stock below zero: let it be, ask for a reason, refuse", "ALLOW"
    ),
}
COUNTS = Shape("SiteCounts", dict.fromkeys((*COUNTED, "inventorySnapshots"), COUNT), "Live records")
KEYS: dict[str, AnySchema] = {"id": ID, **WRITTEN, "createdAt": MOMENT}
SITE = Shape("Site", KEYS)
COUNTED_SITE = Shape("CountedSite", {**KEYS, "counts": COUNTS})
SENT: dict[str, AnySchema] = {**WRITTEN, **dict.fromkeys(("id", "createdAt", "counts"), IGNORED)}
NEW_SITE = Shape("NewSite", SENT, optional=tuple(SENT.keys() - {"code", "name"}))
SITE_CHANGES = Shape("SiteChanges", SENT, optional=tuple(SENT))


def read_sites() -> Response:
    """The active sites that the caller may see, by name."""
    actor = identity.actor()
    params.only()
    in_order = sorted(actor.sites(READ), key=lambda site: (site.name, site.code))
    return envelope.whole_list(map(site_json, in_order))


def read_site(site_id: str) -> Response:
    """One site, by id or code, with the counts of its records."""
    site = named(site_id)
    identity.actor().require(READ, site.id)
    params.only()
    return envelope.one(site_json(site) | {"counts": counts(site)})


def add_site() -> Response:
    actor = identity.actor()
    actor.require_admin(MANAGE_SITES)
    params.only()
    body = read_object()

    def make(_key: str | None) -> Response:
        site = save_site(body, actor)
        return envelope.one(site_json(site), 201, {"Location": f"/api/sites/{site.id}"})

    return once(actor, body, make)


def change_site(site_id: str) -> Response:
    actor = identity.actor()
    actor.require_admin(MANAGE_SITES)
    site = named(site_id)
    params.only()
    return envelope.one(site_json(save_site(read_object(), actor, site)))


def named(name: str) -> Site:
    site = references.find(Site, name)
    if site is None:
        raise NotFound
    return site


def site_json(site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "code": site.code,
        "name": site.name,
        "location": site.location,
        "timezone": site.timezone,
        "isActive": site.is_active,
        "shiftStarts": site.shift_starts.split(),
        **calendar_json(site),
        "createdAt": moment_json(site.created_at),
    }


def counts(site: Site) -> dict[str, int]:
    """The site's live records, and the snapshots of its stock."""
    always = Query(sites=(site.id,), start=date.min, end=date.max)
    return {key: listing.count(module, always) for key, module in COUNTED.items()} | {
        "inventorySnapshots": count_snapshots(site)
    }


SECTION = Section(
    "Sites",
    "The yards. Writing to them is for administrators.",
    (
        Operation(
            "listSites",
            "GET /sites",
            read_sites,
            "The active sites you may see, by name",
            Answer(listed(SITE)),
            "The list comes whole, as page 1.",
            tagged=True,
        ),
        Operation(
            "createSite",
            "POST /sites",
            add_site,
            "Add a site",
            Answer(one(SITE), 201, "Added", headers=("Location",)),
            parameters=(params.IDEMPOTENCY_KEY,),
            body=Body(NEW_SITE, {"A new site": {"code": "NORTH-34", "name": "North Recycling Facility"}}),
            errors=(DuplicateRecord, IdempotencyConflict),
        ),
        Operation(
            "readSite",
            "GET /sites/<site_id>",
            read_site,
            "One site, with the counts of its records",
            Answer(one(COUNTED_SITE)),
            parameters=(SITE_ID,),
            errors=(Forbidden, NotFound),
            tagged=True,
        ),
        Operation(
            "changeSite",
            "PATCH /sites/<site_id>",
            change_site,
            "Change a site",
            Answer(one(SITE)),
            "Only the keys that are sent change.",
            parameters=(SITE_ID,),
            body=Body(SITE_CHANGES, {"Another place": {"location": "Jeddah, Saudi Arabia"}}),
            errors=(NotFound, DuplicateRecord),
        ),
    ),
)
