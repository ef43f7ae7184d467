"""What was entered before a material's own opening balance: it is in no figure, and nothing makes it one by the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts.actor import Actor
from deskops.accounts.models import BLOCK, Site
from deskops.days import closing
from deskops.errors import DayClosed, InsufficientStock
from deskops.ledger import recount
from deskops.ledger.reckoning import reckoned_day
from deskops.modules import ADJUSTMENTS, DISPATCH, NILS, OPENINGS, RECEIVED
from deskops.modules.reference import Material
from deskops.records import service
from deskops.records.module import Module
from deskops.schema import references

Cast = Callable[[str], Actor]
Enter = Callable[..., Any]
MONDAY = date(2026, 3, 2)
STONE, RUBBLE = "AGG-3/4", "RAW-MIXED"


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def body(site: Site, offset: int, material: str, tons: str) -> dict[str, Any]:
    named = {"siteId": site.code, "date": day(offset).isoformat(), "materialId": material}
    return named | {"quantity": Decimal(tons)}


@pytest.fixture
def enter(alpha: Site, cast: Cast) -> Enter:
    """enter(RECEIVED, 0, STONE, "12.5"): on Monday and so many days; what Ann entered."""

    def one(module: Module, offset: int, material: str, tons: str, **values: Any) -> Any:
        return service.create(module, body(alpha, offset, material, tons) | values, cast("ann")).record

    return one


def stock(site: Site, offset: int) -> dict[str, Decimal]:
    """{material: tons at the end of that day}."""
    told = reckoned_day(site.id, day(offset))
    codes = {material.id: material.code for material in references.every(Material)}
    return {codes[key]: Decimal(row[-1]) / 1000 for key, row in told.items()}


def test_it_is_in_the_stock_of_no_day(alpha: Site, enter: Enter) -> None:
    enter(OPENINGS, 0, STONE, "100")
    enter(RECEIVED, 1, RUBBLE, "20")
    assert stock(alpha, 1) == {STONE: 100, RUBBLE: 20}
    enter(OPENINGS, 3, RUBBLE, "5")
    assert stock(alpha, 1) == {STONE: 100}
    assert stock(alpha, 3) == {STONE: 100, RUBBLE: 5}


def test_to_take_it_away_makes_no_room_for_another_load(alpha: Site, enter: Enter, cast: Cast) -> None:
    Site.update(stock_policy=BLOCK).where(Site.id == alpha.id).execute()
    references.forget()
    enter(OPENINGS, 4, STONE, "10")
    early = enter(DISPATCH, 0, STONE, "50")
    with pytest.raises(InsufficientStock):
        service.correct(
            DISPATCH, early.id, {"date": day(5).isoformat(), "quantity": Decimal(11)}, cast("ann")
        )
    service.correct(DISPATCH, early.id, {"date": day(5).isoformat(), "quantity": Decimal(10)}, cast("ann"))
    assert stock(alpha, 5) == {STONE: 0}


def test_an_opening_does_not_take_away_what_lay_there_on_a_closed_day(
    alpha: Site, enter: Enter, cast: Cast
) -> None:
    enter(OPENINGS, 0, STONE, "100")
    enter(RECEIVED, 0, RUBBLE, "20")
    closing.close(alpha, day(0), cast("ann"), "Nothing else came", override=True)
    with pytest.raises(DayClosed):
        enter(OPENINGS, 2, RUBBLE, "5")
    enter(ADJUSTMENTS, 2, RUBBLE, "-15", kind="OPENING", reason="Weighed again")
    assert closing.moved_since(alpha, day(0)) == []


def test_an_opening_that_goes_does_not_bring_stock_to_a_closed_day(
    alpha: Site, enter: Enter, cast: Cast
) -> None:
    enter(OPENINGS, 0, STONE, "100")
    opening = enter(OPENINGS, 2, RUBBLE, "5")
    enter(RECEIVED, 0, RUBBLE, "20")
    closing.close(alpha, day(0), cast("ann"), "Nothing else came", override=True)
    with pytest.raises(DayClosed):
        service.void(OPENINGS, opening.id, cast("ann"), reason="A slip")
    service.correct(OPENINGS, opening.id, {"quantity": Decimal(6)}, cast("ann"))
    assert closing.moved_since(alpha, day(0)) == []
    assert list(recount.differences(alpha.id)) == []


def test_adjustments_that_come_to_nothing_are_movements_all_the_same(
    alpha: Site, enter: Enter, cast: Cast
) -> None:
    enter(OPENINGS, 0, STONE, "100")
    for module in (RECEIVED, DISPATCH):
        enter(module, 0, STONE, "1")
    nil = {"siteId": alpha.code, "date": day(0).isoformat(), "module": "production"}
    service.create(NILS, nil, cast("ann"))
    sents = [body(alpha, 0, RUBBLE, tons) | {"kind": "SURVEY", "reason": "Measured"} for tons in ("5", "-5")]
    service.create_many(ADJUSTMENTS, sents, cast("ann"))
    assert list(recount.differences(alpha.id)) == []


def test_a_day_that_loses_its_only_load_is_looked_at_too(alpha: Site, enter: Enter, cast: Cast) -> None:
    """Stock was short already when the policy came: the load that made up for it does not go again."""
    enter(OPENINGS, 0, STONE, "10")
    enter(DISPATCH, 1, STONE, "12")
    load = enter(RECEIVED, 2, STONE, "5")
    Site.update(stock_policy=BLOCK).where(Site.id == alpha.id).execute()
    references.forget()
    with pytest.raises(InsufficientStock) as refused:
        service.void(RECEIVED, load.id, cast("ann"), reason="Not ours")
    assert (refused.value.details["date"], refused.value.details["missing"]) == (day(2), Decimal(2))
