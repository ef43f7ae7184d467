"""The board: its figures, how it learns of a change, and what a look costs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from werkzeug.test import TestResponse

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Membership, Site, User
from deskops.face.changes import state_of
from deskops.modules import MODULES
from deskops.records import service
from deskops.schema import counters
from deskops.web import fragments
from deskops.web.headers import HEADERS
from tests.clients import PageClient
from tests.samples import as_read, sample
from tests.statements import counted

Browse = Callable[..., PageClient]
Cast = Callable[[str], Actor]


def enter(module: str, site: Site, actor: Actor, tons: float) -> None:
    service.create(MODULES[module], as_read(sample(module, site, quantity=tons)), actor)


def figures(answer: TestResponse) -> dict[str, Decimal]:
    """{card: its tons}, of the cards that know any."""
    found = re.findall(r'id="card-(\w+)">(.*?)</article>', answer.text, re.DOTALL)
    told = {name: re.search(r'<data value="([^"]+)"', card) for name, card in found}
    return {name: Decimal(value[1]) for name, value in told.items() if value}


def drawn(page: TestResponse, chart: str) -> dict[str, list[float | None]]:
    """{series: its values} of one of the page's charts."""
    found = re.search(rf'id="{chart}-rows">(.*?)</script>', page.text)
    assert found
    return {one["label"]: one["data"] for one in json.loads(found[1])["series"]}


def test_the_cards_and_the_table_show_the_same_tons(browse: Browse, alpha: Site, cast: Cast) -> None:
    enter("received", alpha, cast("ben"), 18.04)
    enter("received", alpha, cast("ben"), 2.5)
    enter("dispatch", alpha, cast("ben"), 7.125)
    ann = browse("ann")
    board = ann.get("/dashboard")
    assert figures(board) == {"received": Decimal("20.54"), "dispatched": Decimal("7.125")}
    assert "20.540" in ann.get("/received", period="today").text
    assert "No inventory recorded" in board.text


def test_all_my_sites_are_summed_and_named(browse: Browse, alpha: Site, beta: Site, cast: Cast) -> None:
    enter("received", alpha, cast("ben"), 10)
    enter("received", beta, cast("cleo"), 5)
    ada = browse("ada")
    assert figures(ada.get("/dashboard"))["received"] == 15
    assert figures(ada.get("/dashboard", siteId=beta.code))["received"] == 5
    assert "Today by site" in ada.get("/dashboard").text
    assert figures(browse("cleo").get("/dashboard"))["received"] == 5


def test_a_day_nobody_reported_is_a_gap(browse: Browse, alpha: Site, cast: Cast) -> None:
    enter("received", alpha, cast("ben"), 10)
    page = browse("ann").get("/dashboard")
    assert drawn(page, "flow") == {
        "Net": [None] * 7,
        "Received": [None] * 6 + [10],
        "Dispatched": [None] * 7,
    }
    assert drawn(page, "production")["Production"] == [None] * 7


def look(somebody: PageClient, tag: str = "", query: str = "") -> TestResponse:
    return somebody.client.get(f"/live{query}", headers={"If-None-Match": tag} if tag else {})


def test_a_look_is_answered_304_until_something_changes(browse: Browse, alpha: Site, cast: Cast) -> None:
    ann = browse("ann")
    first = look(ann)
    assert first.status_code == 204
    tag = first.headers["ETag"]
    assert [look(ann, tag).status_code for _ in range(3)] == [304, 304, 304]
    enter("received", alpha, cast("ben"), 10)
    changed = look(ann, tag)
    assert changed.status_code == 204
    assert changed.headers["ETag"] != tag


def test_a_quick_answer_carries_the_headers_of_every_answer(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    tag = look(ann).headers["ETag"]
    for _ in range(3):
        answer = look(ann, tag)
        assert answer.status_code == 304
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert answer.headers["Cache-Control"] == "no-cache"


def test_an_entry_elsewhere_does_not_wake_this_board(
    browse: Browse, alpha: Site, beta: Site, cast: Cast
) -> None:
    ann = browse("ann")
    tag = look(ann).headers["ETag"]
    enter("received", beta, cast("cleo"), 10)
    assert look(ann, tag).status_code == 304


def test_an_idle_look_asks_the_database_for_the_counters_alone(
    browse: Browse, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = browse("ann")
    tag = look(ann).headers["ETag"]
    # The session's cookie was renewed with that answer: this look is the one that is remembered.
    look(ann, tag)
    with counted(monkeypatch) as seen:
        for _ in range(20):
            counters.forget()
            assert look(ann, tag).status_code == 304
    assert len(seen) == 20
    assert all("change_counter" in sql for sql in seen)


def test_many_boards_cost_one_rendering_of_a_change(
    browse: Browse, alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards = [browse(nick) for nick in ("ann", "ben", "vera", "bob")]
    enter("received", alpha, cast("ben"), 10)
    with counted(monkeypatch) as seen:
        for board in boards:
            board.get("/dashboard", fragment=True)
    assert len([sql for sql in seen if "_total" in sql]) == len(
        [sql for sql in first_board_statements(boards[0], monkeypatch) if "_total" in sql]
    )


def first_board_statements(board: PageClient, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    fragments.kept.forget()
    with counted(monkeypatch) as seen:
        board.get("/dashboard", fragment=True)
    return seen


def test_after_signing_out_a_look_is_refused_at_once(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    tag = look(ann).headers["ETag"]
    assert look(ann, tag).status_code == 304
    cookie = ann.client.get_cookie("deskops_session")
    assert cookie is not None
    ann.get("/dashboard")
    ann.post("/signout", {})
    ann.client.set_cookie("deskops_session", cookie.value)
    counters.forget()
    assert look(ann, tag).status_code == 302


def test_a_board_of_a_site_that_is_no_longer_mine_is_refused(browse: Browse, alpha: Site, beta: Site) -> None:
    ada = browse("ada")
    tag = look(ada, query="?siteId=BETA-02").headers["ETag"]
    look(ada, tag, "?siteId=BETA-02")
    with database.transaction():
        User.update(is_admin=False).where(User.email == "ada@yard.test").execute()
        Membership.create(user=User.get(User.email == "ada@yard.test"), site=alpha, role="VIEWER")
        counters.take([counters.PEOPLE])
    counters.forget()
    assert look(ada, tag, "?siteId=BETA-02").status_code == 403


def test_midnight_at_the_site_is_a_change(alpha: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state_of([alpha])
    tomorrow = alpha.today() + timedelta(days=1)
    monkeypatch.setattr(Site, "today", lambda self: tomorrow)
    assert state_of([alpha]) != before


def test_the_end_of_a_shift_is_a_change(alpha: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [datetime(2026, 3, 2, hour, 59, tzinfo=UTC) for hour in (12, 13, 14)]
    seen = []
    for now in moments:
        monkeypatch.setattr(Site, "now", lambda self, now=now: now)
        seen.append(state_of([alpha]))
    assert seen[0] == seen[1] != seen[2]
