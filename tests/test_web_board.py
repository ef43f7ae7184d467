"""The board: its figures, how it learns of a change, and what a look costs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import WEEKDAYS, Membership, Site, User
from deskops.face.changes import state_of
from deskops.modules import MODULES, OPENINGS, PRODUCTION, RECEIVED, TARGETS
from deskops.records import service
from deskops.schema import counters, references
from deskops.web import fragments
from deskops.web.headers import HEADERS
from tests.clients import PageClient
from tests.samples import as_read, sample
from tests.statements import counted
from tests.stock_book import STONE, Book

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


def card(page: TestResponse, name: str) -> str:
    """The text of a card."""
    found = re.search(rf'id="card-{name}">(.*?)</article>', page.text, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def works_in(site: Site, monkeypatch: pytest.MonkeyPatch, hour: int, shifts: str) -> None:
    """Let the site work in these shifts, and its clock say this hour."""
    Site.update(work_shifts=shifts).where(Site.id == site.id).execute()
    references.changed()
    today = site.today()
    now = datetime(today.year, today.month, today.day, hour, tzinfo=ZoneInfo(site.timezone))
    monkeypatch.setattr(Site, "now", lambda self: now)


def test_a_card_says_which_inputs_are_missing_and_which_are_to_come(
    browse: Browse, alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_in(alpha, monkeypatch, 15, "MORNING AFTERNOON NIGHT")
    ann = browse("ann")
    assert card(ann.get("/dashboard"), "production").endswith(
        "Nothing reported yet ◐ 0 of 3 inputs · missing: Morning shift · to come: Afternoon shift, Night shift"
    )
    service.create(MODULES["production"], as_read(sample("production", alpha)), cast("ben"))
    page = ann.get("/dashboard")
    assert "◔ 1 of 3 inputs · to come: Afternoon shift, Night shift" in card(page, "production")
    assert re.search(r'last entry <time datetime="[\d-]+T[\d:]+Z" data-age>', page.text)
    assert (
        "1 of 6 inputs · missing: Opening balance · "
        "to come: Production, Afternoon shift, Production, Night shift, Received and 1 more"
    ) in card(page, "inventory")


def test_nothing_declared_is_nothing_and_no_gap(browse: Browse, alpha: Site, cast: Cast) -> None:
    book = Book(alpha, cast("ann"), alpha.today())
    book.nil(0, ["received"])
    page = browse("ann").get("/dashboard")
    assert figures(page) == {"received": 0}
    assert "● 1 of 1 inputs" in card(page, "received")
    assert drawn(page, "flow")["Received"] == [None] * 6 + [0]
    assert "Not complete: " in page.text
    book.nil(0, ["dispatch"])
    assert drawn(browse("ann").get("/dashboard"), "flow")["Net"] == [None] * 6 + [0]


def test_a_day_off_expects_nothing(browse: Browse, alpha: Site) -> None:
    others = " ".join(day for place, day in enumerate(WEEKDAYS) if place != alpha.today().weekday())
    Site.update(work_days=others).where(Site.id == alpha.id).execute()
    references.changed()
    assert card(browse("ann").get("/dashboard"), "production").endswith("No inputs due today")


def test_bars_are_shaded_by_how_much_of_the_target_they_meet(browse: Browse, alpha: Site, cast: Cast) -> None:
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=6))
    book.keep(TARGETS, 1, productionTons=Decimal(100))
    for offset, tons in enumerate(("50", "100", "80", "79.999", "120")):
        book.enter(PRODUCTION, offset, STONE, tons, shift="MORNING")
    page = browse("ann").get("/dashboard")
    found = re.search(r'id="production-rows">(.*?)</script>', page.text)
    assert found
    target, produced = json.loads(found[1])["series"]
    assert target["data"] == [None, *[100] * 6]
    assert produced["shades"] == ["production", "good", "near", "far", "good", "open", "open"]
    assert produced["data"] == [50, 100, 80, 79.999, 120, None, None]
    assert "Production against the target" in page.text
    assert "80.0\u00a0%" in page.text


def test_a_day_that_misses_a_shift_is_an_outline(
    browse: Browse, alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_in(alpha, monkeypatch, 23, "MORNING AFTERNOON")
    book = Book(alpha, cast("ann"), alpha.today())
    book.enter(PRODUCTION, 0, STONE, "10", shift="MORNING")
    page = browse("ann").get("/dashboard")
    found = re.search(r'id="production-rows">(.*?)</script>', page.text)
    assert found
    (produced,) = json.loads(found[1])["series"]
    assert (produced["data"][-1], produced["shades"][-1]) == (10, "open")
    assert "not complete" in page.text


def test_the_stock_is_the_fourth_card_as_of_its_day(browse: Browse, alpha: Site, cast: Cast) -> None:
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=2))
    book.enter(OPENINGS, 0, STONE, "100")
    book.enter(RECEIVED, 0, STONE, "25")
    book.nil(0, ["production", "dispatch"])
    page = browse("vera").get("/dashboard")
    assert figures(page)["inventory"] == 125
    day = book.day(0)
    told = card(page, "inventory")
    assert f"as of {day:%b} {day.day}, {day.year}" in told
    assert "+25.0" in told
    assert "1 of 4 inputs · to come: Production, Received, Dispatch" in told


def test_a_longer_week_costs_the_board_no_more_statements(
    browse: Browse, alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = browse("ann")
    few = first_board_statements(ann, monkeypatch)
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=6))
    book.enter(OPENINGS, 0, STONE, "100")
    for offset in range(7):
        book.enter(RECEIVED, offset, STONE, "25")
        book.nil(offset, ["production", "dispatch"])
    ann.get("/dashboard")
    many = first_board_statements(ann, monkeypatch)
    # The first day of the ledger, and what moved on days off.
    assert len(many) <= len(few) + 5
