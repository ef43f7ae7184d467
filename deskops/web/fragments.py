"""Pages and their fragments: which of both was asked for, and rendered fragments kept while nothing changed."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from flask import Response, make_response, request

MOST_KEPT = 500
# The form of a page that chooses what the page looks at.
VIEW_FORM = "view"


def is_fragment() -> bool:
    """Whether a script asked for a piece: not a whole page, not a page from the browser's history."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def answer(html: str, status: int = 200) -> Response:
    """HTML of a page or a fragment; both share the address, so caches must tell them apart."""
    response = make_response(html, status)
    response.vary.add("HX-Request")
    return response


def done(**facts: Any) -> Response:
    """A write is done: 204, and the names of what happened for whoever listens (`records_changed` and so on)."""
    response = make_response("", 204)
    named = {name.replace("_", "-"): value for name, value in facts.items()}
    response.headers["HX-Trigger"] = json.dumps(named)
    return response


class KeptFragments:
    """Rendered fragments by what they depend on. Of many readers who ask for the same new one, one renders it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, str] = OrderedDict()
        self._rendering: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, render: Callable[[], str]) -> str:
        """The kept text of this key, or a newly rendered one."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            turn = self._rendering.setdefault(key, threading.Lock())
        with turn:
            html = self._kept.get(key)
            if html is None:
                try:
                    html = render()
                    self._keep(key, html)
                finally:
                    with self._lock:
                        self._rendering.pop(key, None)
            return html

    def _keep(self, key: Hashable, html: str) -> None:
        with self._lock:
            self._kept[key] = html
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()


kept = KeptFragments()


def of_view(html: str, url: str) -> Response:
    """The fragment of what a page looks at; with its address, where the page's own form chose it."""
    response = answer(html)
    if request.headers.get("HX-Trigger") == VIEW_FORM:
        response.headers["HX-Push-Url"] = url
    return response


def kept_view(key: Hashable, render: Callable[[], str], page: Callable[[str], str], url: str) -> Response:
    """What a page looks at, kept by this key; within its `page`, unless a script asked for the fragment alone."""
    html = kept.get(key, render)
    return of_view(html, url) if is_fragment() else answer(page(html))


def key_of(params: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Parameters as part of a key."""
    return tuple(sorted(params.items()))
