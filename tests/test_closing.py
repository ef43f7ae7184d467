"""Closing days and opening them again: in order, by whom, in spite of what, and what a closed day refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deskops import background, config
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import AuditEntry, broken_links
from deskops.days import sites
from deskops.days.blockers import blockers, overridden
from deskops.days.board import days_of
from deskops.days.closing import Moved, close, closings, moved_since, reopen
from deskops.days.models import DayClosing
from deskops.days.nils import withdraw
from deskops.errors import DayBlocked, DayClosed, DeskOpsError, Forbidden, ValidationFailed
from deskops.imports.models import RUNNING, Import
from deskops.imports.plan import Plan
from deskops.imports.running import RowsRefused
from deskops.ledger.models import InventorySnapshot
from deskops.ledger.standing import Standing, standing
from deskops.modules import ADJUSTMENTS, DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED, SURVEYS
from deskops.records import service
from deskops.sanity.models import Review
from tests.clients import ApiClient, PageClient
from tests.entries import MONDAY
from tests.import_fixtures import imported, ordered
from tests.samples import as_read, sample
from tests.stock_book import SAND, STONE, Book
from tests.test_concurrency import all_at_once
from tests.test_days import FIVE

Cast = Callable[[str], Actor]
TUESDAY = MONDAY + timedelta(days=1)
LOST = {"kind": "LOSS", "reason": "Washed away"}


@pytest.fixture
def ann(cast: Cast) -> Actor:
    return cast("ann")


@pytest.fixture
def book(alpha: Site, ann: Actor) -> Book:
    """Alpha with 100 t of stone since Monday, and nothing to report on Monday and Tuesday."""
    kept = Book(alpha, ann)
    kept.enter(OPENINGS, 0, STONE, "100")
    kept.nil(0, FIVE)
    kept.nil(1, FIVE)
    return kept


def kinds(refused: pytest.ExceptionInfo[DayBlocked]) -> list[str]:
    return [one["kind"] for one in refused.value.details["blockers"]]


def state(site: Site, offset: int) -> str:
    day = MONDAY + timedelta(days=offset)
    return days_of(site, day, day)[0].state


def test_a_whole_day_closes(alpha: Site, book: Book, ann: Actor) -> None:
    assert blockers(alpha, MONDAY) == []
    day = close(alpha, MONDAY, ann)
    assert (day.state, day.missing) == ("CLOSED", [])
    assert standing(alpha.id) == Standing(MONDAY, MONDAY)
    assert [state(alpha, offset) for offset in (0, 1)] == ["CLOSED", "OPEN"]


def test_a_closing_keeps_the_figures_and_its_entry_of_the_audit_chain(
    alpha: Site, book: Book, ann: Actor
) -> None:
    book.enter(RECEIVED, 0, SAND, "12.5")
    close(alpha, MONDAY, ann, "All counted")
    [closing] = closings(alpha, MONDAY)
    rows = InventorySnapshot.select().where(InventorySnapshot.date == MONDAY)
    assert json.loads(closing.figures) == {row.material_id: int(row.closing * 1000) for row in rows}
    assert sorted(json.loads(closing.figures).values()) == [12_500, 100_000]
    entry = AuditEntry.get(AuditEntry.scope == alpha.id, AuditEntry.sequence == closing.sequence)
    assert (entry.verb, entry.subject, entry.subject_id) == ("CLOSED", "day", "2026-03-02")
    assert (entry.hash, entry.actor) == (closing.hash, ann.user_id)
    assert json.loads(entry.changes)["reason"] == [None, "All counted"]
    assert broken_links(alpha.id) == []


def test_what_is_missing_blocks_by_name(alpha: Site, ann: Actor, cast: Cast) -> None:
    site = sites.save_site({"workShifts": ["MORNING", "NIGHT"]}, cast("ada"), alpha)
    book = Book(site, ann)
    book.enter(OPENINGS, 0, STONE, "100")
    book.nil(0, ["received", "equipment", "manpower"])
    book.enter(PRODUCTION, 0, STONE, "5", shift="MORNING")
    with pytest.raises(DayBlocked) as refused:
        close(site, MONDAY, ann)
    told = [(one["kind"], one["module"], one.get("shift")) for one in refused.value.details["blockers"]]
    assert told == [("MISSING_INPUT", "production", "NIGHT"), ("MISSING_INPUT", "dispatch", None)]
    texts = [str(one["message"]) for one in refused.value.details["blockers"]]
    assert texts[0] == "Production, NIGHT: neither a record nor a nil return"
    assert DayClosing.select().count() == 0


def test_stock_below_zero_blocks_also_where_the_day_has_no_snapshot(
    alpha: Site, book: Book, ann: Actor
) -> None:
    close(alpha, MONDAY, ann)
    book.enter(ADJUSTMENTS, 1, STONE, "-130.25", **LOST)
    withdraw(alpha, TUESDAY, ann, module="received", shift="", reason="There was")
    missing, below = blockers(alpha, TUESDAY)
    assert missing.details == {"module": "received", "date": TUESDAY}
    assert below.kind == "NEGATIVE_STOCK"
    assert (below.details["materialCode"], below.details["tons"]) == (STONE, Decimal("-30.25"))


def test_an_earlier_open_day_blocks_and_cannot_be_overridden(alpha: Site, book: Book, ann: Actor) -> None:
    with pytest.raises(DayBlocked) as refused:
        close(alpha, TUESDAY, ann, "Hurry", override=True)
    [blocker] = refused.value.details["blockers"]
    assert (blocker["kind"], blocker["date"]) == ("EARLIER_DAY_OPEN", MONDAY)
    close(alpha, MONDAY, ann)
    close(alpha, TUESDAY, ann)


def test_days_off_close_along_with_the_next_one(alpha: Site, ann: Actor, cast: Cast) -> None:
    site = sites.save_site({"workDays": ["MON", "WED"]}, cast("ada"), alpha)
    book = Book(site, ann)
    book.enter(OPENINGS, 0, STONE, "100")
    book.nil(0, FIVE)
    book.nil(2, FIVE)
    close(site, MONDAY, ann)
    close(site, book.day(2), ann)
    assert [state(site, offset) for offset in range(4)] == ["CLOSED", "CLOSED", "CLOSED", "OPEN"]
    with pytest.raises(DayClosed):
        book.enter(RECEIVED, 1, STONE, "1")


def test_no_earlier_day_opens_again_not_even_one_that_was_closed_along(
    alpha: Site, ann: Actor, cast: Cast
) -> None:
    site = sites.save_site({"workDays": ["THU"]}, cast("ada"), alpha)
    book = Book(site, ann)
    book.enter(OPENINGS, 0, STONE, "100")
    book.nil(3, FIVE)
    close(site, book.day(3), ann)
    reopen(site, book.day(2), ann, "A load was forgotten")
    assert [state(site, offset) for offset in range(4)] == ["CLOSED", "CLOSED", "OPEN", "REOPENED"]
    with pytest.raises(DayClosed):
        book.enter(RECEIVED, 1, STONE, "1")
    book.enter(RECEIVED, 2, STONE, "1")
    book.nil(2, ["production", "dispatch", "equipment", "manpower"])
    close(site, book.day(2), ann)
    reopen(site, MONDAY, ann, "From the first day on")
    assert [state(site, offset) for offset in range(4)] == ["OPEN", "OPEN", "REOPENED", "REOPENED"]


def test_an_import_under_way_blocks_and_cannot_be_overridden(alpha: Site, book: Book, ann: Actor) -> None:
    Import.create(site=alpha, module="received", user_id="x", file_name="a.csv", plan="{}", state=RUNNING)
    with pytest.raises(DayBlocked) as refused:
        close(alpha, MONDAY, ann, "Hurry", override=True)
    assert kinds(refused) == ["IMPORT_UNDER_WAY"]


def test_a_doubtful_entry_that_waits_blocks_until_it_is_cleared(alpha: Site, book: Book, ann: Actor) -> None:
    load = book.enter(RECEIVED, 0, STONE, "5")
    waiting = Review.create(
        site=alpha, date=MONDAY, module="received", record_id=load.id, doubts="[]", raised_by="x"
    )
    with pytest.raises(DayBlocked) as refused:
        close(alpha, MONDAY, ann)
    assert kinds(refused) == ["OPEN_REVIEW"]
    assert refused.value.details["blockers"][0]["recordId"] == load.id
    Review.update(cleared_at=waiting.raised_at).where(Review.id == waiting.id).execute()
    close(alpha, MONDAY, ann)


def test_a_moderator_overrides_with_a_reason_what_may_be(alpha: Site, book: Book, ann: Actor) -> None:
    withdraw(alpha, MONDAY, ann, module="manpower", shift="", reason=None)
    book.enter(ADJUSTMENTS, 0, STONE, "-101", **LOST)
    for reason in (None, "  "):
        with pytest.raises(ValidationFailed) as refused:
            close(alpha, MONDAY, ann, reason, override=True)
        assert refused.value.fields.keys() == {"reason"}
    close(alpha, MONDAY, ann, "The list was lost", override=True)
    [closing] = closings(alpha, MONDAY)
    assert closing.reason == "The list was lost"
    assert [one.kind for one in overridden(closing)] == ["MISSING_INPUT", "NEGATIVE_STOCK"]
    assert str(overridden(closing)[1].message) == "3/4: -1.000 t at the end of the day"
    entry = AuditEntry.get(AuditEntry.scope == alpha.id, AuditEntry.sequence == closing.sequence)
    assert "NEGATIVE_STOCK" in entry.changes


@pytest.mark.parametrize("nick", ["ben", "vera", "cleo"])
def test_only_a_moderator_closes_and_reopens(
    nick: str, alpha: Site, book: Book, ann: Actor, cast: Cast
) -> None:
    with pytest.raises(Forbidden):
        close(alpha, MONDAY, cast(nick))
    close(alpha, MONDAY, ann)
    with pytest.raises(Forbidden):
        reopen(alpha, MONDAY, cast(nick), "Mine")


def test_a_site_without_an_opening_has_no_day_to_close(alpha: Site, ann: Actor) -> None:
    with pytest.raises(DayBlocked) as refused:
        close(alpha, MONDAY, ann, "Hurry", override=True)
    assert kinds(refused) == ["NOT_BEGUN"]


def test_days_to_come_and_days_before_the_ledger_do_not_close(alpha: Site, book: Book, ann: Actor) -> None:
    for day in (alpha.today() + timedelta(days=1), MONDAY - timedelta(days=1)):
        with pytest.raises(ValidationFailed) as refused:
            close(alpha, day, ann)
        assert refused.value.fields.keys() == {"date"}


def test_a_closed_day_does_not_close_again_and_an_open_one_does_not_open(
    alpha: Site, book: Book, ann: Actor
) -> None:
    with pytest.raises(DayBlocked, match="not closed"):
        reopen(alpha, MONDAY, ann, "Late ticket")
    close(alpha, MONDAY, ann)
    with pytest.raises(DayBlocked, match="closed already"):
        close(alpha, MONDAY, ann)


def test_of_eight_who_close_at_once_one_does(alpha: Site, book: Book, ann: Actor) -> None:
    answers = all_at_once(lambda _: close(alpha, MONDAY, ann))
    assert sum(isinstance(answer, DayBlocked) for answer in answers) == 7, answers
    assert len(closings(alpha, MONDAY)) == 1
    assert broken_links(alpha.id) == []


def test_who_enters_while_somebody_closes_comes_before_it_or_is_refused(
    alpha: Site, book: Book, ann: Actor
) -> None:
    def one(number: int) -> Any:
        if number == 3:
            return close(alpha, MONDAY, ann, "The gate is shut", override=True)
        return book.enter(RECEIVED, 0, STONE, f"{number + 1}.5")

    answers = all_at_once(one)
    assert answers[3].state == "CLOSED"
    stored = [answer for answer in answers if isinstance(answer, RECEIVED.model)]
    refused = [answer for answer in answers if isinstance(answer, DayClosed)]
    assert len(stored) + len(refused) == 7, answers
    assert RECEIVED.model.select().count() == len(stored)
    assert moved_since(alpha, MONDAY) == []


def refusals(book: Book, ann: Actor, load: Any) -> dict[str, Callable[[], Any]]:
    """Every kind of write into Monday."""
    nil = {"siteId": book.site.code, "date": MONDAY.isoformat(), "module": "production"}
    early, late = (as_read(sample("received", book.site, day)) for day in (MONDAY, book.day(2)))
    return {
        "create": lambda: book.enter(RECEIVED, 0, STONE, "1"),
        "before": lambda: book.enter(RECEIVED, -9, STONE, "1"),
        "bulk": lambda: service.create_many(RECEIVED, [late, early], ann),
        "correct": lambda: service.correct(RECEIVED, load.id, {"notes": "Wet"}, ann),
        "void": lambda: service.void(RECEIVED, load.id, ann, reason="Twice"),
        "nil": lambda: service.create(NILS, nil, ann),
        "withdraw": lambda: withdraw(book.site, MONDAY, ann, module="dispatch", shift="", reason=None),
        "opening": lambda: book.enter(OPENINGS, 0, SAND, "5"),
        "adjustment": lambda: book.enter(ADJUSTMENTS, 0, STONE, "-1", **LOST),
    }


def test_a_closed_day_takes_no_write_by_any_verb(alpha: Site, book: Book, ann: Actor) -> None:
    load, moved = book.enter(RECEIVED, 0, STONE, "5"), book.enter(RECEIVED, 2, STONE, "5")
    close(alpha, MONDAY, ann)
    before = standing_of(alpha)
    for name, write in refusals(book, ann, load).items():
        with pytest.raises(DayClosed) as refused:
            write()
        assert refused.value.details["closedThrough"] == MONDAY, name
    with pytest.raises(DayClosed):
        service.correct(RECEIVED, moved.id, {"date": MONDAY.isoformat()}, ann)
    assert standing_of(alpha) == before
    book.keep(SURVEYS, 0, materialId=STONE, volume=Decimal(70), density=Decimal("1.5"))


def standing_of(site: Site) -> list[Any]:
    """Everything that stands on Monday."""
    snapshots = InventorySnapshot.select().where(InventorySnapshot.date == MONDAY)
    return [[row.__data__ for row in snapshots], len(blockers(site, MONDAY)), RECEIVED.model.select().count()]


def test_a_closed_day_takes_no_write_by_the_api_nor_by_a_page(
    alpha: Site,
    book: Book,
    ann: Actor,
    api: Callable[..., ApiClient],
    browse: Callable[..., PageClient],
) -> None:
    load = book.enter(RECEIVED, 0, STONE, "5")
    close(alpha, MONDAY, ann)
    script, body = api("ann"), sample("received", alpha, MONDAY)
    where = f"/api/received/{load.id}"
    for answer in (
        script.post("/api/received", body),
        script.post("/api/received/bulk", {"records": [body]}),
        script.patch(where, {"notes": "Wet"}),
        script.delete(where),
        script.post(f"/api/days/{alpha.code}/{MONDAY}/nil", {"module": "production"}),
    ):
        assert answer.status_code == 409
        assert answer.get_json()["error"]["code"] == "DAY_CLOSED"
    typed = {key: str(value) for key, value in body.items()} | {"clientKey": "one"}
    assert browse("ann").post("/received", typed).status_code == 409
    assert RECEIVED.model.select().count() == 1


def test_a_closed_day_takes_no_row_of_an_import(
    alpha: Site, book: Book, ann: Actor, tmp_path: Path, settings: config.Settings
) -> None:
    background.use(settings)
    close(alpha, MONDAY, ann)
    file = tmp_path / "loads.csv"
    file.write_text("date,materialId,quantity\n2026-03-02,AGG-3/4,5\n2026-03-03,AGG-3/4,5\n")
    with pytest.raises(RowsRefused):
        imported(ordered(file, alpha, Plan()))
    imported(ordered(file, alpha, Plan(skip_bad=True)))
    assert [record.date for record in RECEIVED.model.select()] == [TUESDAY]


def test_reopening_opens_the_day_and_every_later_one(alpha: Site, book: Book, ann: Actor) -> None:
    book.nil(2, FIVE)
    for offset in range(3):
        close(alpha, book.day(offset), ann)
    day = reopen(alpha, TUESDAY, ann, "A ticket came late")
    assert day.state == "REOPENED"
    assert [state(alpha, offset) for offset in range(4)] == ["CLOSED", "REOPENED", "REOPENED", "OPEN"]
    assert standing(alpha.id).closed_through == MONDAY
    [closing] = closings(alpha, TUESDAY)
    assert (closing.reopen_reason, closing.reopened_by) == ("A ticket came late", ann.user_id)
    assert closings(alpha, MONDAY)[0].reopened_at is None
    entry = AuditEntry.select().order_by(AuditEntry.at.desc()).where(AuditEntry.scope == alpha.id).first()
    assert (entry.verb, entry.subject_id) == ("REOPENED", TUESDAY.isoformat())
    close(alpha, TUESDAY, ann)
    assert [bool(one.reopened_at) for one in closings(alpha, TUESDAY)] == [False, True]
    assert [state(alpha, offset) for offset in range(3)] == ["CLOSED", "CLOSED", "REOPENED"]


def test_reopening_the_first_closed_day_leaves_none_closed(alpha: Site, book: Book, ann: Actor) -> None:
    close(alpha, MONDAY, ann)
    close(alpha, TUESDAY, ann)
    reopen(alpha, MONDAY, ann, "From the start")
    assert standing(alpha.id) == Standing(MONDAY, None)
    book.enter(RECEIVED, -3, STONE, "1")


@pytest.mark.parametrize("reason", [None, "", "   ", "x" * 501])
def test_reopening_needs_a_reason(reason: str | None, alpha: Site, book: Book, ann: Actor) -> None:
    close(alpha, MONDAY, ann)
    with pytest.raises(ValidationFailed) as refused:
        reopen(alpha, MONDAY, ann, reason)
    assert refused.value.fields.keys() == {"reason"}


def test_reopening_tells_what_moved_since_in_tons(alpha: Site, book: Book, ann: Actor) -> None:
    close(alpha, MONDAY, ann)
    close(alpha, TUESDAY, ann)
    assert moved_since(alpha, TUESDAY) == []
    reopen(alpha, MONDAY, ann, "A ticket came late")
    assert moved_since(alpha, TUESDAY) == []
    book.enter(DISPATCH, 0, STONE, "12.5")
    book.enter(RECEIVED, 1, SAND, "3.25")
    told = [(moved.material.code, *moved[1:]) for moved in moved_since(alpha, TUESDAY)]
    assert told == [
        (STONE, Decimal("100.000"), Decimal("87.500"), Decimal("-12.500")),
        (SAND, Decimal(0), Decimal("3.250"), Decimal("3.250")),
    ]
    [of_monday] = moved_since(alpha, MONDAY)
    assert isinstance(of_monday, Moved)
    assert moved_since(alpha, book.day(5)) == []


def test_a_refusal_is_one_that_a_person_can_read(alpha: Site, book: Book, ann: Actor) -> None:
    close(alpha, MONDAY, ann)
    with pytest.raises(DeskOpsError, match="Closed through 2026-03-02"):
        book.enter(RECEIVED, 0, STONE, "1")
