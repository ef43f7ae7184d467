"""The stock by its snapshots: what lies there now, what lay there each day, and what a day says before it is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskops.accounts.actor import Actor
from deskops.accounts.models import WEEKDAYS, Site
from deskops.days.board import days_of
from deskops.insight import completeness, inventory, metrics
from deskops.insight.metrics import Stock
from deskops.insight.stock import BY_MATERIAL, LOW, NEGATIVE, OK, WARN, inventory_levels, levels_of_day
from deskops.ledger.gaps import days_without
from deskops.ledger.inputs import Inputs, inputs_of
from deskops.ledger.reckoning import reckoned_day
from deskops.modules import ADJUSTMENTS, DISPATCH, OPENINGS, PRODUCTION, RECEIVED, TARGETS
from deskops.modules.nil import REPORTED
from deskops.modules.reference import MATERIAL_TYPES, Material
from deskops.schema import counters
from tests.entries import MONDAY
from tests.statements import counted
from tests.stock_book import RUBBLE, SAND, STONE, Book

Cast = Callable[[str], Actor]
PARTS = ("opening", "production", "received", "dispatched", "adjustment")


@pytest.fixture
def book(alpha: Site, cast: Cast) -> Book:
    """Ann's book of Alpha, its days counted from a week ago: number 6 is today."""
    return Book(alpha, cast("ann"), alpha.today() - timedelta(days=6))


@pytest.fixture
def week(book: Book) -> Book:
    """Stone from 100 t and sand from 40.5 t. Days 0 and 2 are whole; on day 3 only dispatch was entered.

    Day 0: stone + 12.5 produced − 2 dispatched = 110.5; sand as it was. Day 1 nobody reported. Day 2: stone + 10
    received − 0.5 lost = 120; rubble 30 received. Together 110.5 + 40.5 = 151, then 120 + 40.5 + 30 = 190.5.
    """
    book.enter(OPENINGS, 0, STONE, "100")
    book.enter(OPENINGS, 0, SAND, "40.5")
    book.enter(PRODUCTION, 0, STONE, "12.5", shift="MORNING")
    book.enter(DISPATCH, 0, STONE, "2")
    book.nil(0, ["received"])
    book.enter(RECEIVED, 2, STONE, "10")
    book.enter(RECEIVED, 2, RUBBLE, "30")
    book.enter(ADJUSTMENTS, 2, STONE, "-0.5", kind="LOSS", reason="Washed away")
    book.nil(2, ["production", "dispatch"])
    book.enter(DISPATCH, 3, STONE, "5")
    return book


def test_before_any_opening_there_is_nothing(alpha: Site) -> None:
    nothing = Stock(Decimal(0), Decimal(0), (Decimal(0),) * 7, None, dict.fromkeys(PARTS, Decimal(0)))
    assert metrics.inventory_current(alpha) == nothing
    assert levels_of_day(alpha, alpha.today()) == []
    [row] = inventory_levels(alpha, MONDAY, MONDAY)
    assert (row.closing, row.complete) == (dict.fromkeys(MATERIAL_TYPES), False)
    assert inventory_levels(alpha, MONDAY, MONDAY, BY_MATERIAL)[0].closing == {}


def test_the_stock_is_that_of_the_newest_stored_day(alpha: Site, week: Book) -> None:
    """151 at its start, + 40 received − 0.5 = 190.5; from 151 that is 26.16 %. Day 1 is the first that is missing."""
    found = metrics.inventory_current(alpha)
    assert (found.as_of, found.incomplete_since) == (week.day(2), week.day(1))
    assert (found.value, found.previous_value) == (Decimal("190.5"), 151)
    assert (found.change, found.trend) == (Decimal("26.16"), "up")
    assert [found.breakdown[name] for name in PARTS] == [151, 0, 40, 0, Decimal("-0.5")]
    parts = found.breakdown
    assert found.value == sum(parts.values()) - 2 * parts["dispatched"]
    now = Decimal("190.5")
    assert found.sparkline == (151, 151, now, now, now, now, now)


def test_a_stock_that_was_last_told_long_ago_is_carried_into_the_week(alpha: Site, cast: Cast) -> None:
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=40))
    book.enter(OPENINGS, 0, STONE, "100")
    book.nil(0)
    found = metrics.inventory_current(alpha)
    assert (found.value, found.as_of, found.sparkline) == (100, book.day(0), (100,) * 7)


