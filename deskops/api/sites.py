"""The sites: those a caller may see, and their keeping by administrators."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response

from deskops.accounts import people
from deskops.accounts.models import Site
from deskops.accounts.policy import MANAGE_SITES, READ
from deskops.api import envelope, params
from deskops.api.bodies import read_object
from deskops.errors import NotFound
from deskops.face import identity
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED
from deskops.records import listing
from deskops.records.query import Query
from deskops.schema import references
from deskops.schema.kinds import moment_json

COUNTED = {"productions": PRODUCTION, "dispatches": DISPATCH, "receivedMaterials": RECEIVED}


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sites", "read_sites", read_sites)
    blueprint.add_url_rule("/sites", "add_site", add_site, methods=["POST"])
    blueprint.add_url_rule("/sites/<name>", "read_site", read_site)
    blueprint.add_url_rule("/sites/<name>", "change_site", change_site, methods=["PATCH"])


def read_sites() -> Response:
    """The active sites that the caller may see, by name."""
    actor = identity.actor()
    params.only()
    in_order = sorted(actor.sites(READ), key=lambda site: (site.name, site.code))
    return envelope.whole_list(map(site_json, in_order))


def read_site(name: str) -> Response:
    """One site, by id or code, with the counts of its records."""
    site = named(name)
    identity.actor().require(READ, site.id)
    params.only()
    return envelope.one(site_json(site) | {"counts": counts(site)})


def add_site() -> Response:
    actor = identity.actor()
    actor.require_admin(MANAGE_SITES)
    params.only()
    site = people.save_site(read_object(), actor)
    return envelope.one(site_json(site), 201, {"Location": f"/api/sites/{site.id}"})


def change_site(name: str) -> Response:
    actor = identity.actor()
    actor.require_admin(MANAGE_SITES)
    site = named(name)
    params.only()
    return envelope.one(site_json(people.save_site(read_object(), actor, site)))


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
        "createdAt": moment_json(site.created_at),
    }


def counts(site: Site) -> dict[str, int]:
    """The site's live records. A snapshot of its stock is made from an opening balance on; there are none before."""
    always = Query(sites=(site.id,), start=date.min, end=date.max)
    return {key: listing.count(module, always) for key, module in COUNTED.items()} | {"inventorySnapshots": 0}
