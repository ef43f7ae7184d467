"""The second reckoning: from the records alone it comes to the same figures, and where one differs it says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from deskops import cli, database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import AuditEntry, broken_links
from deskops.commands import ledger as command
from deskops.ledger import recount
from deskops.modules import DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import Material
from deskops.records import service

Cast = Callable[[str], Actor]
MONDAY = date(2026, 3, 2)
STONE, RUBBLE = "AGG-3/4", "RAW-MIXED"


@pytest.fixture
def kept(alpha: Site, cast: Cast) -> Site:
    """Alpha with three days: an opening of 100 t of stone, feed taken from the rubble, and a nil day between."""
    ann = cast("ann")

    def enter(of: Any, offset: int, **values: Any) -> None:
        day = (MONDAY + timedelta(days=offset)).isoformat()
        service.create(of, {"siteId": alpha.code, "date": day} | values, ann)

    enter(OPENINGS, 0, materialId=STONE, quantity=Decimal(100))
    feed = {"materialId": RUBBLE, "quantity": Decimal(40)}
    for offset in (0, 2):
        enter(RECEIVED, offset, materialId=RUBBLE, quantity=Decimal(50))
        enter(PRODUCTION, offset, materialId=STONE, quantity=Decimal(30), shift="MORNING", feed=feed)
        enter(DISPATCH, offset, materialId=STONE, quantity=Decimal("12.5"))
    for module in ("production", "received", "dispatch"):
        enter(NILS, 1, module=module)
    return alpha


def stone() -> str:
    return str(Material.get(Material.code == STONE).id)


def spoil(statement: str, *params: Any) -> None:
    with database.transaction():
        database.execute(statement, params)


def test_it_comes_to_the_figures_that_are_stored(kept: Site) -> None:
    found = recount.recount(kept.id)
    assert found == recount.stored(kept.id)
    assert found.rows[stone(), MONDAY] == (100_000, 30_000, 0, 12_500, 0, 117_500)
    assert sorted(found.days) == [MONDAY + timedelta(days=offset) for offset in range(3)]
    assert list(recount.differences(kept.id)) == []


def test_a_site_without_an_opening_has_no_ledger(beta: Site) -> None:
    assert recount.recount(beta.id) == recount.NOTHING
    assert list(recount.differences(beta.id)) == []


def test_a_figure_that_differs_is_named_with_both_values(kept: Site) -> None:
    spoil("UPDATE inventory_snapshot SET closing = closing - 1 WHERE material_id = ?", stone())
    lines = list(recount.differences(kept.id))
    assert lines[0] == "ALPHA-01 AGG-3/4 2026-03-02: closing is 117.499 t, the records say 117.500 t"
    assert len(lines) == 3


def test_a_day_and_a_row_that_are_missing_are_named_the_earliest_first(kept: Site) -> None:
    spoil("DELETE FROM snapshot_day WHERE date = ?", "2026-03-04")
    spoil("DELETE FROM inventory_snapshot WHERE material_id = ? AND date = ?", stone(), "2026-03-03")
    assert list(recount.differences(kept.id)) == [
        "ALPHA-01 AGG-3/4 2026-03-03: there is no row, the records say closing 117.500 t",
        "ALPHA-01 2026-03-04: the day is not stored, the records say it is whole",
    ]


def test_a_first_day_that_differs_is_named_before_all(kept: Site) -> None:
    spoil("UPDATE site_ledger SET first_day = ?", "2026-03-01")
    lines = list(recount.differences(kept.id))
    assert lines == ["ALPHA-01: the first day is 2026-03-01, the records say 2026-03-02"]


def test_rebuilding_writes_what_the_records_say_with_an_audit_entry(kept: Site, cast: Cast) -> None:
    told = recount.recount(kept.id)
    spoil("DELETE FROM inventory_snapshot WHERE date = ?", "2026-03-03")
    spoil("UPDATE site_ledger SET first_day = ?, closed_through = ?", "2026-03-01", "2026-03-02")
    lines = recount.rebuild(kept.id, cast("ada"))
    assert len(lines) == 3
    assert recount.stored(kept.id) == told
    assert database.rows("SELECT closed_through FROM site_ledger")[0][0] is not None
    entry = AuditEntry.select().where(AuditEntry.scope == kept.id).order_by(AuditEntry.sequence.desc()).get()
    assert (entry.verb, entry.subject, entry.subject_id) == ("REBUILT", "ledger", kept.id)
    assert json.loads(entry.changes) == {"differences": [3, 0], "days": [3, 3], "rows": [4, 6]}
    assert broken_links(kept.id) == []


def test_rebuilding_what_agrees_changes_nothing(kept: Site, cast: Cast) -> None:
    entries = AuditEntry.select().count()
    assert recount.rebuild(kept.id, cast("ada")) == []
    assert AuditEntry.select().count() == entries


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command on the book of this test."""
    from contextlib import nullcontext

    monkeypatch.setattr(command, "opened_book", nullcontext)
    return lambda *words: CliRunner().invoke(cli.main, ["ledger", *words])


def test_the_command_names_the_first_difference_of_each_site_and_mends_it(kept: Site, run: Any) -> None:
    done = run("--verify")
    assert done.exit_code == 0
    assert "ALPHA-01: agrees with its records\nBETA-02: agrees with its records\n" in done.output
    spoil("UPDATE inventory_snapshot SET closing = 0 WHERE date = ?", "2026-03-04")
    line = "ALPHA-01 AGG-3/4 2026-03-04: closing is 0.000 t, the records say 135.000 t\n"
    done = run("--verify", "--site", "alpha-01")
    assert (done.exit_code, done.output) == (1, f"ALPHA-01: 2 differences; the first: {line}")
    done = run("--rebuild")
    assert done.exit_code == 0
    assert f"ALPHA-01: 2 differences mended; the first: {line}" in done.output
    assert run("--verify").exit_code == 0
    assert run("--verify", "--rebuild").exit_code == 2
