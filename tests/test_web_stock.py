"""The page of the stock: its figures, where they come from, what is missing, and what it looks like before any."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.days import closing
from deskops.insight.explained import DAYS_APART, explained
from deskops.insight.stock import levels_of_day
from deskops.modules import ADJUSTMENTS, DISPATCH, OPENINGS, PRODUCTION, RECEIVED, TARGETS
from tests.clients import PageClient
from tests.statements import counted
from tests.stock_book import INPUTS, RUBBLE, SAND, STONE, Book

Browse = Callable[..., PageClient]
Cast = Callable[[str], Actor]


@pytest.fixture
def book(alpha: Site, cast: Cast) -> Book:
    """Alpha's ledger of the last days: day 0 is four days ago, day 4 is today."""
    return Book(alpha, cast("ann"), alpha.today() - timedelta(days=4))


@pytest.fixture
def begun(book: Book) -> Book:
    """Opened with 1,000 t of stone and 60 t of rubble; days 0 and 1 are complete."""
    book.enter(OPENINGS, 0, STONE, "1000")
    book.enter(OPENINGS, 0, RUBBLE, "60")
    book.nil(0)
    book.enter(RECEIVED, 1, RUBBLE, "20.5")
    book.enter(
        PRODUCTION, 1, STONE, "30", shift="MORNING", feed={"materialId": RUBBLE, "quantity": Decimal(40)}
    )
    book.enter(DISPATCH, 1, STONE, "12.25")
    return book


def cells(page: str, name: str) -> list[str]:
    """The figures in the row of the table that begins with this name."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    (row,) = [row for row in rows if re.search(rf'<th scope="row(?:group)?">(?:\s|<[^>]+>|▸)*{name}\b', row)]
    return [text_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]


def text_of(fragment: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split())


def stock_of(somebody: PageClient, **query: Any) -> str:
    answer = somebody.get("/stock", **query)
    assert answer.status_code == 200
    return answer.text


def why(page: str, material_id: str) -> list[str]:
    """The lines of a material's explanation."""
    found = re.search(rf'id="why-{material_id}".*?</tr>', page, re.DOTALL)
    assert found
    return [text_of(line) for line in re.findall(r"<div>(.*?)</div>", found[0], re.DOTALL)]


def test_the_newest_complete_day_is_shown_by_material_with_sums(browse: Browse, begun: Book) -> None:
    page = stock_of(browse("vera"))
    assert f"{begun.day(1):%b} {begun.day(1).day}, {begun.day(1).year}" in page
    stone = ["1,000.000", "30.000", "0", "12.250", "0", "1,017.750", "+17.750", "● Enough"]
    assert cells(page, "3/4") == stone
    rubble = ["60.000", "0", "20.500", "0", "−40.000", "40.500", "−19.500", "▽ Low"]
    assert cells(page, "MIXED C&amp;D DEBRIS") == rubble
    assert cells(page, "Aggregates")[:-1] == stone[:-1]
    assert cells(page, "Total")[5] == "1,058.250"
    assert "WASHED SAND" not in page


def test_each_figure_is_explained_by_the_records_that_make_it(browse: Browse, begun: Book) -> None:
    begun.enter(ADJUSTMENTS, 2, STONE, "-1.5", kind="LOSS", reason="Washed away")
    begun.enter(RECEIVED, 2, STONE, "3")
    begun.enter(RECEIVED, 2, STONE, "4")
    ann = browse("ann")
    page = stock_of(ann, day=begun.day(2).isoformat())
    assert "Not complete: as its records stand now" in page
    lines = why(page, "MAT002")
    assert [line.split(" ", 3)[3] for line in lines] == [
        "Closing of the last complete day before 1,017.750",
        "Received 2 records +7.000",
        "Loss 1 record −1.500",
    ]
    assert cells(page, "3/4")[5] == "1,023.250"
    links = [html.unescape(url) for url in re.findall(r'<a href="(/(?:received|adjustments)\?[^"]+)"', page)]
    (received,) = [
        url for url in links if url.startswith("/received?") and "AGG-3/4" in url.replace("%2F", "/")
    ]
    assert "1–2 of 2 records" in ann.get(received).text
    (loss,) = [url for url in links if "kind=LOSS" in url]
    assert "1–1 of 1 records" in ann.get(loss).text


def test_the_explanation_of_every_material_adds_up(begun: Book) -> None:
    begun.enter(OPENINGS, 3, SAND, "7")
    begun.enter(DISPATCH, 4, SAND, "2")
    begun.enter(RECEIVED, 2, RUBBLE, "1")
    for offset in range(5):
        day = begun.day(offset)
        told = explained(begun.site, day)
        levels = levels_of_day(begun.site, day)
        assert {level.material.id: level.closing for level in levels} == {
            material_id: one.closing for material_id, one in told.items()
        }
    assert explained(begun.site, begun.day(-1)) == {}


