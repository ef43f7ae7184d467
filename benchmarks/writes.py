"""One record through the engine (read, judged, audited, summed, counted), against a bare insert of the same row.

Limit: 10 times a bare insert and commit. Peer: the row, an audit row and a total through plain peewee models.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.books import open_book
from deskops import database
from deskops.accounts.actor import actor_for
from deskops.accounts.models import Site, User
from deskops.audit.chain import AuditEntry
from deskops.modules import RECEIVED
from deskops.modules.reference import Material
from deskops.records import listing, service, totals

ROUNDS, CALLS = 7, 200
LIMIT = 10


def ways() -> dict[str, Callable[[int], object]]:
    """{name: a write}, each given a number that is new."""
    site, actor = Site.get(Site.code == "ALASLA-29"), actor_for(User.get(User.email == "bench@yard.test"))
    body = {
        "siteId": site.code,
        "date": site.today().isoformat(),
        "materialId": "RAW-MIXED",
        "quantity": Decimal("18.04"),
    }
    material = Material.get(Material.code == "RAW-MIXED")
    marks = ", ".join("?" * len(RECEIVED.model._meta.sorted_fields))
    sql = f"INSERT INTO received ({listing.columns(RECEIVED)}) VALUES ({marks})"
    total: Any = totals.table_for(RECEIVED)

    def record() -> object:
        return RECEIVED.model(
            site=site, date=site.today(), material=material, quantity=Decimal("18.04"), created_by="bench"
        )

    def bare(_number: int) -> None:
        with database.transaction():
            database.execute(sql, record().row())  # type: ignore[attr-defined]

    def peer(number: int) -> None:
        with database.transaction():
            RECEIVED.model.create(
                site=site, date=site.today(), material=material, quantity=Decimal("18.04"), created_by="bench"
            )
            empty = {
                "scope": "bench",
                "sequence": number,
                "at": database.utc_now(),
                "actor": "bench",
                "verb": "CREATED",
            }
            AuditEntry.create(
                **empty, subject="received", subject_id="bench", changes="{}", previous_hash="", hash=""
            )
            total.update(records=total.records + 1).where(total.site_id == "bench").execute()

    return {
        "bare insert and commit": bare,
        "the engine": lambda number: service.create(RECEIVED, body, actor, key=f"bench-{number}"),
        "peer: three peewee models": peer,
    }


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="deskops-bench-"))
    try:
        open_book(folder)
        figures: dict[str, list[float]] = {}
        number = 0
        for _ in range(ROUNDS):
            for name, write in ways().items():
                started = time.perf_counter()
                for _ in range(CALLS):
                    number += 1
                    write(number)
                figures.setdefault(name, []).append((time.perf_counter() - started) / CALLS * 1000)
        bare = statistics.median(figures["bare insert and commit"])
        for name, found in figures.items():
            print(
                f"{name:<28}{statistics.median(found):>8.3f} ms   {statistics.median(found) / bare:.1f} (limit {LIMIT})"
            )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
