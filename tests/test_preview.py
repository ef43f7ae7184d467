"""What a change of a past day will move is told before it is saved, and is what it moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.ledger.models import InventorySnapshot
from deskops.ledger.preview import Effect, effects
from deskops.modules import DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import Material
from deskops.records import drafting, service
from deskops.records.module import Module
from tests.clients import PageClient

Cast = Callable[[str], Actor]
Browse = Callable[..., PageClient]
STONE, RUBBLE = "AGG-3/4", "RAW-MIXED"


@pytest.fixture
def ago(alpha: Site) -> Callable[[int], date]:
    return lambda days: alpha.today() - timedelta(days=days)


@pytest.fixture
def week(alpha: Site, cast: Cast, ago: Any) -> None:
    """100 t of stone six days ago; the days from then to yesterday are whole, without a movement."""
    ann = cast("ann")
    body = {"siteId": alpha.code, "date": ago(6).isoformat()}
    service.create(OPENINGS, body | {"materialId": STONE, "quantity": 100}, ann)
    for days in range(1, 7):
        for name in ("production", "received", "dispatch"):
            nil = {"siteId": alpha.code, "date": ago(days).isoformat(), "module": name}
            service.create(NILS, nil, ann)


def sent(site: Site, day: date, tons: str, **values: Any) -> dict[str, Any]:
    body = {"siteId": site.code, "date": day.isoformat(), "materialId": STONE, "quantity": Decimal(tons)}
    return body | values


def told(found: list[Effect]) -> list[tuple[str, str, int]]:
    return [(one.material.code, f"{one.tons:.3f}", one.later_days) for one in found]


def of_new(module: Module, body: dict[str, Any], actor: Actor) -> list[tuple[str, str, int]]:
    return told(effects(module, None, drafting.draft(module, body, actor, strict=True).record))


def closing(day: date, material: str = STONE) -> Decimal:
    """Of the newest stored day up to this one."""
    chosen = Material.get(Material.code == material)
    row = (
        InventorySnapshot.select()
        .where((InventorySnapshot.material_id == chosen.id) & (InventorySnapshot.date <= day))
        .order_by(InventorySnapshot.date.desc())
        .first()
    )
    return row.closing if row else Decimal(0)


@pytest.mark.usefixtures("week")
def test_a_new_record_moves_its_later_days(alpha: Site, cast: Cast, ago: Any) -> None:
    ben, body = cast("ben"), sent(alpha, ago(4), "12.5")
    assert of_new(DISPATCH, body, ben) == [(STONE, "-12.500", 3)]
    assert of_new(RECEIVED, body, ben) == [(STONE, "12.500", 3)]
    before = closing(ago(1))
    service.create(DISPATCH, body, ben)
    assert closing(ago(1)) - before == Decimal("-12.5")


@pytest.mark.usefixtures("week")
def test_what_is_of_today_moves_no_later_day(alpha: Site, cast: Cast, ago: Any) -> None:
    assert of_new(DISPATCH, sent(alpha, ago(0), "12.5"), cast("ben")) == []


def test_without_a_ledger_nothing_is_moved(alpha: Site, cast: Cast, ago: Any) -> None:
    assert of_new(DISPATCH, sent(alpha, ago(4), "12.5"), cast("ben")) == []


@pytest.mark.usefixtures("week")
def test_what_lies_before_the_ledger_moves_nothing(alpha: Site, cast: Cast, ago: Any) -> None:
    assert of_new(DISPATCH, sent(alpha, ago(7), "12.5"), cast("ben")) == []


@pytest.mark.usefixtures("week")
def test_a_correction_moves_the_difference_and_both_materials(alpha: Site, cast: Cast, ago: Any) -> None:
    ben = cast("ben")
    record = service.create(DISPATCH, sent(alpha, ago(4), "12.5"), ben).record
    assert told(effects(DISPATCH, record, record.copy(quantity=Decimal(10)))) == [(STONE, "2.500", 3)]
    rubble = Material.get(Material.code == RUBBLE)
    assert sorted(told(effects(DISPATCH, record, record.copy(material=rubble)))) == [
        (STONE, "12.500", 3),
        (RUBBLE, "-12.500", 3),
    ]
    assert told(effects(DISPATCH, record, record.copy(notes="Wet"))) == []


@pytest.mark.usefixtures("week")
def test_a_record_that_changes_its_day_moves_what_lies_between(alpha: Site, cast: Cast, ago: Any) -> None:
    record = service.create(DISPATCH, sent(alpha, ago(2), "12.5"), cast("ben")).record
    assert told(effects(DISPATCH, record, record.copy(date=ago(4)))) == [(STONE, "0.000", 3)]


@pytest.mark.usefixtures("week")
def test_a_void_gives_back_what_the_record_moved(alpha: Site, cast: Cast, ago: Any) -> None:
    record = service.create(DISPATCH, sent(alpha, ago(4), "12.5"), cast("ben")).record
    assert told(effects(DISPATCH, record, None)) == [(STONE, "12.500", 3)]


@pytest.mark.usefixtures("week")
def test_the_feed_of_a_production_entry_moves_its_own_material(alpha: Site, cast: Cast, ago: Any) -> None:
    feed = {"materialId": RUBBLE, "quantity": Decimal(40)}
    body = sent(alpha, ago(4), "30", shift="MORNING", feed=feed)
    assert sorted(of_new(PRODUCTION, body, cast("ben"))) == [(STONE, "30.000", 3), (RUBBLE, "-40.000", 3)]
    service.create(PRODUCTION, body, cast("ben"))
    assert (closing(ago(1)), closing(ago(1), RUBBLE)) == (Decimal(130), Decimal(-40))


@pytest.mark.usefixtures("week")
def test_an_opening_takes_the_place_of_what_was_carried(alpha: Site, cast: Cast, ago: Any) -> None:
    database.execute("DELETE FROM inventory_snapshot")
    database.execute("DELETE FROM snapshot_day")
    ann = cast("ann")
    service.create(RECEIVED, sent(alpha, ago(0), "7", materialId=RUBBLE), ann)
    body = sent(alpha, ago(3), "50", materialId=RUBBLE)
    assert of_new(OPENINGS, body, ann) == [(RUBBLE, "50.000", 0)]
    service.create(RECEIVED, sent(alpha, ago(5), "7", materialId=RUBBLE), ann)
    database.execute("DELETE FROM inventory_snapshot")
    assert of_new(OPENINGS, body, ann) == [(RUBBLE, "43.000", 0)]


def typed(site: Site, day: date, tons: str) -> dict[str, Any]:
    return {"siteId": site.code, "date": day.isoformat(), "materialId": STONE, "quantity": tons}


@pytest.mark.usefixtures("week")
def test_the_form_says_what_it_moves_while_it_is_typed(browse: Browse, alpha: Site, ago: Any) -> None:
    ben = browse("ben")
    text = ben.get("/dispatch/effect", fragment=True, **typed(alpha, ago(4), "12,5")).text
    assert "3 later days, closing of 3/4 today \u221212.500 t" in text
    half = ben.get("/dispatch/effect", fragment=True, **typed(alpha, ago(4), ""))
    assert half.status_code == 200
    assert "later day" not in half.text
    assert 'hx-params="date,siteId,time,materialId,quantity,loads,trips' in ben.get("/dispatch/new").text
    assert "records-effect" not in ben.get("/equipment/new").text


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize("half", [{"feedMaterialId": RUBBLE}, {"feedQuantity": "40"}])
def test_a_form_with_half_a_feed_says_what_it_knows(
    browse: Browse, alpha: Site, ago: Any, half: dict[str, str]
) -> None:
    sent_so_far = typed(alpha, ago(4), "30") | {"shift": "MORNING"} | half
    answer = browse("ben").get("/production/effect", fragment=True, **sent_so_far)
    assert answer.status_code == 200
    assert "3 later days, closing of 3/4 today +30.000 t" in answer.text
    refused = browse("ben").post("/production", sent_so_far)
    assert refused.status_code == 400


@pytest.mark.usefixtures("week")
def test_a_refused_form_says_it_too(browse: Browse, alpha: Site, ago: Any) -> None:
    answer = browse("ben").post("/dispatch", typed(alpha, ago(2), "12.5") | {"trips": "many"})
    assert answer.status_code == 400
    assert "1 later day, closing of 3/4 today \u221212.500 t" in answer.text


@pytest.mark.usefixtures("week")
def test_a_correction_and_a_void_say_it(browse: Browse, alpha: Site, cast: Cast, ago: Any) -> None:
    record = service.create(DISPATCH, sent(alpha, ago(4), "12.5"), cast("ben")).record
    ben = browse("ben")
    text = ben.get(f"/dispatch/{record.id}/effect", fragment=True, **typed(alpha, ago(4), "10")).text
    assert "3 later days, closing of 3/4 today +2.500 t" in text
    assert "3 later days, closing of 3/4 today +12.500 t" in ben.get(f"/dispatch/{record.id}/void").text
    assert browse("vera").get(f"/dispatch/{record.id}/effect", fragment=True).status_code == 403


@pytest.mark.usefixtures("week")
def test_a_closed_day_is_said_before_saving(browse: Browse, alpha: Site, ago: Any) -> None:
    database.execute("UPDATE site_ledger SET closed_through = ?", (ago(3).isoformat(),))
    ben = browse("ben")
    assert "Closed through" in ben.get("/dispatch/effect", fragment=True, **typed(alpha, ago(4), "1")).text
    assert "later day" in ben.get("/dispatch/effect", fragment=True, **typed(alpha, ago(2), "1")).text
    refused = ben.post("/dispatch", typed(alpha, ago(4), "1"))
    assert refused.status_code == 409
    assert refused.text.count("Closed through") == 1


@pytest.mark.usefixtures("week")
def test_days_are_not_counted_where_none_is_later(browse: Browse, alpha: Site, ago: Any) -> None:
    database.execute("DELETE FROM snapshot_day WHERE date > ?", (ago(4).isoformat(),))
    text = browse("ben").get("/dispatch/effect", fragment=True, **typed(alpha, ago(4), "12.5")).text
    assert "<li>closing of 3/4 today \u221212.500 t</li>" in text


@pytest.mark.usefixtures("week")
def test_another_yards_figures_are_told_to_nobody_else(browse: Browse, alpha: Site, ago: Any) -> None:
    text = browse("cleo").get("/dispatch/effect", fragment=True, **typed(alpha, ago(4), "1")).text
    assert "later day" not in text


def test_a_form_is_filled_with_the_day_and_shift_it_is_opened_for(browse: Browse, alpha: Site) -> None:
    page = browse("ben").get("/production/new", date="2026-03-02", shift="NIGHT").text
    assert 'type="date" value="2026-03-02"' in page
    assert '<option value="NIGHT" selected>' in page
    assert browse("ben").get("/received/new", date="nonsense", shift="X").status_code == 200
