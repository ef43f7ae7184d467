"""The days of a site: what each owes by the calendar, what is there, late, nil or missing, by whom and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.database import execute, portable
from deskops.days import sites
from deskops.days.board import Cell, Day, days_of
from deskops.days.closing import close
from deskops.days.entries import first_records_sql
from deskops.ledger.gaps import incomplete_since, incomplete_since_of
from deskops.ledger.models import SnapshotDay
from deskops.ledger.standing import covers_day
from deskops.modules import DISPATCH, EQUIPMENT, MANPOWER, OPENINGS, PRODUCTION, RECEIVED
from deskops.records import service
from deskops.records.module import Module
from tests.entries import MONDAY, Enter, clock_at, entering
from tests.statements import counted, plan_of
from tests.stock_book import STONE, Book

Cast = Callable[[str], Actor]
FIVE = ["production", "received", "dispatch", "equipment", "manpower"]
FRIDAY = MONDAY + timedelta(days=4)
MORNING, AFTERNOON, NIGHT = "MORNING", "AFTERNOON", "NIGHT"


@pytest.fixture
def book(alpha: Site, cast: Cast) -> Book:
    return Book(alpha, cast("ann"))


@pytest.fixture
def enter(alpha: Site, cast: Cast) -> Enter:
    return entering(alpha, cast("ben"))


@pytest.fixture
def works(alpha: Site, cast: Cast) -> Callable[..., Site]:
    """works(workShifts=[…]): Alpha with this calendar."""
    return lambda **calendar: sites.save_site(calendar, cast("ada"), alpha)


def board(site: Site, offset: int = 0) -> Day:
    [day] = days_of(site, MONDAY + timedelta(days=offset), MONDAY + timedelta(days=offset), with_people=True)
    return day


def states(day: Day) -> dict[Any, str]:
    """{module, or (module, shift): state}"""
    return {(cell.module, cell.shift) if cell.shift else cell.module: cell.state for cell in day.cells}


def cell(day: Day, module: str, shift: str = "") -> Cell:
    return next(one for one in day.cells if (one.module, one.shift) == (module, shift))


def entered_at(module: Module, record: Any, moment: str) -> None:
    """Let a record have been entered at this moment, UTC."""
    table = module.model._meta.table_name
    execute(f"UPDATE {table} SET created_at = ? WHERE id = ?", (f"{moment}.000000", record.id))


def test_a_day_owes_the_opening_and_each_module_once(alpha: Site) -> None:
    day = board(alpha)
    assert states(day) == dict.fromkeys(FIVE, "MISSING")
    assert day.missing == [("opening", ""), *((name, "") for name in FIVE)]
    assert (day.state, day.is_due, day.is_stored, day.opening) == ("OPEN", True, False, False)
    assert day.counts == (0, 6)


def test_what_is_entered_or_declared_is_there(alpha: Site, book: Book, enter: Enter) -> None:
    book.enter(OPENINGS, 0, STONE, "100")
    enter(PRODUCTION, MONDAY)
    enter(DISPATCH, MONDAY)
    enter(DISPATCH, MONDAY)
    book.nil(0, ["received", "equipment"])
    day = board(alpha)
    assert day.missing == [("manpower", "")]
    assert day.nils == [("received", ""), ("equipment", "")]
    assert day.counts == (5, 6)
    assert day.is_stored
    assert cell(day, "dispatch").records == 2
    assert not board(alpha, 1).is_stored


def test_a_record_that_is_void_or_cancelled_is_not_there(alpha: Site, enter: Enter, cast: Cast) -> None:
    load = enter(RECEIVED, MONDAY)
    enter(DISPATCH, MONDAY, status="CANCELLED")
    service.void(RECEIVED, load.id, cast("ann"), reason="Not ours")
    assert states(board(alpha)) == dict.fromkeys(FIVE, "MISSING")


def test_each_working_shift_owes_what_names_its_shift(enter: Enter, works: Callable[..., Site]) -> None:
    site = works(workShifts=[AFTERNOON, MORNING])
    enter(PRODUCTION, MONDAY, shift=MORNING)
    enter(RECEIVED, MONDAY)
    day = board(site)
    assert list(states(day)) == [
        ("production", MORNING),
        ("production", AFTERNOON),
        "received",
        "dispatch",
        ("equipment", MORNING),
        ("equipment", AFTERNOON),
        ("manpower", MORNING),
        ("manpower", AFTERNOON),
    ]
    assert ("production", AFTERNOON) in day.missing
    assert ("production", MORNING) not in day.missing
    assert day.counts == (2, 9)


def test_a_record_of_no_shift_is_of_every_shift(enter: Enter, works: Callable[..., Site]) -> None:
    site = works(workShifts=[MORNING, NIGHT])
    enter(MANPOWER, MONDAY, shift=None)
    day = board(site)
    assert cell(day, "manpower", MORNING).records == cell(day, "manpower", NIGHT).records == 1
    assert not {module for module, _ in day.missing} & {"manpower"}


def test_a_record_of_any_shift_is_of_the_day(alpha: Site, enter: Enter) -> None:
    enter(PRODUCTION, MONDAY, shift=MORNING)
    enter(PRODUCTION, MONDAY, shift=NIGHT)
    assert cell(board(alpha), "production").records == 2


def test_a_nil_return_is_of_its_shift_or_of_them_all(book: Book, works: Callable[..., Site]) -> None:
    site = works(workShifts=[MORNING, AFTERNOON])
    book.nil(0, ["production"], shift=MORNING)
    book.nil(0, ["equipment"])
    day = board(site)
    assert day.nils == [("production", MORNING), ("equipment", MORNING), ("equipment", AFTERNOON)]
    assert cell(day, "equipment", MORNING).nil_id == cell(day, "equipment", AFTERNOON).nil_id
    assert ("production", AFTERNOON) in day.missing


def test_what_is_not_over_yet_is_due_and_then_missing(
    works: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = works(workShifts=[MORNING, NIGHT])
    # 13:59 in Riyadh, a minute before the morning shift ends.
    clock_at(monkeypatch, "2026-03-02 10:59:00")
    assert set(states(board(site)).values()) == {"DUE"}
    clock_at(monkeypatch, "2026-03-02 11:00:00")
    found = states(board(site))
    assert found["production", MORNING] == "MISSING"
    assert found["production", NIGHT] == found["received"] == "DUE"
    assert ("production", NIGHT) in board(site).missing
    # The night shift ends at six in the morning of Tuesday, and with it the day.
    clock_at(monkeypatch, "2026-03-03 02:59:59")
    assert states(board(site))["production", NIGHT] == states(board(site))["received"] == "DUE"
    clock_at(monkeypatch, "2026-03-03 03:00:00")
    assert set(states(board(site)).values()) == {"MISSING"}


def test_a_day_without_a_night_shift_is_over_at_midnight(
    alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_at(monkeypatch, "2026-03-02 20:59:59")
    assert set(states(board(alpha)).values()) == {"DUE"}
    clock_at(monkeypatch, "2026-03-02 21:00:00")
    assert set(states(board(alpha)).values()) == {"MISSING"}


def test_what_came_more_than_twelve_hours_after_its_shift_is_late(
    enter: Enter, works: Callable[..., Site]
) -> None:
    site = works(workShifts=[MORNING, AFTERNOON])
    first, second = (enter(PRODUCTION, MONDAY, shift=shift) for shift in (MORNING, AFTERNOON))
    load = enter(RECEIVED, MONDAY)
    # The morning shift ended at 11:00 UTC, the afternoon at 19:00, the day at 21:00.
    entered_at(PRODUCTION, first, "2026-03-02 23:00:01")
    entered_at(PRODUCTION, second, "2026-03-03 07:00:00")
    entered_at(RECEIVED, load, "2026-03-03 09:00:00")
    found = states(board(site))
    assert found["production", MORNING] == "LATE"
    assert found["production", AFTERNOON] == found["received"] == "REPORTED"
    [without] = days_of(site, MONDAY, MONDAY)
    assert states(without)["production", MORNING] == "REPORTED"


def test_a_cell_tells_who_entered_first_and_when(alpha: Site, cast: Cast, enter: Enter, book: Book) -> None:
    by_bob = entering(alpha, cast("bob"))(DISPATCH, MONDAY)
    by_ben = enter(DISPATCH, MONDAY)
    entered_at(DISPATCH, by_bob, "2026-03-02 12:00:00")
    entered_at(DISPATCH, by_ben, "2026-03-02 08:30:00")
    book.nil(0, ["received"])
    day = board(alpha)
    found = cell(day, "dispatch")
    assert (found.by, found.at) == ("Ben Operator", datetime.fromisoformat("2026-03-02 08:30"))
    assert cell(day, "received").by == "Ann Moderator"
    service.void(DISPATCH, by_ben.id, cast("ann"), reason="Not ours")
    assert cell(board(alpha), "dispatch").by == "Bob Operator"


def test_a_day_off_owes_nothing_until_something_is_entered(enter: Enter, works: Callable[..., Site]) -> None:
    site = works(workDays=["MON", "TUE", "WED", "THU", "SAT", "SUN"])
    friday = board(site, 4)
    assert (friday.is_due, friday.missing, friday.cells, friday.counts) == (False, [], (), (0, 0))
    enter(RECEIVED, FRIDAY)
    friday = board(site, 4)
    assert friday.is_due
    assert ("production", "") in friday.missing


def test_a_module_that_does_not_report_is_not_expected(works: Callable[..., Site]) -> None:
    site = works(reports=["production", "received", "dispatch"])
    assert board(site).counts == (0, 4)


def test_a_day_that_has_not_come_owes_nothing(alpha: Site) -> None:
    tomorrow = alpha.today() + timedelta(days=1)
    [day] = days_of(alpha, tomorrow, tomorrow)
    assert (day.is_due, day.missing, day.cells) == (False, [], ())


def test_a_year_takes_as_many_statements_as_a_day(
    alpha: Site, enter: Enter, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(RECEIVED, MONDAY)
    book.nil(3)
    with counted(monkeypatch) as of_a_day:
        days_of(alpha, MONDAY, MONDAY, with_people=True)
    with counted(monkeypatch) as of_a_year:
        days_of(alpha, MONDAY, MONDAY + timedelta(days=200), with_people=True)
    assert len(of_a_day) == len(of_a_year)


def test_a_snapshot_is_incomplete_since_the_first_open_day_that_is_not_stored(
    alpha: Site, book: Book, cast: Cast
) -> None:
    assert incomplete_since(alpha, MONDAY) is None
    book.enter(OPENINGS, 0, STONE, "100")
    for offset in (0, 1, 4):
        book.nil(offset, FIVE)
    days = [book.day(offset) for offset in range(6)]
    gap = book.day(2)
    assert incomplete_since_of(alpha, days) == dict(zip(days, [None, None, None, gap, gap, gap], strict=True))
    for offset in (0, 1):
        close(alpha, book.day(offset), cast("ann"))
    close(alpha, gap, cast("ann"), "Feast", override=True)
    assert incomplete_since(alpha, book.day(3)) is None
    assert incomplete_since(alpha, book.day(4)) == book.day(3)


def test_a_day_off_makes_nothing_incomplete_unless_something_was_entered(
    book: Book, enter: Enter, works: Callable[..., Site]
) -> None:
    site = works(workDays=["MON", "TUE", "WED", "THU", "SAT", "SUN"])
    book.enter(OPENINGS, 3, STONE, "100")
    for offset in (3, 5):
        book.nil(offset)
    assert incomplete_since(site, book.day(6)) is None
    enter(RECEIVED, FRIDAY)
    assert incomplete_since(site, book.day(6)) == FRIDAY
    assert incomplete_since(site, FRIDAY) is None


def stored_offsets() -> list[int]:
    return sorted((row.date - MONDAY).days for row in SnapshotDay.select())


def test_other_shifts_than_before_store_and_withdraw_what_rests_on_their_nil_returns(
    book: Book, works: Callable[..., Site]
) -> None:
    site = works(workShifts=[MORNING, AFTERNOON])
    book.enter(OPENINGS, 0, STONE, "100")
    for offset, shifts in enumerate([(MORNING, AFTERNOON), (MORNING,), (MORNING, AFTERNOON)]):
        for shift in shifts:
            book.nil(offset, ["production"], shift=shift)
        book.nil(offset, ["received", "dispatch"])
    book.enter(PRODUCTION, 3, STONE, "5", shift=MORNING)
    book.nil(3, ["received", "dispatch"])
    assert stored_offsets() == [0, 2, 3]
    site = works(workShifts=[MORNING])
    assert stored_offsets() == [0, 1, 2, 3]
    assert covers_day(site, "production", {MORNING})
    works(workShifts=[MORNING, AFTERNOON, NIGHT])
    assert stored_offsets() == [3]


def test_equipment_and_manpower_are_not_what_a_snapshot_waits_for(alpha: Site, book: Book) -> None:
    book.enter(OPENINGS, 0, STONE, "100")
    book.nil(0)
    day = board(alpha)
    assert day.is_stored
    assert day.missing == [("equipment", ""), ("manpower", "")]
    assert EQUIPMENT.name in {module for module, _ in day.missing}


def test_who_was_first_is_found_by_an_index(alpha: Site, enter: Enter) -> None:
    for module in (PRODUCTION, RECEIVED):
        enter(module, MONDAY)
        sql = first_records_sql(module, by_shift=module is PRODUCTION)
        plan = plan_of(portable(sql), (alpha.id, alpha.id, str(MONDAY), str(FRIDAY)))
        assert f"{module.name}_in_order" in plan
        assert not re.search(r"SCAN (one|told|record)\b|Seq Scan", plan), plan
