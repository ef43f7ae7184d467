"""How an open page learns that something changed: it asks each second, and is mostly told "no" before Flask begins.

The ETag of a look holds the change counters of the sites in view and their own dates. The middleware answers 304
where the browser already has it and its session was checked a moment ago; anything else goes the full way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, make_response, request

from deskops import database
from deskops.accounts.models import Site
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.schema import counters, references
from deskops.web.headers import HEADERS
from deskops.web.scope import read_scope

PATH = "/live"
CHECKED_SECONDS = 15.0
MOST_REMEMBERED = 10_000

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Look(NamedTuple):
    """A look that was answered in full: its sites, and how long its session is taken as good."""

    site_ids: tuple[str, ...]
    people: int
    until: float


_looks: dict[tuple[str, str], Look] = {}
_lock = threading.Lock()


def register(app: Flask, pages: Blueprint) -> None:
    pages.add_url_rule(PATH, "live", look)
    app.wsgi_app = quick_answers(app.wsgi_app)  # type: ignore[method-assign, assignment]


def look() -> Response:
    """204 with the present ETag, remembered for the next looks of this browser."""
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    people = counters.recent().get(counters.PEOPLE, 0)
    response = make_response("", 204)
    response.set_etag(state_of(scope.sites))
    response.headers["Cache-Control"] = "no-cache"
    known = Look(tuple(site.id for site in scope.sites), people, time.monotonic() + CHECKED_SECONDS)
    remember(key_of(request.environ), known)
    response.make_conditional(request.environ)
    return response


def quick_answers(app: Wsgi) -> Wsgi:
    """The middleware in front of the application."""

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == PATH and has_seen_all(environ):
            kept = {"ETag": environ["HTTP_IF_NONE_MATCH"], "Cache-Control": "no-cache"}
            start("304 Not Modified", [*(HEADERS | kept).items()])
            return []
        return app(environ, start)

    return answer


def has_seen_all(environ: dict[str, Any]) -> bool:
    """Whether this browser, whose session was checked a moment ago, already knows how things stand."""
    known = _looks.get(key_of(environ))
    if known is None or time.monotonic() > known.until or environ.get("REQUEST_METHOD") != "GET":
        return False
    database.open_connection()
    try:
        if counters.recent().get(counters.PEOPLE, 0) != known.people:
            return False
        sites = [references.by_id(Site, site_id) for site_id in known.site_ids]
        return str(environ.get("HTTP_IF_NONE_MATCH")) == f'"{state_of(sites)}"'
    except Exception:
        # The full way words the failure.
        return False
    finally:
        database.release_connection()


def key_of(environ: dict[str, Any]) -> tuple[str, str]:
    return environ.get("HTTP_COOKIE", ""), environ.get("QUERY_STRING", "")


def remember(key: tuple[str, str], known: Look) -> None:
    with _lock:
        if len(_looks) >= MOST_REMEMBERED:
            _looks.clear()
        _looks[key] = known


def forget() -> None:
    """Forget every checked session: the next look of each goes the full way."""
    with _lock:
        _looks.clear()
