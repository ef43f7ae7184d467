"""Doubts cost little: few statements, each answered by an index, and none for whoever imports."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.modules import DISPATCH, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import Equipment
from deskops.records import service
from deskops.sanity import history, reviews
from deskops.sanity.doubts import DOUBTS
from deskops.schema import references
from tests.samples import as_read, sample
from tests.statements import counted, plan_of

Cast = Callable[[str], Actor]
TABLES = "received|dispatch|production|production_total|equipment_log|review|snapshot_day|inventory_snapshot"


@pytest.fixture
def warned(alpha: Site, cast: Cast) -> None:
    """A yard that warns of shortage, with an opening and a rated crusher."""
    Site.update(stock_policy="WARN").where(Site.id == alpha.id).execute()
    Equipment.update(rated_tons_per_hour=Decimal(100)).where(Equipment.code == "CRUSHER-01").execute()
    references.forget()
    day = (alpha.today() - timedelta(days=3)).isoformat()
    body = {"siteId": alpha.code, "date": day, "materialId": "AGG-3/4", "quantity": 1000}
    service.create(OPENINGS, body, cast("ann"))


@pytest.mark.usefixtures("warned")
def test_every_doubt_is_looked_for_by_an_index(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, asked = cast("ann"), []
    handle = database.database.obj
    run = handle.execute_sql

    def note(sql: str, params: Any = None, *rest: Any) -> Any:
        asked.append((sql, params))
        return run(sql, params, *rest)

    for module in (RECEIVED, DISPATCH, PRODUCTION):
        service.create(module, as_read(sample(module.name, alpha)), ann)
    history.forget()
    monkeypatch.setattr(handle, "execute_sql", note)
    for module in (RECEIVED, DISPATCH, PRODUCTION):
        record = module.model.from_row(database.rows(f"SELECT * FROM {module.name}")[0])
        for look in DOUBTS:
            list(look(module, record, None))
    reviews.open_reviews([alpha.id])
    read = [(sql, params) for sql, params in asked if sql.startswith("SELECT") and "* FROM" not in sql]
    assert len(read) > 8
    for sql, params in read:
        scans = re.findall(rf"SCAN (?:{TABLES})\b.*|Seq Scan on (?:{TABLES})\b", plan_of(sql, params))
        assert not scans, f"{sql}\n{scans}"


def test_a_load_without_doubts_costs_one_statement_more(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, day = cast("ann"), alpha.today()
    for number in range(2):
        service.create(RECEIVED, as_read(sample("received", alpha, day, quantity=18 + number)), ann)
    record = RECEIVED.model.from_row(database.rows("SELECT * FROM received LIMIT 1")[0])
    with counted(monkeypatch) as seen:
        for look in DOUBTS:
            list(look(RECEIVED, record, None))
    assert len(seen) == 1


def test_a_batch_is_doubted_record_by_record(alpha: Site, cast: Cast) -> None:
    sents = [as_read(sample("received", alpha, quantity=tons)) for tons in (18.1, 180.1, 18.2)]
    saved = service.create_many(RECEIVED, sents, cast("ben"))
    assert [len(one.doubts) for one in saved] == [0, 1, 0]
    assert [one.record.status for one in saved] == ["ACTIVE", "PENDING", "ACTIVE"]
    assert reviews.count_open([alpha.id]) == 1


def test_a_script_that_mends_a_record_ends_its_review(alpha: Site, cast: Cast) -> None:
    ben = cast("ben")
    record = service.create(RECEIVED, as_read(sample("received", alpha, quantity=180.1)), ben).record
    mended = service.correct(RECEIVED, record.id, {"quantity": Decimal("18.01")}, ben)
    assert (mended.record.status, mended.doubts) == ("ACTIVE", [])
    assert reviews.count_open([alpha.id]) == 0
    spoiled = service.correct(RECEIVED, record.id, {"quantity": Decimal("180.1")}, ben)
    assert spoiled.record.status == "PENDING"
    assert len(spoiled.doubts) == reviews.count_open([alpha.id]) == 1


def test_what_is_cancelled_is_not_doubted(alpha: Site, cast: Cast) -> None:
    ben, sent = cast("ben"), as_read(sample("received", alpha, quantity=180.1, status="CANCELLED"))
    record = service.create(RECEIVED, sent, ben).record
    assert reviews.count_open([alpha.id]) == 0
    service.correct(RECEIVED, record.id, {"status": "ACTIVE"}, ben)
    assert reviews.count_open([alpha.id]) == 1
    service.correct(RECEIVED, record.id, {"status": "CANCELLED"}, ben)
    assert reviews.count_open([alpha.id]) == 0