def test_what_lies_long_back_is_one_line_of_each_kind(alpha: Site, cast: Cast) -> None:
    count = DAYS_APART + 10
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=count))
    book.enter(OPENINGS, 0, STONE, "5")
    for offset in range(count):
        book.enter(RECEIVED, offset, STONE, "1")
    (one,) = explained(alpha, alpha.today()).values()
    assert one.closing == 5 + count
    first, *others = one.lines
    assert (first.start, first.end, first.records) == (book.day(0), book.day(10), 11)
    assert len(others) == DAYS_APART - 1


def test_what_is_missing_is_named_with_the_way_to_enter_it(browse: Browse, begun: Book) -> None:
    begun.nil(2, ["received"])
    page = stock_of(browse("ben"))
    found = re.search(rf'id="pending-{begun.day(2).isoformat()}">(.*?)</li>', page, re.DOTALL)
    assert found
    assert text_of(found[1]).endswith("○ Production missing ○ Dispatch missing Nothing to report?")
    assert f"/dispatch/new?siteId=ALPHA-01&amp;date={begun.day(2).isoformat()}" in found[1]
    today = re.search(rf'id="pending-{begun.day(4).isoformat()}">(.*?)</li>', page, re.DOTALL)
    assert today
    assert "Dispatch to come" in text_of(today[1])
    assert f"Complete through {begun.day(1):%b} {begun.day(1).day}" in page
    assert "new?siteId" not in stock_of(browse("vera"))
    # What is closed waits for nothing any more.
    for offset in range(3):
        closing.close(begun.site, begun.day(offset), begun.actor, reason="Flood", override=True)
    assert f"pending-{begun.day(2).isoformat()}" not in stock_of(browse("ben"))


def test_a_day_that_rests_on_an_incomplete_one_says_so(browse: Browse, begun: Book) -> None:
    begun.nil(3)
    page = stock_of(browse("ann"))
    assert "is not complete: the figures after it may still change" in page
    assert "may still change" not in stock_of(browse("ann"), day=begun.day(1).isoformat())


def test_less_than_nothing_is_told_in_words_and_counted(browse: Browse, begun: Book) -> None:
    begun.keep(TARGETS, 0, stockLowTons=Decimal(10), stockWarnTons=Decimal(50))
    begun.enter(DISPATCH, 2, STONE, "2000")
    begun.nil(2, ["production", "received"])
    page = stock_of(browse("ann"))
    assert cells(page, "3/4")[5:] == ["-982.250", "−2,000.000", "▼ Below zero"]
    assert cells(page, "MIXED C&amp;D DEBRIS")[-1] == "◇ Short"
    assert "1 below zero" in text_of(page)


def test_before_any_opening_the_page_says_what_to_do_first(browse: Browse, alpha: Site) -> None:
    page = stock_of(browse("ann"))
    assert "No opening balance yet" in page
    assert '/openings/new?siteId=ALPHA-01"' in page
    clerk = stock_of(browse("ben"))
    assert "A manager of this site enters the opening balances" in clerk
    assert "/openings/new" not in clerk


def test_several_sites_stand_side_by_side(browse: Browse, begun: Book, beta: Site) -> None:
    page = stock_of(browse("ada"))
    assert cells(page, "Alpha Yard")[0] == "1,058.250"
    assert cells(page, "Beta Yard")[:2] == ["–", "No inventory recorded"]
    assert "3/4" in stock_of(browse("ada"), siteId="ALPHA-01")


def test_the_lines_of_the_chart_are_carried_and_dashed(browse: Browse, begun: Book) -> None:
    page = stock_of(browse("ann"), groupBy="material")
    found = re.search(r'id="levels-rows">(.*?)</script>', page)
    assert found
    series = {one["label"]: one for one in json.loads(found[1])["series"]}
    assert series["3/4"]["data"] == [None, None, 1000, 1017.75, 1017.75, 1017.75, 1017.75]
    assert series["3/4"]["dashed"] == [True, True, False, False, True, True, True]
    assert "carried over days without all inputs" in page
    by_type = stock_of(browse("ann"))
    assert '"label": "Coarse aggregate"' in by_type


def test_a_day_that_is_none_is_refused(browse: Browse, begun: Book) -> None:
    assert browse("ann").get("/stock", day="yesterday").status_code == 400


def test_a_day_to_come_is_today(browse: Browse, begun: Book) -> None:
    ahead = date.today() + timedelta(days=30)  # noqa: DTZ011 - far enough ahead in every zone
    page = stock_of(browse("ann"), day=ahead.isoformat())
    assert f"{begun.day(4):%b} {begun.day(4).day}, {begun.day(4).year}" in page


def test_a_longer_story_costs_no_more_statements(
    browse: Browse, begun: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = browse("ann")
    ann.get("/stock")
    begun.nil(2, ["received"])
    with counted(monkeypatch) as few:
        ann.get("/stock", fragment=True)
    for material in (STONE, SAND, RUBBLE):
        begun.enter(RECEIVED, 3, material, "5")
    begun.nil(4, INPUTS)
    with counted(monkeypatch) as many:
        ann.get("/stock", fragment=True)
    assert len(many) <= len(few)


def test_nobody_else_sees_it(browse: Browse, begun: Book) -> None:
    assert browse("cleo").get("/stock", siteId="ALPHA-01").status_code == 403
