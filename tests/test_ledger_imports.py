"""Imports and the ledger: a file's rows move the stock like any other, and closed days take none of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from deskops import background, config
from deskops.accounts.actor import Actor
from deskops.accounts.models import BLOCK, Site
from deskops.database import transaction
from deskops.errors import InsufficientStock
from deskops.imports import storing
from deskops.imports.models import UNDONE, Import
from deskops.imports.plan import Plan
from deskops.imports.running import RowsRefused
from deskops.ledger.models import InventorySnapshot
from deskops.ledger.standing import Standing, set_standing
from deskops.modules import DISPATCH, NILS, OPENINGS, RECEIVED
from deskops.records import service
from deskops.schema import references
from tests.import_fixtures import imported, ordered

Cast = Callable[[str], Actor]
Excerpt = Callable[[str, str], Path]
LOADS = "date,materialId,quantity\n" + "".join(f"2026-03-0{day},AGG-3/4,10.5\n" for day in range(2, 8))


@pytest.fixture
def yard(alpha: Site, cast: Cast, settings: config.Settings) -> Site:
    """Alpha with 40 t of stone from Monday on; nothing but loads in is expected of the week's days."""
    background.use(settings)
    ann, stone = cast("ann"), {"siteId": alpha.code, "materialId": "AGG-3/4", "quantity": Decimal(40)}
    service.create(OPENINGS, {**stone, "date": "2026-03-02"}, ann)
    for day in range(2, 8):
        for module in ("production", "dispatch"):
            nil = {"siteId": alpha.code, "date": f"2026-03-0{day}", "module": module}
            service.create(NILS, nil, ann)
    return alpha


def test_imported_loads_are_in_the_stock_at_once(yard: Site, excerpt: Excerpt) -> None:
    imported(ordered(excerpt("a.csv", LOADS), yard, Plan()))
    closings = [row.closing for row in InventorySnapshot.select().order_by(InventorySnapshot.date)]
    assert closings == [Decimal("40") + Decimal("10.5") * day for day in range(1, 7)]


def test_an_import_that_is_given_up_leaves_the_stock_as_it_was(
    yard: Site, excerpt: Excerpt, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "CHUNK_ROWS", 2)
    monkeypatch.setattr("deskops.imports.running.ONE_TRANSACTION_ROWS", 2)
    Site.update(stock_policy=BLOCK).where(Site.id == yard.id).execute()
    references.forget()
    out = LOADS.replace("2026-03-07,AGG-3/4,10.5", "2026-03-07,AGG-3/4,39.5")
    with pytest.raises(InsufficientStock):
        imported(ordered(excerpt("a.csv", out), yard, Plan(), "dispatch"))
    assert Import.get().state == UNDONE
    assert DISPATCH.model.select().count() == 0
    load = {"siteId": yard.code, "materialId": "AGG-3/4", "quantity": Decimal(40), "date": "2026-03-02"}
    service.create(DISPATCH, load, cast("ann"))


def test_rows_of_a_closed_day_are_named_and_nothing_is_imported(yard: Site, excerpt: Excerpt) -> None:
    with transaction():
        set_standing(yard.id, Standing(date(2026, 3, 2), date(2026, 3, 3)))
    with pytest.raises(RowsRefused) as refused:
        imported(ordered(excerpt("a.csv", LOADS), yard, Plan()))
    reasons = refused.value.tally.by_reason
    assert "Closed through 2026-03-03" in str(reasons)
    assert refused.value.tally.bad == 2
    assert RECEIVED.model.select().count() == 0
