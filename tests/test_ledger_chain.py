"""The chain of a material's days: what is stored, carried forward, moved by a back-dated change, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import DuplicateRecord, ValidationFailed
from deskops.ledger.models import InventorySnapshot, SnapshotDay
from deskops.modules import ADJUSTMENTS, DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import Material
from deskops.records import service
from deskops.records.module import Module
from tests.samples import as_read

Cast = Callable[[str], Actor]
MONDAY = date(2026, 3, 2)
STONE, RUBBLE = "AGG-3/4", "RAW-MIXED"


@pytest.fixture
def enter(alpha: Site, cast: Cast) -> Callable[..., Any]:
    """enter(RECEIVED, 0, STONE, "12.5"): on Monday and so many days; what Ann entered."""

    def one(module: Module, offset: int, material: str, tons: str, **values: Any) -> Any:
        sent = {
            "siteId": alpha.code,
            "date": (MONDAY + timedelta(days=offset)).isoformat(),
            "materialId": material,
            "quantity": Decimal(tons),
        }
        return service.create(module, as_read({}) | sent | values, cast("ann")).record

    return one


@pytest.fixture
def nil(alpha: Site, cast: Cast) -> Callable[..., Any]:
    def one(offset: int, *modules: str) -> None:
        for name in modules:
            day = (MONDAY + timedelta(days=offset)).isoformat()
            service.create(NILS, {"siteId": alpha.code, "date": day, "module": name}, cast("ben"))

    return one


def rows_of(material: str) -> list[tuple[Any, ...]]:
    """(days after Monday, opening, produced, received, dispatched, adjustment, closing) of each snapshot."""
    found = Material.get(Material.code == material)
    return [
        (
            (row.date - MONDAY).days,
            *(
                f"{getattr(row, name).normalize() + 0:f}"
                for name in ("opening", "production", "received", "dispatched", "adjustment", "closing")
            ),
        )
        for row in InventorySnapshot.select()
        .where(InventorySnapshot.material_id == found.id)
        .order_by(InventorySnapshot.date)
    ]


def test_a_snapshot_is_stored_once_all_four_inputs_are_there(enter: Any, nil: Any) -> None:
    enter(RECEIVED, 0, STONE, "10")
    enter(PRODUCTION, 0, STONE, "5", shift="MORNING")
    enter(DISPATCH, 0, STONE, "2")
    assert rows_of(STONE) == []
    enter(OPENINGS, 0, STONE, "100")
    assert rows_of(STONE) == [(0, "100", "5", "10", "2", "0", "113")]


def test_a_nil_return_stands_for_records_and_a_record_withdraws_it(enter: Any, nil: Any) -> None:
    enter(OPENINGS, 0, STONE, "100")
    enter(RECEIVED, 0, STONE, "1")
    nil(0, "production", "dispatch")
    assert [row[-1] for row in rows_of(STONE)] == ["101"]
    enter(DISPATCH, 0, STONE, "3")
    assert [row[-1] for row in rows_of(STONE)] == ["98"]
    assert database.rows("SELECT COUNT(*) FROM nil_return WHERE voided_at IS NULL")[0][0] == 1


def test_an_input_that_loses_its_last_record_withdraws_the_day(enter: Any, nil: Any, cast: Cast) -> None:
    enter(OPENINGS, 0, STONE, "100")
    load = enter(RECEIVED, 0, STONE, "1")
    nil(0, "production", "dispatch")
    assert SnapshotDay.select().count() == 1
    service.void(RECEIVED, load.id, cast("ann"), reason="Not ours")
    assert SnapshotDay.select().count() == 0
    assert rows_of(STONE) == []


def test_a_back_dated_change_moves_its_day_and_every_later_one(enter: Any, nil: Any, cast: Cast) -> None:
    enter(OPENINGS, 0, STONE, "100")
    for offset in (0, 1, 4):
        enter(RECEIVED, offset, STONE, "10")
        nil(offset, "production", "dispatch")
    enter(RECEIVED, 2, STONE, "7")
    assert [(row[0], row[1], row[-1]) for row in rows_of(STONE)] == [
        (0, "100", "110"),
        (1, "110", "120"),
        (4, "127", "137"),
    ]
    early = enter(DISPATCH, 0, STONE, "0.5")
    assert [row[-1] for row in rows_of(STONE)] == ["109.5", "119.5", "136.5"]
    service.correct(DISPATCH, early.id, {"date": (MONDAY + timedelta(days=1)).isoformat()}, cast("ann"))
    assert [row[-1] for row in rows_of(STONE)] == ["119.5", "136.5"]


def test_a_material_has_rows_from_its_first_movement_on(enter: Any, nil: Any, cast: Cast) -> None:
    enter(OPENINGS, 0, STONE, "100")
    for offset in range(3):
        nil(offset, "production", "dispatch", "received")
    assert rows_of(RUBBLE) == []
    load = enter(RECEIVED, 1, RUBBLE, "20")
    assert [row[0] for row in rows_of(RUBBLE)] == [1, 2]
    service.void(RECEIVED, load.id, cast("ann"), reason="Not ours")
    assert rows_of(RUBBLE) == []


def test_records_before_the_first_opening_are_in_the_flows_only(enter: Any, nil: Any) -> None:
    enter(RECEIVED, 0, STONE, "10")
    enter(OPENINGS, 1, STONE, "100")
    nil(0, "production", "dispatch")
    nil(1, "production", "dispatch", "received")
    assert [(row[0], row[-1]) for row in rows_of(STONE)] == [(1, "100")]


def test_a_second_opening_of_a_material_is_refused(enter: Any, nil: Any) -> None:
    enter(OPENINGS, 0, STONE, "100")
    with pytest.raises(DuplicateRecord):
        enter(OPENINGS, 1, STONE, "50")
    nil(0, "production", "dispatch", "received")
    enter(RECEIVED, 0, RUBBLE, "3")
    with pytest.raises(DuplicateRecord, match="adjustment of kind OPENING"):
        enter(OPENINGS, 1, RUBBLE, "50")


def test_feed_takes_the_raw_material_out_with_its_production_entry(
    enter: Any, nil: Any, cast: Cast, alpha: Site
) -> None:
    enter(OPENINGS, 0, RUBBLE, "100")
    entry = enter(
        PRODUCTION,
        0,
        STONE,
        "30",
        shift="MORNING",
        feed={"materialId": RUBBLE, "quantity": Decimal("40")},
    )
    nil(0, "received", "dispatch")
    assert [row[-2:] for row in rows_of(RUBBLE)] == [("-40", "60")]
    service.correct(PRODUCTION, entry.id, {"feedQuantity": Decimal(35)}, cast("ann"))
    assert [row[-2:] for row in rows_of(RUBBLE)] == [("-35", "65")]
    [adjustment] = database.rows("SELECT id FROM adjustment")
    with pytest.raises(ValidationFailed):
        service.void(ADJUSTMENTS, adjustment[0], cast("ann"), reason="No")
    service.correct(PRODUCTION, entry.id, {"feed": None}, cast("ann"))
    assert [row[-2:] for row in rows_of(RUBBLE)] == [("0", "100")]
