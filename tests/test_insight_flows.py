"""Tons day by day, each figure worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from deskops.accounts.models import Site
from deskops.insight.flows import FlowDay, ProductionDay, flow_trend, production_vs_target
from deskops.ledger.inputs import Inputs
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED, TARGETS
from tests.api_contract import Cast
from tests.entries import MONDAY, TUESDAY, WEDNESDAY, entering, tons
from tests.stock_book import Book

ZERO, THERE = Decimal(0), Inputs(1, 1)


def missing(module: str) -> Inputs:
    return Inputs(0, 1, ((module, ""),))


def test_the_flow_of_a_day_is_what_came_less_what_left(alpha: Site, cast: Cast) -> None:
    """Monday 18.040 + 2.460 = 20.500 in and 24.125 out: net -3.625. Nothing on Tuesday. Wednesday only in."""
    enter = entering(alpha, cast("ben"))
    enter(RECEIVED, MONDAY, quantity=18.04, trips=3)
    enter(RECEIVED, MONDAY, quantity=2.46, materialId="RAW-MIXED")
    enter(DISPATCH, MONDAY, quantity=24.125)
    enter(RECEIVED, WEDNESDAY, quantity=7)
    monday, tuesday, wednesday = flow_trend(alpha, MONDAY, WEDNESDAY)
    assert monday == FlowDay(MONDAY, Decimal("20.5"), Decimal("24.125"), 2, 1, THERE, THERE)
    assert (monday.net, monday.complete) == (Decimal("-3.625"), True)
    assert tuesday == FlowDay(TUESDAY, ZERO, ZERO, 0, 0, missing("received"), missing("dispatch"))
    assert (tuesday.net, tuesday.complete) == (0, False)
    assert (wednesday.net, wednesday.complete) == (7, False)


def test_nothing_to_report_is_a_zero_that_is_complete(alpha: Site, cast: Cast) -> None:
    entering(alpha, cast("ben"))(RECEIVED, MONDAY, quantity=5)
    book = Book(alpha, cast("ben"))
    book.nil(0, ["dispatch"])
    book.nil(1, ["received", "dispatch", "production"])
    monday, tuesday = flow_trend(alpha, MONDAY, TUESDAY)
    assert (monday.dispatched, monday.dispatch_count, monday.complete) == (0, 0, True)
    assert (tuesday.received, tuesday.complete) == (0, True)
    assert [row.complete for row in production_vs_target(alpha, MONDAY, TUESDAY)] == [False, True]


def test_production_is_measured_against_the_target_of_its_day(alpha: Site, cast: Cast) -> None:
    """The target rises on Tuesday. 1234.56 - 1200 = 34.56, by 1200 2.88 %; 0 - 1250 = -1250, -100 %."""
    book = Book(alpha, cast("ann"))
    for offset, aim in ((0, 1200), (1, 1250), (2, 0)):
        book.keep(TARGETS, offset, productionTons=Decimal(aim))
    enter = entering(alpha, cast("ben"))
    enter(PRODUCTION, MONDAY, quantity=1000.5, shift="MORNING")
    enter(PRODUCTION, MONDAY, quantity=234.06, shift="NIGHT")
    enter(PRODUCTION, WEDNESDAY, quantity=9)
    monday, tuesday, wednesday = production_vs_target(alpha, MONDAY, WEDNESDAY)
    assert monday == ProductionDay(MONDAY, Decimal("1234.56"), 2, Decimal(1200), THERE)
    assert (monday.variance, monday.variance_percent) == tons("34.56", "2.88")
    assert monday.complete
    assert tuesday == ProductionDay(TUESDAY, ZERO, 0, Decimal(1250), missing("production"))
    assert (tuesday.variance, tuesday.variance_percent) == tons("-1250", "-100")
    assert not tuesday.complete
    assert (wednesday.production, wednesday.target) == (9, None)
    assert (wednesday.variance, wednesday.variance_percent) == (None, None)


def test_without_a_target_of_its_own_a_site_aims_at_no_tonnage(alpha: Site) -> None:
    (row,) = production_vs_target(alpha, MONDAY, MONDAY)
    assert (row.target, row.variance, row.variance_percent) == (None, None, None)


def test_a_target_of_nothing_has_a_variance_and_no_percentage() -> None:
    row = ProductionDay(MONDAY, Decimal(5), 1, ZERO)
    assert (row.variance, row.variance_percent) == (5, None)


def test_there_is_a_row_for_every_day_of_three_years(alpha: Site) -> None:
    """2024 is a leap year: 365 + 366 + 365."""
    rows = flow_trend(alpha, date(2023, 1, 1), date(2025, 12, 31))
    assert len(rows) == 1096
    assert [row.date for row in rows] == [date(2023, 1, 1) + timedelta(days=number) for number in range(1096)]
