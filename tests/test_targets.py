"""Dated targets: which one is in force on a day, and that every figure is held against the one of its own day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.insight import targets
from deskops.insight.attendance import manpower_attendance
from deskops.insight.recycling import recycling_rate
from deskops.insight.targets import USUAL
from deskops.insight.utilization import target_rate
from deskops.modules import MANPOWER, RECEIVED, TARGETS
from deskops.records import service
from tests.api_contract import Api, body_of, data
from tests.entries import MONDAY, TUESDAY, WEDNESDAY, entering
from tests.statements import counted
from tests.stock_book import Book

Cast = Callable[[str], Actor]


@pytest.fixture
def book(alpha: Site, cast: Cast) -> Book:
    return Book(alpha, cast("ann"))


def test_without_a_row_a_site_has_the_usual_targets(alpha: Site) -> None:
    assert targets.in_force(alpha, MONDAY, TUESDAY) == [USUAL, USUAL]
    assert (USUAL.utilization, USUAL.recycling, USUAL.stock_low, USUAL.stock_warn) == (80, 75, 100, 500)
    assert (USUAL.production, USUAL.attendance) == (None, None)


def test_a_value_is_in_force_until_a_later_row_names_it(alpha: Site, book: Book) -> None:
    """Monday aims at 1,200 t and 70 % recycling; Wednesday only raises the tons: recycling stays as it was."""
    book.keep(TARGETS, 0, productionTons=Decimal("1200.5"), recyclingPercent=Decimal(70))
    book.keep(TARGETS, 2, productionTons=Decimal(1300))
    before = replace(USUAL, production=Decimal("1200.5"), recycling=Decimal(70))
    after = replace(before, production=Decimal(1300))
    sunday = MONDAY - timedelta(days=1)
    assert targets.in_force(alpha, sunday, WEDNESDAY) == [USUAL, before, before, after]
    assert targets.on(alpha, WEDNESDAY + timedelta(days=400)) == after


def test_an_aim_of_no_production_is_no_aim(alpha: Site, book: Book) -> None:
    book.keep(TARGETS, 0, productionTons=Decimal(1200))
    book.keep(TARGETS, 1, productionTons=Decimal(0))
    assert [one.production for one in targets.in_force(alpha, MONDAY, TUESDAY)] == [1200, None]


def test_a_percent_of_nought_is_an_aim(alpha: Site, book: Book) -> None:
    book.keep(TARGETS, 0, recyclingPercent=Decimal(0))
    assert targets.on(alpha, MONDAY).recycling == 0


def test_what_was_voided_or_cancelled_never_held(alpha: Site, book: Book, cast: Cast) -> None:
    row = book.keep(TARGETS, 0, productionTons=Decimal(1200))
    service.void(TARGETS, row.id, cast("ann"), reason="Not ours")
    assert targets.on(alpha, MONDAY) == USUAL


def test_a_target_may_begin_in_the_days_to_come(alpha: Site, cast: Cast) -> None:
    book = Book(alpha, cast("ann"), alpha.today())
    book.keep(TARGETS, 3, attendancePercent=Decimal("92.5"))
    found = targets.in_force(alpha, book.day(0), book.day(3))
    assert [one.attendance for one in found] == [None, None, None, Decimal("92.5")]


def test_a_site_aims_for_itself(alpha: Site, beta: Site, book: Book) -> None:
    book.keep(TARGETS, 0, productionTons=Decimal(1200))
    assert targets.on(beta, MONDAY) == USUAL


def test_ten_years_of_targets_are_one_question(
    alpha: Site, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    for offset in range(5):
        book.keep(TARGETS, offset, productionTons=Decimal(1000 + offset))
    with counted(monkeypatch) as asked:
        assert len(targets.in_force(alpha, MONDAY - timedelta(days=3_650), MONDAY)) == 3_651
    assert len(asked) == 1


def test_every_chart_is_held_against_the_target_of_its_own_day(alpha: Site, book: Book, cast: Cast) -> None:
    book.keep(TARGETS, 1, recyclingPercent=Decimal(60), attendancePercent=Decimal(95))
    book.keep(TARGETS, 2, utilizationPercent=Decimal(85))
    enter = entering(alpha, cast("ben"))
    for day in (MONDAY, TUESDAY):
        enter(RECEIVED, day, materialId="RAW-CONCRETE", quantity=3)
        enter(RECEIVED, day, materialId="RAW-MIXED", quantity=1)
        enter(MANPOWER, day)
    rates = recycling_rate(alpha, MONDAY, TUESDAY)
    assert [(row.target, row.variance) for row in rates] == [(75, 0), (60, 15)]
    assert [row.target for row in manpower_attendance(alpha, MONDAY, TUESDAY)] == [None, 95]
    assert [target_rate(alpha, day) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [80, 80, 85]


def test_the_api_tells_the_targets_beside_the_figures(api: Api, alpha: Site, book: Book) -> None:
    book.keep(TARGETS, 0, productionTons=Decimal(10), utilizationPercent=Decimal("82.5"))
    asked = {"siteId": alpha.code, "startDate": MONDAY, "endDate": MONDAY}
    vera = api("vera")
    [row] = data(vera.get("/api/charts/production-vs-target", **asked))
    assert (row["target"], row["variance"], row["variancePercent"]) == (10, -10, -100)
    assert body_of(vera.get("/api/charts/equipment-utilization", **asked))["targetRate"] == 82.5
