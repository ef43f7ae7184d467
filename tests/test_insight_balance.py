"""The mass balance, worked by hand: what came in, went out, lies there, and what nobody can explain."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.models import Site
from deskops.insight.balance import (
    OUTSIDE,
    WITHIN,
    Balance,
    Stock,
    Stream,
    crushing_yield,
    mass_balance,
)
from deskops.insight.ground import NEAR_DAYS
from deskops.modules import ADJUSTMENTS, DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED, SURVEYS
from deskops.records import service
from deskops.records.module import Module
from tests.api_contract import Cast
from tests.entries import MONDAY, TUESDAY, WEDNESDAY, tons
from tests.statements import counted, plan_of

SUNDAY, THURSDAY = MONDAY - timedelta(days=1), MONDAY + timedelta(days=3)
RUBBLE, STONE = "RAW-MIXED", "AGG-3/4"
Write = Callable[..., Any]


@pytest.fixture
def write(alpha: Site, cast: Cast) -> Write:
    """write(DISPATCH, TUESDAY, STONE, "45"): what Ann enters at Alpha."""

    def one(module: Module, day: date, material: str, quantity: str, **further: Any) -> Any:
        sent = {"siteId": alpha.code, "date": day.isoformat(), "materialId": material}
        return service.create(module, sent | {"quantity": Decimal(quantity)} | further, cast("ann")).record

    return one


@pytest.fixture
def adjust(write: Write) -> Write:
    def one(day: date, material: str, quantity: str, kind: str) -> Any:
        return write(ADJUSTMENTS, day, material, quantity, kind=kind, reason="Seen in the yard")

    return one


@pytest.fixture
def survey(alpha: Site, cast: Cast) -> Write:
    """survey(SUNDAY, RUBBLE, "60", "1.65", "5"): cubic meters, their density and error in percent."""

    def one(day: date, material: str, volume: str, density: str, error: str) -> Any:
        measured = {"volume": Decimal(volume), "density": Decimal(density), "errorPercent": Decimal(error)}
        sent = {"siteId": alpha.code, "date": day.isoformat(), "materialId": material, **measured}
        return service.create(SURVEYS, sent, cast("ann")).record

    return one


@pytest.fixture
def nil(alpha: Site, cast: Cast) -> Write:
    def one(day: date, *modules: str) -> None:
        for name in modules:
            sent = {"siteId": alpha.code, "date": day.isoformat(), "module": name}
            service.create(NILS, sent, cast("ben"))

    return one


@pytest.fixture
def three_days(write: Write, adjust: Write, nil: Write) -> None:
    """From Monday to Wednesday 100 t of rubble come, 80 t of it become 76.2 t of stone, of which 75 t leave."""
    write(OPENINGS, MONDAY, RUBBLE, "100")
    write(OPENINGS, MONDAY, STONE, "50")
    crushed = ((MONDAY, "60", "38", "20"), (TUESDAY, "30", "38.2", "45"))
    for day, received, produced, dispatched in crushed:
        write(RECEIVED, day, RUBBLE, received)
        feed = {"materialId": RUBBLE, "quantity": Decimal(40)}
        write(PRODUCTION, day, STONE, produced, shift="MORNING", feed=feed)
        write(DISPATCH, day, STONE, dispatched)
    write(RECEIVED, WEDNESDAY, RUBBLE, "10")
    write(DISPATCH, WEDNESDAY, STONE, "10")
    nil(WEDNESDAY, "production")
    adjust(WEDNESDAY, RUBBLE, "-2", "LOSS")
    adjust(WEDNESDAY, STONE, "1.5", "MOISTURE")


def stream(found: Balance, code: str) -> Stream:
    return next(one for one in found.streams if one.material.code == code)


def told(one: Any) -> tuple[Decimal, ...]:
    """in, out, change of stock, unexplained."""
    return one.moved.into, one.moved.out, one.change, one.unexplained


@pytest.mark.usefixtures("three_days")
def test_the_book_alone_leaves_only_its_own_adjustments_unexplained(alpha: Site) -> None:
    """Rubble 100 + 100 − 80 − 2 = 118: 18 more, 2 lost. Stone 50 + 76.2 − 75 + 1.5 = 52.7: 2.7 more, 1.5 too many."""
    found = mass_balance(alpha, MONDAY, WEDNESDAY)
    assert [one.material.code for one in found.streams] == [STONE, RUBBLE]
    rubble, stone = stream(found, RUBBLE), stream(found, STONE)
    assert told(rubble.figures) == tons("100", "80", "18", "2")
    assert told(stone.figures) == tons("76.2", "75", "2.7", "-1.5")
    assert (rubble.opening, rubble.closing) == (Stock(Decimal(100)), Stock(Decimal(118)))
    assert rubble.moved.adjusted == {
        "SURVEY": 0, "MOISTURE": 0, "LOSS": -2, "OPENING": 0
    }  # fmt: skip
    assert told(found.total) == tons("176.2", "155", "20.7", "0.5")
    assert found.total.moved.adjustment == Decimal("-0.5")
    assert (found.total.band, found.total.verdict, found.surveyed) == (None, None, 0)


@pytest.mark.usefixtures("three_days")
def test_what_the_crusher_made_of_its_feed_is_told_apart(alpha: Site) -> None:
    """76.2 t of 80 t are 95.25 %; the 3.8 t lost in crushing are not unexplained."""
    moved = mass_balance(alpha, MONDAY, WEDNESDAY).total.moved
    assert (moved.feed, moved.production, crushing_yield(moved)) == tons("80", "76.2", "95.25")


@pytest.mark.usefixtures("three_days")
def test_surveys_at_both_ends_say_what_the_ground_says(alpha: Site, survey: Write) -> None:
    """60 m³ × 1.65 = 99 t ± 4.95, then 70 × 1.6 = 112 t ± 5.6: 13 t more, where 20 t more came than went.

    7 t are unexplained, within √(4.95² + 5.6²) = 7.474 t.
    """
    survey(SUNDAY, RUBBLE, "60", "1.65", "5")
    survey(WEDNESDAY, RUBBLE, "70", "1.6", "5")
    found = mass_balance(alpha, MONDAY, WEDNESDAY)
    rubble = stream(found, RUBBLE)
    assert told(rubble.figures) == tons("100", "80", "13", "7")
    assert (rubble.figures.band, rubble.figures.verdict) == (Decimal("7.474"), WITHIN)
    assert (rubble.opening.tons, rubble.opening.book) == tons("99", "100")
    assert (rubble.closing.tons, rubble.closing.book) == tons("112", "118")
    assert stream(found, STONE).figures.band is None
    assert found.surveyed == 1


@pytest.mark.usefixtures("three_days")
def test_a_survey_of_a_day_nearby_is_rolled_by_the_flows_between(
    alpha: Site, survey: Write, write: Write, adjust: Write
) -> None:
    """On Thursday 12 t of stone leave and 24 × 1.6 = 38.4 t are measured: on Wednesday it was 50.4 t ± 1.152.

    Of the 1.2 t that came more than went, 0.4 t lie there. What the book wrote off on Thursday moved nothing.
    With the rubble 7.8 t are unexplained in all, more than √(4.95² + 5.6² + 1.152²) = 7.562 t.
    """
    survey(SUNDAY, RUBBLE, "60", "1.65", "5")
    survey(WEDNESDAY, RUBBLE, "70", "1.6", "5")
    write(DISPATCH, THURSDAY, STONE, "12")
    adjust(THURSDAY, STONE, "-9", "LOSS")
    survey(THURSDAY, STONE, "24", "1.6", "3")
    found = mass_balance(alpha, MONDAY, WEDNESDAY)
    stone = stream(found, STONE)
    assert stone.closing.survey is not None
    assert stone.closing.survey[1:] == (THURSDAY, *tons("38.4", "1.152", "12"))
    assert told(stone.figures) == tons("76.2", "75", "0.4", "0.8")
    assert (stone.figures.band, stone.figures.verdict) == (Decimal("1.152"), WITHIN)
    assert told(found.total) == tons("176.2", "155", "13.4", "7.8")
    assert (found.total.band, found.total.verdict) == (Decimal("7.562"), OUTSIDE)


@pytest.mark.usefixtures("three_days")
def test_between_the_same_two_surveys_the_same_is_unexplained_whatever_the_days(
    alpha: Site, survey: Write
) -> None:
    """From Monday to Tuesday 30 t of rubble came and 40 t went: 139 t became 112 t, 17 t are nowhere."""
    survey(MONDAY, RUBBLE, "139", "1", "1")
    survey(TUESDAY, RUBBLE, "112", "1", "1")
    for start, end in ((TUESDAY, TUESDAY), (MONDAY, TUESDAY), (TUESDAY, WEDNESDAY), (MONDAY, THURSDAY)):
        figures = stream(mass_balance(alpha, start, end), RUBBLE).figures
        assert figures.unexplained == 17, (start, end)
        # √(1.39² + 1.12²)
        assert (figures.band, figures.verdict) == (Decimal("1.785"), OUTSIDE)


@pytest.mark.usefixtures("three_days")
def test_one_survey_tells_the_nearer_end_alone_and_a_far_one_none(alpha: Site, survey: Write) -> None:
    survey(TUESDAY, RUBBLE, "100", "1", "2")
    found = stream(mass_balance(alpha, MONDAY, WEDNESDAY), RUBBLE)
    assert found.opening.survey is None
    assert found.closing.survey is not None
    # Measured on Tuesday; on Wednesday 10 t came.
    assert found.closing.tons == 110
    assert stream(mass_balance(alpha, WEDNESDAY, WEDNESDAY), RUBBLE).opening.survey is not None
    far = TUESDAY + timedelta(days=NEAR_DAYS + 1)
    assert stream(mass_balance(alpha, far, far), RUBBLE).closing.survey is None
    assert stream(mass_balance(alpha, MONDAY, far - timedelta(days=1)), RUBBLE).opening.survey is not None


@pytest.mark.usefixtures("three_days")
def test_of_two_surveys_the_nearer_serves_and_a_void_one_never(
    alpha: Site, survey: Write, cast: Cast
) -> None:
    survey(TUESDAY, RUBBLE, "100", "1", "2")
    nearest = survey(WEDNESDAY, RUBBLE, "107", "1", "2")
    survey(WEDNESDAY + timedelta(days=1), RUBBLE, "90", "1", "2")

    def measured() -> Decimal | None:
        survey = stream(mass_balance(alpha, MONDAY, WEDNESDAY), RUBBLE).closing.survey
        return survey and survey.measured

    assert measured() == 107
    service.void(SURVEYS, nearest.id, cast("ann"), reason="Wrong pile")
    # Tuesday and Thursday are as near: the earlier one serves.
    assert measured() == 100


@pytest.mark.usefixtures("three_days")
def test_the_days_that_are_not_whole_are_named(alpha: Site, write: Write) -> None:
    """Thursday has no inputs but a load, Friday none at all; the calendar names every day."""
    write(DISPATCH, THURSDAY, STONE, "12")
    friday = THURSDAY + timedelta(days=1)
    found = mass_balance(alpha, MONDAY, friday)
    assert found.missing == [THURSDAY, friday]
    assert stream(found, STONE).moved.dispatched == 87
    assert mass_balance(alpha, MONDAY, WEDNESDAY).missing == []


@pytest.mark.usefixtures("three_days")
def test_a_day_off_that_nobody_speaks_of_is_not_missing(alpha: Site, write: Write) -> None:
    Site.update(work_days="MON TUE WED").where(Site.id == alpha.id).execute()
    site = Site.get_by_id(alpha.id)
    friday = THURSDAY + timedelta(days=1)
    assert mass_balance(site, MONDAY, friday).missing == []
    write(DISPATCH, friday, STONE, "1")
    assert mass_balance(site, MONDAY, friday).missing == [friday]


@pytest.mark.usefixtures("three_days")
def test_the_balance_begins_where_the_book_does(alpha: Site, write: Write) -> None:
    """What came before the first opening is in no stock; a later opening begins its own material's balance."""
    write(RECEIVED, SUNDAY, RUBBLE, "1000")
    write(OPENINGS, THURSDAY, "FINE-WASHED", "70")
    write(DISPATCH, THURSDAY, "FINE-WASHED", "4")
    found = mass_balance(alpha, SUNDAY - timedelta(days=6), THURSDAY)
    assert found.since == MONDAY
    assert stream(found, RUBBLE).since == MONDAY
    assert stream(found, RUBBLE).moved.received == 100
    sand = stream(found, "FINE-WASHED")
    assert (sand.since, sand.opening.book, sand.closing.book) == (THURSDAY, 70, 66)
    assert sand.figures.unexplained == 0


