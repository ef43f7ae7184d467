"""The records of every module: one set of views, made for each module from its declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import READ
from deskops.api import envelope, params, streaming
from deskops.api.bodies import read_object
from deskops.api.conditional import tagged
from deskops.api.repeats import REPLAYED, once
from deskops.errors import Forbidden, NotFound, Problem, ValidationFailed, say
from deskops.face import identity
from deskops.records import listing, service
from deskops.records.listing import Page
from deskops.records.module import Module
from deskops.records.query import first, read_query
from deskops.records.row_writing import JsonRows
from deskops.schema import counters, references

MOST_AT_ONCE = 1_000
NO_SUCH_VERSION = -1


class RecordRoutes:
    """The views of one module, at this path below /api. Whether a list must name its days is the module's."""

    days_required = True

    def __init__(self, module: Module, path: str) -> None:
        self.module, self.path = module, path
        self.rows = JsonRows(module)

    def read_list(self) -> Response:
        actor, medium = identity.actor(), streaming.medium_wanted()
        if medium is not None:
            return streaming.whole_list(self.module, actor, medium, days_required=self.days_required)
        query = read_query(self.module, params.sent(), actor, days_required=self.days_required)
        page = listing.list_page(self.module, query)
        return envelope.answer({"data": self.rows.objects(page.rows), "meta": meta(page)})

    def create(self) -> Response:
        actor = self._clerk()
        body = read_object()
        self._refuse_foreign([body], actor)

        def make(key: str | None) -> Response:
            saved = service.create(self.module, body, actor, key=key)
            return self._answer(saved, 201, {"Location": f"/api{self.path}/{saved.record.id}"})

        return once(actor, body, make)

    def create_many(self) -> Response:
        actor = self._clerk()
        sents = read_batch(read_object())
        self._refuse_foreign(sents, actor)

        def make(key: str | None) -> Response:
            saved = service.create_many(self.module, sents, actor, key=key)
            told = [self.module.json(one.record) for one in saved]
            doubts = {str(at): envelope.warnings(one.doubts) for at, one in enumerate(saved) if one.doubts}
            return envelope.one(told, 201, replayed(saved[0]), warnings=doubts)

        return once(actor, sents, make)

    def read(self, record_id: UUID) -> Response:
        void_too = params.switch(params.only(params.INCLUDE_VOID), params.INCLUDE_VOID)
        record = listing.find(self.module, str(record_id))
        if record is None or not (record.is_live or void_too):
            raise NotFound
        identity.actor().require(READ, record.site_id, record.created_by)
        return tagged(envelope.one(self.module.json(record)), version_tag(record)["ETag"])

    def correct(self, record_id: UUID) -> Response:
        actor = identity.actor()
        # Whether the caller may at all is judged before the body is.
        held = listing.get(self.module, str(record_id), actor, self.module.rights.correct)
        params.only()
        saved = service.correct(
            self.module, held.id, read_object(), actor, version=version_asked_for(held.version)
        )
        return self._answer(saved, 200, {})

    def void(self, record_id: UUID) -> Response:
        actor = identity.actor()
        held = listing.get(self.module, str(record_id), actor, self.module.rights.void)
        reason = first(params.only(params.REASON), params.REASON.name) or None
        service.void(self.module, held.id, actor, reason=reason, version=version_asked_for(held.version))
        return envelope.nothing()

    def _clerk(self) -> Actor:
        """The actor, who may enter records at some site. Raises Forbidden before anything of the body is judged."""
        actor = identity.actor()
        if not actor.sites(self.module.rights.create):
            raise Forbidden(say("You may not enter records at any site"))
        params.only()
        return actor

    def _refuse_foreign(self, sents: Sequence[Mapping[str, Any]], actor: Actor) -> None:
        """Raises Forbidden where a body names a site at which the actor may not enter, answered before or not."""
        for sent in sents:
            site = references.find(Site, sent.get("siteId"))
            if site is not None:
                actor.require(self.module.rights.create, site.id)

    def _answer(self, saved: service.Saved, status: int, headers: Mapping[str, str]) -> Response:
        return envelope.one(
            self.module.json(saved.record),
            status,
            {**version_tag(saved.record), **replayed(saved), **headers},
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
    """The record's version, and that of the lists: a record names its material and site as they are called now."""
    lists = counters.recent().get(counters.LISTS, 0)
    return {"ETag": f'"{record.version}-{lists}"'}


def version_asked_for(held: int) -> int | None:
    """The version that If-Match asks for; None without the header, no version at all where it does not name this one.

    A weak tag is as good: proxies that compress make every tag weak. The lists may have changed meanwhile.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    versions = {tag.partition("-")[0] for tag in request.if_match.as_set(include_weak=True)}
    return held if str(held) in versions else NO_SUCH_VERSION


def replayed(saved: service.Saved) -> Mapping[str, str]:
    """Says of a create that its key had made the record before."""
    return {} if saved.is_new else REPLAYED


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
