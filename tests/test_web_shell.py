"""What every page shares: headers, static files, health, errors, and no script or style within a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from deskops import database
from deskops.errors import Message, say
from deskops.modules import MODULES
from deskops.paths import STATIC, TEMPLATES
from deskops.schema import kinds
from deskops.web import words
from tests.clients import PageClient

Browse = Callable[..., PageClient]
PAGES = ("/dashboard", "/stock", *(f"/{name}" for name in MODULES), *(f"/{name}/new" for name in MODULES))
STYLES = sorted((STATIC / "css").glob("*.css"))
# Left and right belong to one script; start and end to all.
ONE_SIDED = re.compile(
    r"(?<![\w-])(left|right|(margin|padding|border)-(left|right)(-\w+)?|text-align: (left|right))\s*[:;]"
)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_script_or_a_style_within_it(browse: Browse, path: str) -> None:
    page = browse("ann").get(path).text
    assert not re.search(r"\sstyle=|\son\w+=|hx-on|javascript:", page)
    scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", page)
    assert all("src=" in attributes or "application/json" in attributes for attributes, _ in scripts)
    assert "<style" not in page


@pytest.mark.parametrize(
    "path", ["/dashboard", "/signin", "/no-such-page", "/healthz", "/static/favicon.svg"]
)
def test_every_answer_has_the_headers_that_guard_it(browse: Browse, path: str) -> None:
    answer = browse("ann").get(path)
    answer.close()
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_static_files_are_named_by_their_content_and_kept_for_long(browse: Browse) -> None:
    ann = browse("ann")
    page = ann.get("/dashboard")
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(found) > 10
    for address in found:
        assert re.search(r"\?v=[0-9a-f]{12}$", address)
        answer = ann.client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        answer.close()
    assert page.headers["Cache-Control"] == "no-store"


def test_health_is_public_and_names_what_is_away(
    app: Flask, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = browse(None)
    assert nobody.get("/healthz").json == {"status": "ok", "database": "ok", "queue": "ok"}

    def fails(*_: object) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(database, "rows", fails)
    answer = nobody.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["database"] == "away"


def test_an_unknown_page_is_a_page(browse: Browse) -> None:
    answer = browse("ann").get("/no-such-page")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_an_unforeseen_error_says_its_request_and_nothing_else(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = browse("ann")

    def breaks(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("deskops.web.dashboard.board_html", breaks)
    page = ann.get("/dashboard", period="last30")
    assert page.status_code == 500
    assert "secret detail" not in page.text
    assert re.search(r"request [0-9a-f]{16}", page.text)


@pytest.mark.parametrize("sheet", STYLES, ids=lambda path: path.name)
def test_styles_know_no_left_and_right(sheet: Path) -> None:
    lines = [line.strip() for line in sheet.read_text().splitlines()]
    assert [line for line in lines if ONE_SIDED.search(line)] == []


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("_*.html")), ids=lambda path: path.name)
def test_a_fragment_has_one_root_named_for_its_file(template: Path) -> None:
    text = re.sub(r"\{[#%].*?[#%]\}", "", template.read_text(), flags=re.DOTALL).strip()
    root = re.match(r"<(\w+)\s[^>]*\bid=\"([\w-]+)\"", text)
    assert root
    assert root[2] in (
        f"{template.parent.name}-{template.stem.removeprefix('_')}",
        template.stem.removeprefix("_"),
    )
    assert text.endswith(f"</{root[1]}>")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (kinds.TONS, Decimal("1234.5"), "1,234.500"),
        (kinds.HOURS, Decimal("6.5"), "6.50"),
        (kinds.PERCENT, Decimal("93.75"), "93.8"),
        (kinds.PERCENT, Decimal("81.25"), "81.3"),
        (kinds.COUNT, 1204, "1,204"),
        (kinds.DAY, date(2026, 3, 9), "Mar 9, 2026"),
        (kinds.CHOICE, "ACTIVE", "Active"),
        (kinds.LINES, ("belt", "fuel"), "belt; fuel"),
        (kinds.TEXT, None, ""),
    ],
)
def test_a_value_is_worded_by_its_kind(app: Flask, kind: kinds.Kind, value: object, shown: str) -> None:
    with app.test_request_context():
        assert words.value_text(kind, value) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 B"), (999, "999 B"), (1_250, "1.3 kB"), (64_000_000, "64.0 MB")]
)
def test_a_files_size_is_worded(app: Flask, size: int, shown: str) -> None:
    with app.test_request_context():
        assert words.file_size(size).replace("\u00a0", " ") == shown


def test_a_message_words_its_values(app: Flask) -> None:
    with app.test_request_context():
        assert words.text(say("At most %(most)s t", most=Decimal("1234.5"))) == "At most 1,234.5 t"
        assert words.text(say("Not after %(today)s", today=date(2026, 3, 9))) == "Not after Mar 9, 2026"
        assert words.text(Message("50 % is a plain text")) == "50 % is a plain text"
