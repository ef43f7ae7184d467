"""Reads that are asked for again: 304 where nothing they show has changed, before anything of it is read.

A tag stands for everything an answer depends on but what it says: who asks, for what, and how often the sites in
question, the lists and the people have changed. Whoever holds the present one was answered 200 as things stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from deskops import __version__
from deskops.accounts.models import Site
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.schema import counters, references

View = Callable[..., Response]
NAMING_SITES = ("siteId", "siteIds")
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}


def conditional(view: View) -> View:
    """The view, its answers tagged."""

    @wraps(view)
    def answer(**named: Any) -> Response:
        tag = state_tag(named)
        if request.if_none_match.contains_weak(tag) and not request.if_none_match.star_tag:
            return unchanged(f'W/"{tag}"')
        return tagged(view(**named), f'W/"{tag}"')

    return answer


def state_tag(named: dict[str, Any]) -> str:
    """`named` are the parts of the path, one of which may name a site."""
    actor = identity.actor()
    parts = (
        __version__,
        actor.user_id,
        actor.token_id,
        request.path,
        request.query_string,
        request.headers.get("Accept"),
        counters.version([counters.PEOPLE]),
        state_of(sites_named(named) or actor.sites()),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def sites_named(named: dict[str, Any]) -> list[Site]:
    texts = [text for name in NAMING_SITES for text in request.args.getlist(name)]
    texts += map(str, named.values())
    names = {part.strip() for text in texts for part in text.split(",")}
    return [site for name in sorted(names) if (site := references.find(Site, name))]


def tagged(response: Response, tag: str) -> Response:
    """The answer under its tag; 304 in its place where the caller has it already, whichever that is for `*`."""
    if response.status_code != 200:
        return response
    if request.if_none_match.contains_weak(tag.removeprefix("W/").strip('"')):
        response.close()
        return unchanged(tag)
    response.headers["ETag"] = tag
    response.headers.update(HEADERS)
    return response


def unchanged(tag: str) -> Response:
    """304: what the caller has is what there is."""
    response = Response(status=304, headers={"ETag": tag, **HEADERS})
    response.headers.remove("Content-Type")
    return response
