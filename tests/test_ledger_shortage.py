"""Stock below zero, where the site's policy is to block it: judged on every later day, by whatever way it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts.actor import Actor
from deskops.accounts.models import BLOCK, Site
from deskops.errors import InsufficientStock
from deskops.ledger.models import InventorySnapshot
from deskops.modules import ADJUSTMENTS, DISPATCH, EVERY_MODULE, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.opening import Opening
from deskops.records import service
from deskops.records.module import Module
from deskops.schema import counters, references

Cast = Callable[[str], Actor]
MONDAY = date(2026, 3, 2)
STONE, RUBBLE = "AGG-3/4", "RAW-MIXED"


@pytest.fixture
def enter(alpha: Site, cast: Cast) -> Callable[..., Any]:
    """enter(RECEIVED, 0, STONE, "12.5"): so many days after Monday; 100 t of stone lie there."""
    Site.update(stock_policy=BLOCK).where(Site.id == alpha.id).execute()
    references.forget()

    def one(module: Module, offset: int, material: str, tons: str, **values: Any) -> Any:
        return service.create(module, body(offset, material, tons, **values), cast("ann")).record

    def body(offset: int, material: str, tons: str, **values: Any) -> dict[str, Any]:
        day = (MONDAY + timedelta(days=offset)).isoformat()
        return {
            "siteId": alpha.code,
            "date": day,
            "materialId": material,
            "quantity": Decimal(tons),
        } | values

    one(OPENINGS, 0, STONE, "100")
    return one


def records() -> int:
    return sum(module.model.select().count() for module in EVERY_MODULE.values())


def test_the_last_ton_may_go_and_not_a_kilogram_more(enter: Any) -> None:
    enter(DISPATCH, 0, STONE, "100")
    before = records()
    with pytest.raises(InsufficientStock) as refused:
        enter(DISPATCH, 0, STONE, "0.001")
    assert refused.value.details["materialCode"] == STONE
    assert refused.value.details["missing"] == Decimal("0.001")
    assert refused.value.details["date"] == MONDAY
    assert records() == before


def test_a_back_dated_dispatch_is_judged_on_every_later_day(enter: Any) -> None:
    enter(DISPATCH, 5, STONE, "90")
    enter(RECEIVED, 6, STONE, "500")
    enter(DISPATCH, 1, STONE, "10")
    with pytest.raises(InsufficientStock) as refused:
        enter(DISPATCH, 1, STONE, "0.5")
    assert refused.value.details["date"] == MONDAY + timedelta(days=5)


def test_what_stood_below_zero_before_may_get_better_but_not_worse(enter: Any, alpha: Site) -> None:
    Site.update(stock_policy="ALLOW").where(Site.id == alpha.id).execute()
    references.forget()
    enter(DISPATCH, 0, STONE, "150")
    Site.update(stock_policy=BLOCK).where(Site.id == alpha.id).execute()
    references.forget()
    enter(RECEIVED, 0, STONE, "20")
    with pytest.raises(InsufficientStock):
        enter(DISPATCH, 3, STONE, "1")


def test_a_load_that_was_counted_on_cannot_be_voided_or_made_smaller(enter: Any, cast: Cast) -> None:
    load = enter(RECEIVED, 0, STONE, "50")
    enter(DISPATCH, 1, STONE, "140")
    with pytest.raises(InsufficientStock):
        service.void(RECEIVED, load.id, cast("ann"), reason="Not ours")
    with pytest.raises(InsufficientStock):
        service.correct(RECEIVED, load.id, {"quantity": Decimal(39)}, cast("ann"))
    with pytest.raises(InsufficientStock):
        service.correct(RECEIVED, load.id, {"date": (MONDAY + timedelta(days=2)).isoformat()}, cast("ann"))
    service.correct(RECEIVED, load.id, {"quantity": Decimal(40)}, cast("ann"))


def test_an_opening_that_was_counted_on_cannot_be_voided(enter: Any, cast: Cast) -> None:
    enter(OPENINGS, 0, RUBBLE, "10")
    enter(DISPATCH, 1, STONE, "60")
    opening = Opening.get(Opening.quantity == Decimal(100))
    with pytest.raises(InsufficientStock):
        service.void(OPENINGS, opening.id, cast("ann"), reason="Entered twice")


def test_feed_and_adjustments_take_stock_too(enter: Any) -> None:
    enter(OPENINGS, 0, RUBBLE, "10")
    feed = {"materialId": RUBBLE, "quantity": Decimal("10.001")}
    with pytest.raises(InsufficientStock):
        enter(PRODUCTION, 0, STONE, "9", shift="MORNING", feed=feed)
    with pytest.raises(InsufficientStock):
        enter(ADJUSTMENTS, 0, STONE, "-100.5", kind="LOSS", reason="Washed away")
    enter(PRODUCTION, 0, STONE, "9", shift="MORNING", feed=feed | {"quantity": Decimal(10)})


def test_of_a_batch_that_takes_too_much_nothing_is_entered(enter: Any, alpha: Site, cast: Cast) -> None:
    day = MONDAY.isoformat()
    loads = [
        {"siteId": alpha.code, "date": day, "materialId": STONE, "quantity": Decimal(60)} for _ in range(2)
    ]
    with pytest.raises(InsufficientStock):
        service.create_many(DISPATCH, loads, cast("ann"))
    assert DISPATCH.model.select().count() == 0
    assert InventorySnapshot.select().count() == 0


def test_a_site_without_an_opening_has_no_stock_to_run_out_of(beta: Site, cast: Cast) -> None:
    Site.update(stock_policy=BLOCK).where(Site.id == beta.id).execute()
    references.forget()
    sent = {
        "siteId": beta.code,
        "date": MONDAY.isoformat(),
        "materialId": STONE,
        "quantity": Decimal(60),
    }
    service.create(DISPATCH, sent, cast("cleo"))
    assert DISPATCH.model.select().count() == 1


def test_an_opening_does_not_take_away_what_was_counted_on(enter: Any) -> None:
    enter(RECEIVED, 1, RUBBLE, "60")
    enter(DISPATCH, 5, RUBBLE, "50")
    with pytest.raises(InsufficientStock) as refused:
        enter(OPENINGS, 3, RUBBLE, "49.999")
    assert refused.value.details["missing"] == Decimal("0.001")
    assert refused.value.details["date"] == MONDAY + timedelta(days=5)
    enter(OPENINGS, 3, RUBBLE, "50")


def test_an_opening_that_moves_is_judged_on_the_days_that_it_passes(enter: Any, cast: Cast) -> None:
    enter(RECEIVED, 1, RUBBLE, "60")
    opening = enter(OPENINGS, 3, RUBBLE, "50")
    enter(DISPATCH, 5, RUBBLE, "50")
    later = {"date": (MONDAY + timedelta(days=6)).isoformat()}
    service.correct(OPENINGS, opening.id, later, cast("ann"))
    earlier = {"date": (MONDAY + timedelta(days=4)).isoformat(), "quantity": Decimal(40)}
    with pytest.raises(InsufficientStock):
        service.correct(OPENINGS, opening.id, earlier, cast("ann"))
    service.correct(OPENINGS, opening.id, {"date": MONDAY.isoformat()}, cast("ann"))


def test_an_opening_that_makes_a_shortage_smaller_is_welcome(enter: Any, alpha: Site, cast: Cast) -> None:
    set_policy(alpha, "ALLOW")
    enter(DISPATCH, 0, RUBBLE, "150")
    set_policy(alpha, BLOCK)
    opening = enter(OPENINGS, 0, RUBBLE, "20")
    service.correct(OPENINGS, opening.id, {"quantity": Decimal(30)}, cast("ann"))
    with pytest.raises(InsufficientStock):
        service.correct(OPENINGS, opening.id, {"quantity": Decimal(29)}, cast("ann"))
    with pytest.raises(InsufficientStock):
        service.void(OPENINGS, opening.id, cast("ann"), reason="Not ours")


def test_where_the_policy_is_to_warn_an_opening_is_doubted_alike(enter: Any, alpha: Site, cast: Cast) -> None:
    set_policy(alpha, "WARN")
    enter(RECEIVED, 1, RUBBLE, "60")
    enter(DISPATCH, 5, RUBBLE, "50")
    sent = {"siteId": alpha.code, "date": (MONDAY + timedelta(days=3)).isoformat(), "materialId": RUBBLE}
    saved = service.create(OPENINGS, sent | {"quantity": Decimal(10)}, cast("ann"))
    assert [one.field for one in saved.doubts] == ["quantity"]
    mended = service.correct(OPENINGS, saved.record.id, {"quantity": Decimal(50)}, cast("ann"))
    assert mended.doubts == []


def test_a_policy_that_another_process_has_just_set_holds(
    enter: Any, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_policy(alpha, "ALLOW")
    assert references.by_id(Site, alpha.id).stock_policy == "ALLOW"
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3600)
    Site.update(stock_policy=BLOCK).where(Site.id == alpha.id).execute()
    with pytest.raises(InsufficientStock):
        enter(DISPATCH, 0, STONE, "100.001")


def set_policy(site: Site, policy: str) -> None:
    Site.update(stock_policy=policy).where(Site.id == site.id).execute()
    references.forget()
