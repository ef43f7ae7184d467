"""Which days have snapshots goes by the calendar that the book holds at that moment."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site
from deskops.ledger import recount
from deskops.ledger.standing import stored_days
from deskops.modules import NILS, OPENINGS
from deskops.records import service
from deskops.schema import counters, references
from tests.samples import as_read, sample

MONDAY = date(2026, 3, 2)


def test_shifts_that_another_process_has_just_changed_hold(
    alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.create(OPENINGS, as_read(sample("openings", alpha, MONDAY)), SYSTEM)
    for name in ("received", "dispatch"):
        declare(alpha, name)
    assert not references.by_id(Site, alpha.id).work_shifts
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3600)
    Site.update(work_shifts="MORNING").where(Site.id == alpha.id).execute()
    declare(alpha, "production", shift="MORNING")
    assert stored_days(alpha.id, MONDAY, MONDAY) == {MONDAY}
    assert list(recount.differences(alpha.id)) == []


def declare(site: Site, name: str, **values: Any) -> None:
    sent = {"siteId": site.code, "date": MONDAY.isoformat(), "module": name}
    service.create(NILS, sent | values, SYSTEM)
