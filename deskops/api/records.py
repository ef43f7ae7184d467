"""The records of every module: one set of views, made for each module from its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from deskops.accounts.actor import Actor
from deskops.accounts.policy import CORRECT, CREATE, READ, VOID
from deskops.api import envelope, params
from deskops.api.bodies import idempotency_key, read_object
from deskops.errors import Forbidden, NotFound, Problem, ValidationFailed, say
from deskops.face import identity
from deskops.modules import MODULES
from deskops.records import listing, service
from deskops.records.listing import Page
from deskops.records.module import Module
from deskops.records.query import first, read_query

MOST_AT_ONCE = 1_000
NO_SUCH_VERSION = -1


def add_routes(blueprint: Blueprint) -> None:
    """GET and POST on /{module}, POST on /{module}/bulk, GET, PATCH and DELETE on /{module}/{id}."""
    for module in MODULES.values():
        RecordRoutes(module).add_to(blueprint)


class RecordRoutes:
    """The views of one module."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def add_to(self, blueprint: Blueprint) -> None:
        name = self.module.name
        for method, path, view in (
            ("GET", "", self.read_list),
            ("POST", "", self.create),
            ("POST", "/bulk", self.create_many),
            ("GET", "/<uuid:record_id>", self.read),
            ("PATCH", "/<uuid:record_id>", self.correct),
            ("DELETE", "/<uuid:record_id>", self.void),
        ):
            endpoint = f"{name}_{view.__name__}"
            blueprint.add_url_rule(f"/{name}{path}", endpoint, view, methods=[method])

    def read_list(self) -> Response:
        query = read_query(self.module, params.sent(), identity.actor())
        page = listing.list_page(self.module, query)
        return envelope.answer(
            {"data": [self.module.json(each) for each in page.records], "meta": meta(page)}
        )

    def create(self) -> Response:
        actor = self._clerk()
        saved = service.create(self.module, read_object(), actor, key=idempotency_key())
        return self._answer(saved, 201, {"Location": self._path(saved.record)})

    def create_many(self) -> Response:
        actor = self._clerk()
        sents = read_batch(read_object())
        saved = service.create_many(self.module, sents, actor, key=idempotency_key())
        doubts = {str(index): envelope.warnings(one.doubts) for index, one in enumerate(saved) if one.doubts}
        return envelope.one([self.module.json(one.record) for one in saved], 201, warnings=doubts)

    def read(self, record_id: UUID) -> Response:
        void_too = params.switch(params.only("includeVoid"), "includeVoid")
        record = listing.find(self.module, str(record_id))
        if record is None or not (record.is_live or void_too):
            raise NotFound
        identity.actor().require(READ, record.site_id, record.created_by)
        return envelope.one(self.module.json(record), headers=version_tag(record))

    def correct(self, record_id: UUID) -> Response:
        actor = identity.actor()
        # Whether the caller may at all is judged before the body is.
        held = listing.get(self.module, str(record_id), actor, CORRECT)
        params.only()
        saved = service.correct(
            self.module, held.id, read_object(), actor, version=version_asked_for(held.version)
        )
        return self._answer(saved, 200, {})

    def void(self, record_id: UUID) -> Response:
        actor = identity.actor()
        held = listing.get(self.module, str(record_id), actor, VOID)
        reason = first(params.only("reason"), "reason") or None
        service.void(self.module, held.id, actor, reason=reason, version=version_asked_for(held.version))
        return envelope.nothing()

    def _clerk(self) -> Actor:
        """The actor, who may enter records at some site. Raises Forbidden before anything of the body is judged."""
        actor = identity.actor()
        if not actor.sites(CREATE):
            raise Forbidden(say("You may not enter records at any site"))
        params.only()
        return actor

    def _path(self, record: Any) -> str:
        return f"/api/{self.module.name}/{record.id}"

    def _answer(self, saved: service.Saved, status: int, headers: Mapping[str, str]) -> Response:
        return envelope.one(
            self.module.json(saved.record),
            status,
            {**version_tag(saved.record), **headers},
            warnings=envelope.warnings(saved.doubts),
        )


def meta(page: Page) -> dict[str, Any]:
    """What a list tells of itself; `nextCursor` is absent at its end, `ignored` where nothing was."""
    told: dict[str, Any] = {
        "page": page.number,
        "pageSize": page.size,
        "totalCount": page.total_count,
        "totalPages": page.pages,
    }
    if page.next_cursor is not None:
        told["nextCursor"] = page.next_cursor
    if page.ignored:
        told["ignored"] = page.ignored
    return told


def version_tag(record: Any) -> dict[str, str]:
    return {"ETag": f'"{record.version}"'}


def version_asked_for(held: int) -> int | None:
    """The version that If-Match asks for; None without the header, no version at all where it names another one."""
    tags = request.if_match
    if not tags or tags.star_tag:
        return None
    return held if tags.contains_weak(str(held)) else NO_SUCH_VERSION


def read_batch(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The records of a bulk body: {"records": [1 to 1,000 objects]}. Raises ValidationFailed."""
    problems = [Problem(key, say("There is no field by this name")) for key in body if key != "records"]
    records = body.get("records")
    if not isinstance(records, list) or not 1 <= len(records) <= MOST_AT_ONCE:
        problems.append(Problem("records", say("A list of 1 to %(most)s records", most=MOST_AT_ONCE)))
    params.refuse(problems)
    assert isinstance(records, list)
    odd = {
        index: {"record": [say("Must be a JSON object")]}
        for index, each in enumerate(records)
        if not isinstance(each, dict)
    }
    if odd:
        raise ValidationFailed(rows=odd)
    return records
