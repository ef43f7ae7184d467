"""The page of the mass balance: the figures it shows, what they are known from, where they lead, and its files."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from werkzeug.test import TestResponse

from deskops.accounts.models import Site
from deskops.modules import ADJUSTMENTS, DISPATCH, OPENINGS, PRODUCTION, RECEIVED, SURVEYS
from deskops.records import service
from deskops.records.module import Module
from deskops.schema import counters, references
from deskops.web.balance import Run, runs
from tests.api_contract import Cast
from tests.clients import PageClient
from tests.entries import MONDAY, TUESDAY, WEDNESDAY

Browse = Callable[..., PageClient]
RUBBLE, STONE = "RAW-MIXED", "AGG-3/4"
PERIOD: dict[str, Any] = {"period": "custom", "startDate": str(MONDAY), "endDate": str(TUESDAY)}


@pytest.fixture
def keep(alpha: Site, cast: Cast) -> Callable[..., Any]:
    """keep(OPENINGS, MONDAY, STONE, quantity="50"): what Ann writes at Alpha; numbers as texts."""

    def one(module: Module, day: date, material: str, **values: Any) -> Any:
        sent = {"siteId": alpha.code, "date": day.isoformat(), "materialId": material, **values}
        return service.create(module, sent, cast("ann"), strict=False).record

    return one


@pytest.fixture
def crushed(keep: Callable[..., Any]) -> None:
    """40 t of rubble into 38 t of stone on Monday; on Tuesday 59 t of rubble lie there by survey, 62 by the book."""
    keep(OPENINGS, MONDAY, RUBBLE, quantity="100")
    keep(OPENINGS, MONDAY, STONE, quantity="50")
    keep(RECEIVED, MONDAY, RUBBLE, quantity="4.5")
    keep(PRODUCTION, MONDAY, STONE, quantity="38", feedMaterialId=RUBBLE, feedQuantity="40")
    keep(DISPATCH, MONDAY, STONE, quantity="20")
    keep(ADJUSTMENTS, TUESDAY, RUBBLE, quantity="-2.5", kind="LOSS", reason="Washed out by the rain")
    keep(SURVEYS, TUESDAY, RUBBLE, volume="36.875", density="1.6", errorPercent="5")


def words_of(answer: TestResponse) -> str:
    """What a reader sees, blanks as one."""
    assert answer.status_code == 200, answer.text
    body = answer.text.split("<main", 1)[-1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).replace("\u00a0", " ")


@pytest.mark.usefixtures("crushed")
def test_the_page_shows_the_equation_and_what_each_stock_is_known_from(browse: Browse) -> None:
    """In 42.5, out 60, stock 150 to 127: 5.5 t missing, ± 5 % of 59 t. The book wrote 2.5 t of them off."""
    seen = words_of(browse("vera").get("/balance", **PERIOD))
    assert "In 42.500 t − Out 60.000 t − Change of stock -23.000 t" in seen
    assert "= Unexplained 5.500 t missing ± 2.950" in seen
    assert "▲ More than the surveys' error 0 of 2" in seen
    assert "0 of 2 streams were surveyed at both ends." in seen
    assert "Crushed 40.000 t of feed into 38.000 t: 95.0 %" in seen
    assert "59.000 Survey Mar 3, 2026 ± 2.950 Book 62.000" in seen
    assert "Loss -2.500" in seen
    assert "○ Book alone" in seen


@pytest.mark.usefixtures("crushed")
def test_each_figure_leads_to_its_records(browse: Browse) -> None:
    vera = browse("vera")
    page = unescape(vera.get("/balance", **PERIOD).text)
    found = re.findall(r'href="(/(\w+)\?siteId=[^"]+)"', page)
    names = ["adjustments", "adjustments", "dispatch", "production", "received", "surveys"]
    assert sorted(name for _, name in found) == names
    for address, _ in found:
        assert "1–1 of 1 records" in words_of(vera.get(address)), address


@pytest.mark.usefixtures("crushed")
def test_the_days_that_are_not_whole_are_named(browse: Browse) -> None:
    """On Monday all is there, on Tuesday nothing but a survey."""
    seen = browse("vera").get("/balance", **PERIOD)
    assert "whose figures may still grow: Mar 3, 2026" in words_of(seen)
    whole = browse("vera").get("/balance", **PERIOD | {"endDate": str(MONDAY)})
    assert "may still grow" not in words_of(whole)


@pytest.mark.usefixtures("crushed")
def test_a_period_that_begins_before_the_book_says_so(browse: Browse) -> None:
    early = PERIOD | {"startDate": str(MONDAY - timedelta(days=9))}
    assert "The book begins on Mar 2, 2026" in words_of(browse("vera").get("/balance", **early))


def test_before_any_opening_the_page_says_what_to_do(browse: Browse, keep: Callable[..., Any]) -> None:
    keep(RECEIVED, MONDAY, RUBBLE, quantity="5")
    seen = browse("ann").get("/balance", **PERIOD)
    assert "The book of the stock has none of these days" in words_of(seen)
    assert 'href="/openings?siteId=ALPHA-01"' in seen.text


@pytest.mark.usefixtures("crushed")
def test_without_a_survey_the_book_is_held_against_itself(browse: Browse, keep: Callable[..., Any]) -> None:
    seen = words_of(
        browse("vera").get("/balance", **PERIOD | {"startDate": str(MONDAY), "endDate": str(MONDAY)})
    )
    # Tuesday's survey, rolled back over a day on which nothing moved.
    assert "Survey Mar 3, 2026 ± 2.950" in seen
    keep(OPENINGS, WEDNESDAY + timedelta(days=30), "FINE-WASHED", quantity="7")
    far = {name: str(WEDNESDAY + timedelta(days=30)) for name in ("startDate", "endDate")}
    seen = words_of(browse("vera").get("/balance", **PERIOD | far))
    assert "the book is held against itself" in seen


@pytest.mark.usefixtures("crushed")
def test_of_several_sites_each_has_its_row(browse: Browse, beta: Site, alpha: Site) -> None:
    ada = browse("ada")
    seen = ada.get("/balance", **PERIOD)
    assert "Alpha Yard" in words_of(seen)
    assert "5.500 missing" in words_of(seen)
    assert "Beta Yard ALPHA" not in words_of(seen)
    assert f"siteId={alpha.code}" in seen.text
    assert "As CSV" not in words_of(seen)
    nothing = words_of(ada.get("/balance", **PERIOD, siteId=beta.code))
    assert "The book of the stock has none of these days" in nothing


@pytest.mark.usefixtures("crushed")
def test_a_script_gets_the_sheet_alone_and_a_change_shows(browse: Browse, keep: Callable[..., Any]) -> None:
    vera = browse("vera")
    first = vera.get("/balance", fragment=True, **PERIOD)
    assert first.text.lstrip().startswith('<section id="balance-sheet"')
    keep(DISPATCH, TUESDAY, STONE, quantity="1")
    assert words_of(first) != words_of(vera.get("/balance", fragment=True, **PERIOD))


@pytest.mark.usefixtures("crushed")
def test_the_file_holds_what_the_page_shows(browse: Browse) -> None:
    vera = browse("vera")
    answer = vera.client.get("/balance/file.csv", query_string=PERIOD)
    assert answer.headers["Content-Disposition"].endswith("ALPHA-01-balance-2026-03-02-2026-03-03.csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [(row["material"], row["unexplained"], row["band"]) for row in rows] == [
        ("AGG-3/4 3/4", "0.000", ""),
        ("RAW-MIXED MIXED C&D DEBRIS", "5.500", "2.950"),
        ("TOTAL", "5.500", "2.950"),
    ]
    assert [row["adjustmentLoss"] for row in rows] == ["0.000", "-2.500", "-2.500"]
    book = openpyxl.load_workbook(BytesIO(vera.client.get("/balance/file.xlsx", query_string=PERIOD).data))
    head, *cells = book["Mass balance"].iter_rows(values_only=True)
    unexplained = head.index("Unexplained (t)")
    assert [row[unexplained] for row in cells] == [0, 5.5, 5.5]
    assert cells[1][head.index("End told by")] == "SURVEY 2026-03-03"
    about = dict(book["About"].iter_rows(values_only=True))
    assert (about["Site"], about["Days not whole"]) == ("ALPHA-01 Alpha Yard", "2026-03-03")


@pytest.mark.usefixtures("crushed")
def test_a_name_that_looks_like_a_formula_is_none_in_the_file(browse: Browse, alpha: Site) -> None:
    Site.update(code="=ALPHA").where(Site.id == alpha.id).execute()
    counters.forget()
    references.forget()
    rows = browse("vera").client.get("/balance/file.csv", query_string=PERIOD).text.splitlines()
    assert all(row.startswith("'=ALPHA,") for row in rows[1:])


def test_a_file_is_of_one_site_of_the_readers(browse: Browse, alpha: Site, beta: Site) -> None:
    assert browse("ada").get("/balance/file.csv", **PERIOD).status_code == 400
    assert browse("vera").get("/balance/file.csv", **PERIOD, siteId=beta.code).status_code == 403
    assert browse("vera").get("/balance/file.pdf", **PERIOD).status_code == 404
    assert browse(None).client.get("/balance").status_code == 302


def test_days_one_after_the_other_are_told_as_one() -> None:
    assert runs([MONDAY, TUESDAY, TUESDAY + timedelta(days=2)]) == [
        Run(MONDAY, TUESDAY),
        Run(TUESDAY + timedelta(days=2), TUESDAY + timedelta(days=2)),
    ]
    assert runs([]) == []