def test_without_an_opening_or_before_it_there_is_nothing_to_balance(alpha: Site, write: Write) -> None:
    write(RECEIVED, MONDAY, RUBBLE, "10")
    assert mass_balance(alpha, MONDAY, WEDNESDAY) == Balance(alpha, MONDAY, WEDNESDAY, None, [], [])
    write(OPENINGS, WEDNESDAY, RUBBLE, "10")
    assert mass_balance(alpha, MONDAY, TUESDAY).since is None
    far = date.max
    assert mass_balance(alpha, far, far).since is None
    assert mass_balance(alpha, TUESDAY, far).since == WEDNESDAY


@pytest.mark.usefixtures("three_days")
def test_another_sites_tons_are_in_no_balance_of_this_one(alpha: Site, beta: Site, cast: Cast) -> None:
    before = mass_balance(alpha, MONDAY, WEDNESDAY)
    sent = {"siteId": beta.code, "date": MONDAY.isoformat(), "materialId": RUBBLE, "quantity": Decimal(5)}
    service.create(RECEIVED, sent, cast("cleo"))
    assert mass_balance(alpha, MONDAY, WEDNESDAY) == before


@pytest.mark.usefixtures("three_days")
def test_a_long_period_costs_as_many_statements_as_a_short_one(
    alpha: Site, survey: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey(TUESDAY, RUBBLE, "100", "1", "2")
    spent = []
    for days in (3, 3000):
        with counted(monkeypatch) as seen:
            mass_balance(alpha, WEDNESDAY - timedelta(days=days - 1), WEDNESDAY)
        spent.append(len(seen))
    assert spent[1] <= spent[0] < 25, spent


@pytest.mark.usefixtures("three_days")
def test_what_a_balance_reads_is_found_by_an_index(
    alpha: Site, survey: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey(TUESDAY, RUBBLE, "100", "1", "2")
    asked: list[tuple[str, Any]] = []
    handle = database.database.obj
    run = handle.execute_sql

    def note(sql: str, params: Any = None, *rest: Any) -> Any:
        asked.append((sql, params))
        return run(sql, params, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(handle, "execute_sql", note)
        mass_balance(alpha, MONDAY, WEDNESDAY)
    of_the_site = {sql: params for sql, params in asked if "site_id" in sql}
    assert len(of_the_site) > 8
    for sql, params in of_the_site.items():
        plan = plan_of(sql, params)
        assert not re.search(r"SCAN (?!CONSTANT)|Seq Scan", plan), f"{sql}\n{plan}"