def test_the_snapshots_of_a_range_are_told_newest_day_first(alpha: Site, week: Book) -> None:
    found = inventory.snapshots(alpha, week.day(0), week.day(6))
    told = [(row.date, row.material.code, row.opening, row.closing, row.incomplete_since) for row in found]
    first, last = week.day(0), week.day(2)
    assert told == [
        (last, STONE, Decimal("110.5"), 120, week.day(1)),
        (last, SAND, Decimal("40.5"), Decimal("40.5"), week.day(1)),
        (last, RUBBLE, 0, 30, week.day(1)),
        (first, STONE, 100, Decimal("110.5"), None),
        (first, SAND, Decimal("40.5"), Decimal("40.5"), None),
    ]
    assert (found[0].received, found[0].adjustment, found[0].site) == (10, Decimal("-0.5"), alpha)


def test_snapshots_can_be_asked_for_by_material_and_oldest_first(alpha: Site, week: Book) -> None:
    stone = Material.get(Material.code == STONE).id
    found = inventory.snapshots(alpha, week.day(0), week.day(6), [stone], newest_first=False)
    assert [(row.date, row.closing) for row in found] == [(week.day(0), Decimal("110.5")), (week.day(2), 120)]
    assert inventory.snapshots(alpha, week.day(1), week.day(1)) == []


def test_levels_are_carried_forward_and_unknown_before_the_first_and_after_today(
    alpha: Site, week: Book
) -> None:
    rows = inventory_levels(alpha, week.day(-1), week.day(7))
    assert [row.date for row in rows] == [week.day(offset) for offset in range(-1, 8)]
    half = Decimal("110.5")
    assert [row.closing["COARSE_AGGREGATE"] for row in rows] == [None, half, half, *[120] * 5, None]
    assert [row.closing["MIXED_RUBBLE"] for row in rows] == [None, None, None, *[30] * 5, None]
    assert [row.complete for row in rows] == [False, True, False, True, *[False] * 5]
    assert list(rows[0].closing) == list(MATERIAL_TYPES)


def test_levels_by_material_have_the_codes_of_what_was_in_stock(alpha: Site, week: Book) -> None:
    [row] = inventory_levels(alpha, week.day(4), week.day(4), BY_MATERIAL)
    assert row.closing == {STONE: 120, SAND: Decimal("40.5"), RUBBLE: 30}
    [early] = inventory_levels(alpha, week.day(1), week.day(1), BY_MATERIAL)
    assert early.closing == {STONE: Decimal("110.5"), SAND: Decimal("40.5")}


def test_a_day_that_is_not_stored_stands_as_its_records_say(alpha: Site, week: Book) -> None:
    """Day 3: stone 120 − 5. Day 4 nothing yet: 115. Sand has not moved since its opening balance."""
    told = {row.material.code: row for row in levels_of_day(alpha, week.day(3))}
    stone = told[STONE]
    assert (stone.opening, stone.dispatched, stone.closing, stone.change) == (120, 5, 115, -5)
    assert (stone.moved_on, told[RUBBLE].moved_on, told[SAND].moved_on) == (week.day(3), week.day(2), None)
    later = {row.material.code: row for row in levels_of_day(alpha, week.day(4))}
    assert (later[STONE].opening, later[STONE].closing, later[STONE].change) == (115, 115, 0)
    assert levels_of_day(alpha, week.day(-1)) == []


def test_a_material_begins_with_its_own_opening_balance(alpha: Site, week: Book) -> None:
    """What was received of the asphalt before its balance was entered is part of that balance."""
    asphalt = "RAW-ASPHALT"
    week.enter(RECEIVED, 3, asphalt, "7")
    week.enter(OPENINGS, 4, asphalt, "50")
    week.enter(RECEIVED, 5, asphalt, "3")
    told = {row.material.code: row for row in levels_of_day(alpha, week.day(5))}
    assert (told[asphalt].opening, told[asphalt].received, told[asphalt].closing) == (50, 3, 53)


def test_a_day_is_reckoned_as_it_will_be_stored(alpha: Site, week: Book) -> None:
    """What days 1, 3 and 5 say before they are stored is what they say afterwards."""
    week.enter(
        PRODUCTION, 5, SAND, "1.25", shift="NIGHT", feed={"materialId": RUBBLE, "quantity": Decimal(2)}
    )
    week.enter(OPENINGS, 4, "RAW-ASPHALT", "50")
    for offset in (1, 3, 5):
        before = reckoned_day(alpha.id, week.day(offset))
        told = levels_of_day(alpha, week.day(offset))
        week.nil(
            offset,
            {
                1: ["production", "received", "dispatch"],
                3: ["production", "received"],
                5: ["received", "dispatch"],
            }[offset],
        )
        assert reckoned_day(alpha.id, week.day(offset)) == before
        assert levels_of_day(alpha, week.day(offset)) == told
        assert len(inventory.snapshots(alpha, week.day(offset), week.day(offset))) == len(told)


