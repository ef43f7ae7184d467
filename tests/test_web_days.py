"""The pages of the days: the board of missing inputs, nil returns by one button, closing and reopening."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.days import closing
from deskops.days.board import CLOSED, OPEN, days_of
from deskops.days.models import DayClosing
from deskops.errors import DayClosed
from deskops.modules import DISPATCH, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.nil import NilReturn
from deskops.sanity.models import Review
from deskops.schema import references
from deskops.web import days as pages
from tests.clients import PageClient
from tests.day_book import MONDAY, Book
from tests.statements import counted

Browse = Callable[..., PageClient]
DAY = f"/days/{MONDAY}"
NIL = "/days/nil"


@pytest.fixture
def book(alpha: Site, cast: Callable[[str], Actor]) -> Book:
    return Book(alpha, cast)


@pytest.fixture
def by_shift(alpha: Site) -> Site:
    """Alpha works in two shifts, Friday off, and reports the three flows alone."""
    alpha.work_days, alpha.work_shifts = "MON TUE WED THU SAT SUN", "MORNING AFTERNOON"
    alpha.reports = "production received dispatch"
    alpha.save()
    references.forget()
    return alpha


def look(somebody: PageClient, days: int = 3, **query: Any) -> TestResponse:
    """The board from Monday on."""
    end = MONDAY + timedelta(days=days - 1)
    return somebody.get(
        "/days", period="custom", startDate=MONDAY.isoformat(), endDate=end.isoformat(), **query
    )


def rows(answer: TestResponse) -> dict[str, str]:
    """{day: its row as a reader sees it}."""
    found = re.findall(r'<tr id="day-[^"]+-(\d{4}-\d\d-\d\d)".*?</tr>', answer.text, re.DOTALL)
    parts = re.findall(r'<tr id="day-.*?</tr>', answer.text, re.DOTALL)
    return {day: read(part) for day, part in zip(found, parts, strict=True)}


def read(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u202f", " ").split())


def values(answer: TestResponse, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', answer.text)


def test_the_board_tells_each_input_with_who_and_when_the_newest_day_on_top(
    book: Book, by_shift: Site, browse: Browse
) -> None:
    book.enter(OPENINGS, "100")
    book.enter(PRODUCTION, "5", shift="MORNING")
    book.nil("received")
    answer = look(browse("vera"))
    assert list(rows(answer)) == ["2026-03-04", "2026-03-03", "2026-03-02"]
    monday = rows(answer)["2026-03-02"]
    # Entered long after the shift was over.
    assert "✓ Late 1 records of Production, Morning Ann Moderator, Nov" in monday
    assert "∅ Nil Ben Operator, Nov" in monday
    assert "✕ Missing" in monday
    assert "3 of 5" in monday
    assert "1 of 5" in rows(answer)["2026-03-03"]


def test_a_missing_input_leads_to_its_form_with_day_and_shift(
    book: Book, by_shift: Site, browse: Browse
) -> None:
    text = look(browse("ben")).text
    assert 'href="/production/new?date=2026-03-02&amp;shift=AFTERNOON&amp;period=custom' in text
    assert 'href="/received/new?date=2026-03-02&amp;period=custom' in text


def test_who_only_reads_is_offered_no_form_and_no_button(book: Book, browse: Browse) -> None:
    for path in ("/days", DAY):
        text = browse("vera").get(path).text
        assert "/new?" not in text
        assert 'name="declare"' not in text
        assert "/close" not in text


def test_one_button_declares_nil_and_the_next_takes_it_back(
    book: Book, by_shift: Site, browse: Browse
) -> None:
    ben = browse("ben")
    place = "2026-03-02 production AFTERNOON"
    assert place in values(look(ben), "declare")
    assert ben.post(NIL, {"declare": place}, fragment=True).status_code == 204
    answer = look(ben)
    assert place not in values(answer, "declare")
    assert "∅ Nil" in rows(answer)["2026-03-02"]
    [nil_id] = values(answer, "withdraw")
    answer = ben.post(NIL, {"withdraw": nil_id, "back": "2026-03-02"})
    assert (answer.status_code, answer.headers["Location"]) == (303, DAY)
    assert place in values(look(ben), "declare")
    assert NilReturn.get().void_reason


def test_a_nil_return_beside_records_is_refused_in_words(book: Book, browse: Browse) -> None:
    book.enter(RECEIVED, "5")
    refused = browse("ben").post(NIL, {"declare": "2026-03-02 received"}, fragment=True)
    assert refused.status_code == 409
    assert "records stand there" in refused.text
    for senseless in ("", "2026-03-02", "yesterday received", "2026-03-02 weather"):
        assert browse("ben").post(NIL, {"declare": senseless}, fragment=True).status_code == 400


def test_a_day_off_owes_nothing(book: Book, by_shift: Site, browse: Browse) -> None:
    friday = rows(look(browse("ben"), days=5))["2026-03-06"]
    assert "day off" in friday
    assert "Missing" not in friday


def test_days_ahead_are_not_shown_and_a_long_range_ends_in_its_newest_days(
    book: Book, browse: Browse, alpha: Site
) -> None:
    today, ann = alpha.today(), browse("ann")
    later = (today + timedelta(days=5)).isoformat()
    ahead = ann.get("/days", period="custom", startDate=today.isoformat(), endDate=later)
    assert list(rows(ahead)) == [today.isoformat()]
    tomorrow = (today + timedelta(days=1)).isoformat()
    nothing = ann.get("/days", period="custom", startDate=tomorrow, endDate=tomorrow)
    assert "These days lie ahead" in nothing.text
    years = ann.get("/days", period="custom", startDate="2020-01-01", endDate=today.isoformat())
    assert len(rows(years)) == pages.MOST_DAYS
    assert "The newest days are shown" in years.text


def test_the_board_of_several_sites_names_each(book: Book, beta: Site, browse: Browse) -> None:
    text = look(browse("ada")).text
    assert "Alpha Yard" in text
    assert "Beta Yard" in text
    assert "siteId=BETA-02" in text
    # A yard where nothing is kept and nothing was entered is not a wall of what is missing.
    assert "<table" not in text
    book.enter(RECEIVED, "12.5")
    assert look(browse("ada")).text.count("<table") == 1
    assert browse("ada").get(DAY).headers["Location"] == "/days"


def test_a_board_costs_as_many_statements_for_a_month_as_for_a_day(
    book: Book, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.whole_day()
    ann = browse("ann")
    costs = []
    for days in (1, 30):
        look(ann, days=days + 1)
        with counted(monkeypatch) as seen:
            look(ann, days=days)
        # How often the counters are looked at is a matter of time.
        costs.append(len([sql for sql in seen if "change_counter" not in sql]))
    assert costs[0] == costs[1]


def test_a_whole_day_shows_its_figures_and_closes(book: Book, browse: Browse) -> None:
    book.whole_day()
    ann = browse("ann")
    text = read(ann.get(DAY).text)
    assert "Open 6 of 6 inputs" in text
    assert "Inputs Opening balance ✓ There Production" in text
    assert "3/4 AGG-3/4 100.000 5.000 12.500 2.250 0.000 115.250" in text
    assert "What stands against closing" not in text
    assert "Nothing stands against it" in ann.get(f"{DAY}/close", fragment=True).text
    closed = ann.post(f"{DAY}/close", {"reason": "Counted"}, fragment=True)
    assert (closed.status_code, closed.headers["HX-Redirect"]) == (204, DAY)
    text = read(ann.get(DAY).text)
    assert "Closed by Ann Moderator, " in text
    assert "Counted" in text
    assert f"Entry {DayClosing.get().sequence} of the audit chain" in text
    assert "Reopen …" in text
    # Said above: the list of closings begins where there are several.
    assert text.count("Counted") == 1
    with pytest.raises(DayClosed):
        book.enter(RECEIVED, "1")


def test_blockers_are_named_with_their_cures_and_a_reason_overrides(book: Book, browse: Browse) -> None:
    book.enter(OPENINGS, "100")
    ann = browse("ann")
    asked = ann.get(f"{DAY}/close", fragment=True).text
    assert "Received: neither a record nor a nil return" in read(asked)
    assert 'href="/received/new?date=2026-03-02"' in asked
    refused = ann.post(f"{DAY}/close", {"override": "yes", "reason": " "}, fragment=True)
    assert refused.status_code == 400
    assert "Say why the day is to be closed all the same" in refused.text
    without = ann.post(f"{DAY}/close", {"reason": "Flood"}, fragment=True)
    assert without.status_code == 409
    assert 'value="Flood"' in without.text
    assert state(book) == OPEN
    answer = ann.post(f"{DAY}/close", {"override": "yes", "reason": "Flood"})
    assert (answer.status_code, answer.headers["Location"]) == (303, DAY)
    text = read(ann.get(DAY).text)
    assert "In spite of: Production: neither a record nor a nil return" in text
    assert "Closed without all its inputs: these are its records." in text
    assert "Not stored yet" not in text


def test_what_no_reason_overrides_offers_no_button(book: Book, browse: Browse) -> None:
    book.whole_day()
    book.nil("production", "received", "dispatch", "equipment", "manpower", offset=1)
    ann = browse("ann")
    text = ann.get("/days/2026-03-03/close").text
    assert "Days close in order" in text
    assert f'href="{DAY}"' in text
    assert "Close anyway" not in text
    assert 'name="reason"' not in text
    nowhere = ann.get("/days/2026-03-01/close").text
    assert "The ledger begins on Mar 2, 2026" in nowhere


def test_stock_below_zero_and_what_waits_for_review_are_named_with_where_to_look(
    book: Book, browse: Browse
) -> None:
    book.whole_day()
    load = book.enter(DISPATCH, "200")
    waiting = {"module": "dispatch", "record_id": load.id, "doubts": "[]", "raised_by": load.created_by}
    Review.create(site=book.site, date=MONDAY, **waiting)
    text = browse("ann").get(DAY).text
    assert "3/4: -84.75 t at the end of the day" in read(text)
    assert "Dispatch of Mar 2, 2026: a doubtful entry waits for review" in read(text)
    assert 'href="/reviews"' in text
    assert 'href="/dispatch?period=custom&amp;startDate=2026-03-02&amp;endDate=2026-03-02' in text
    assert '<td class="number is-negative">-84.750</td>' in text


def test_an_operator_may_neither_close_nor_reopen(book: Book, browse: Browse) -> None:
    book.whole_day()
    for verb in ("close", "reopen"):
        assert browse("ben").get(f"{DAY}/{verb}").status_code == 403
        assert browse("ben").post(f"{DAY}/{verb}", {"reason": "Mine"}).status_code == 403
    assert "Close the day" not in browse("ben").get(DAY).text


def test_reopening_asks_why_and_then_shows_what_moved(book: Book, browse: Browse) -> None:
    book.whole_day()
    closing.close(book.site, MONDAY, book.cast("ann"))
    ann = browse("ann")
    refused = ann.post(f"{DAY}/reopen", {"reason": ""}, fragment=True)
    assert refused.status_code == 400
    assert "Say why the day is opened again" in refused.text
    ann.post(f"{DAY}/reopen", {"reason": "A load was forgotten"}, fragment=True)
    book.enter(RECEIVED, "7.5")
    text = read(ann.get(DAY).text)
    assert "Reopened" in text
    assert "Moved since it was closed" in text
    assert "3/4 AGG-3/4 115.250 122.750 +7.500" in text
    assert "A load was forgotten" in text
    assert ann.post(f"{DAY}/reopen", {"reason": "Twice"}, fragment=True).status_code == 409


def test_an_address_that_is_no_day_is_not_found(book: Book, browse: Browse) -> None:
    for day in (
        "yesterday",
        "2026-02-30",
        "20260302",
        "2026-W10-1",
        "1899-12-31",
        "0001-01-01",
        "9999-12-31",
    ):
        for page in ("", "/close", "/sheet", "/sheet.pdf"):
            assert browse("ann").get(f"/days/{day}{page}").status_code == 404


def test_the_last_days_that_there_are_owe_nothing(book: Book, browse: Browse) -> None:
    for day in ("1900-01-01", "9999-12-30"):
        for page in ("", "/close", "/sheet"):
            assert browse("ann").get(f"/days/{day}{page}").status_code == 200


@pytest.mark.parametrize("page", ["/days", "/stock", "/balance", "/dashboard"])
def test_a_range_of_days_begins_with_the_calendars_first_at_the_earliest(
    page: str, book: Book, browse: Browse
) -> None:
    for day, status in (("0001-01-01", 400), ("1899-12-31", 400), ("1900-01-01", 200), ("9999-12-31", 200)):
        assert browse("ann").get(page, startDate=day, endDate=day).status_code == status


def test_another_sites_day_is_refused(book: Book, browse: Browse) -> None:
    for page in ("", "/close", "/reopen", "/sheet", "/sheet.pdf"):
        assert browse("cleo").get(f"{DAY}{page}", siteId="ALPHA-01").status_code == 403
    assert (
        browse("cleo").post(f"{NIL}?siteId=ALPHA-01", {"declare": "2026-03-02 received"}).status_code == 403
    )


def test_a_closed_day_on_the_board_leads_to_no_form(book: Book, browse: Browse) -> None:
    book.enter(OPENINGS, "100")
    closing.close(book.site, MONDAY, book.cast("ann"), reason="Flood", override=True)
    answer = look(browse("ann"), days=1)
    assert "Closed" in rows(answer)["2026-03-02"]
    assert "/new?" not in re.findall(r"<tbody>.*</tbody>", answer.text, re.DOTALL)[0]
    assert values(answer, "declare") == []
    assert state(book) == CLOSED


def state(book: Book) -> str:
    [found] = days_of(book.site, MONDAY, MONDAY)
    return found.state
