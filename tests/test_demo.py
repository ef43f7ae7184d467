"""The demo yard is a yard: its stock holds, its last days lack something, and it goes without a trace."""

from __future__ import annotations

from datetime import timedelta

from deskops import database, demo
from deskops.config import Settings
from deskops.days.board import CLOSED, days_of
from deskops.ledger import recount
from deskops.modules import EVERY_MODULE
from deskops.records import totals
from deskops.sanity.reviews import count_open
from deskops.tables import TABLES

# What is of no site: the installation's own trail, the counters.
STAYS = {"audit_entry", "audit_head", "change_counter"}


def counts() -> dict[str, int]:
    names = {table._meta.table_name for table in TABLES} - STAYS
    return {name: database.rows(f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in sorted(names)}


def test_the_demo_yard_has_a_ledger_that_holds_and_goes_without_a_trace(
    settings: Settings, fresh_book: None
) -> None:
    before = counts()
    demo.load(settings)
    for site in demo.demo_sites():
        assert list(recount.differences(site.id)) == []
        assert min(row.closing for row in recount.stored(site.id).rows.values()) > 0
        today = site.today()
        days = days_of(site, today - timedelta(days=20), today - timedelta(days=1))
        assert [day.state for day in days].count(CLOSED) > 10
        owing = [day.missing for day in days if day.is_due and day.missing]
        assert owing == [[("production", "AFTERNOON")]]
        assert [cell.state for day in days for cell in day.cells].count("NIL") == 1
        assert count_open([site.id]) == 1
    assert [line for module in EVERY_MODULE.values() for line in totals.verify(module)] == []
    demo.remove(settings)
    (settings.home / "demo-accounts.txt").unlink()
    assert counts() == before