def test_the_state_of_a_material_is_by_the_targets_of_the_day(alpha: Site, week: Book) -> None:
    def states(offset: int) -> list[str]:
        return [row.state for row in levels_of_day(alpha, week.day(offset))]

    assert states(2) == [WARN, LOW, LOW]
    week.keep(TARGETS, 3, stockLowTons=Decimal(30), stockWarnTons=Decimal(115))
    assert states(2) == [WARN, LOW, LOW]
    # 115 t of stone is not under 115; 30 t of rubble is not under 30.
    assert states(3) == [OK, WARN, WARN]
    week.enter(DISPATCH, 3, SAND, "40.501")
    assert states(3) == [OK, NEGATIVE, WARN]


def test_the_inputs_of_a_stock_are_the_opening_and_its_flows(alpha: Site, week: Book, book: Book) -> None:
    missing = (("production", ""), ("received", ""))
    assert completeness.of_stock(alpha, week.day(3)) == Inputs(2, 4, missing)
    assert completeness.of_stock(alpha, week.day(2)) == Inputs(4, 4)
    assert completeness.of_stock(alpha, week.day(-1)).missing[0] == ("opening", "")


def test_each_shift_that_works_owes_its_input(alpha: Site, book: Book) -> None:
    alpha.work_shifts = "MORNING NIGHT"
    book.enter(PRODUCTION, 0, STONE, "5", shift="MORNING")
    book.enter(PRODUCTION, 1, STONE, "5", shift="MORNING")
    book.nil(1, ["production"], shift="NIGHT")
    book.enter(PRODUCTION, 2, STONE, "5")
    book.nil(3, ["production"])
    book.enter(PRODUCTION, 4, STONE, "5", shift="AFTERNOON")
    found = inputs_of(alpha, ["production", "received"], book.day(0), book.day(7))
    night, both = (("production", "NIGHT"),), (("production", "MORNING"), ("production", "NIGHT"))
    there = [(1, night), (2, ()), (2, ()), (2, ()), (0, both), (0, both), (0, both)]
    assert found["production"] == [*(Inputs(count, 2, missing) for count, missing in there), Inputs()]
    assert {row.expected for row in found["received"]} == {1, 0}


def test_a_day_off_owes_nothing_until_something_stands_on_it(alpha: Site, book: Book) -> None:
    alpha.work_days = WEEKDAYS[book.day(0).weekday()]
    book.nil(2, ["dispatch"])
    found = inputs_of(alpha, ["dispatch"], book.day(0), book.day(2))["dispatch"]
    assert found == [Inputs(0, 1, (("dispatch", ""),)), Inputs(), Inputs(1, 1)]
    assert [one.complete for one in found] == [False, False, True]


def test_a_figure_counts_its_inputs_as_the_board_of_the_days_does(alpha: Site, week: Book) -> None:
    alpha.work_shifts = "MORNING NIGHT"
    alpha.work_days = " ".join(WEEKDAYS[week.day(offset).weekday()] for offset in (0, 1, 5))
    alpha.reports = "equipment"
    week.enter(PRODUCTION, 4, STONE, "5", shift="NIGHT")
    for day in days_of(alpha, week.day(-1), week.day(8)):
        found = completeness.of_days(alpha, REPORTED, day.date, day.date)
        opening = completeness.opening(alpha, day.date) if day.is_due else Inputs()
        assert (opening.there + found.there, opening.expected + found.expected) == day.counts
        assert sorted(opening.missing + found.missing) == sorted(day.missing)


@given(st.sets(st.integers(0, 30)))
def test_the_days_without_are_all_the_others(offsets: set[int]) -> None:
    stored = [MONDAY + timedelta(days=offset) for offset in sorted(offsets)]
    found = list(days_without(stored, MONDAY, MONDAY + timedelta(days=31)))
    assert found == [MONDAY + timedelta(days=offset) for offset in range(31) if offset not in offsets]


def test_three_years_of_stock_are_as_many_questions_as_a_day(
    alpha: Site, week: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3_600)
    counters.recent()
    today = alpha.today()
    for ask in (inventory_levels, inventory.snapshots):
        ask(alpha, today, today)
        with counted(monkeypatch) as one_day:
            ask(alpha, week.day(2), week.day(2))
        with counted(monkeypatch) as years:
            ask(alpha, today - timedelta(days=1_095), today)
        assert len(years) == len(one_day) <= 6
    with counted(monkeypatch) as asked:
        levels_of_day(alpha, today)
    assert len(asked) <= 9
