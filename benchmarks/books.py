"""Books of any size, filled by SQL: the fastest way to a million records whose totals are right."""

from __future__ import annotations

import logging
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from deskops import background, book, config, database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site, User
from deskops.modules import RECEIVED
from deskops.modules.reference import MATERIAL_ROWS, seed
from deskops.reactions import REACTIONS
from deskops.records import listing, service, totals
from deskops.schema import counters, references
from deskops.schema.columns import new_id

YEARS_DAYS = 1_096
FIRST_DAY = date(2023, 1, 1)
CHUNK = 20_000


def open_book(home: Path, environ: dict[str, str] | None = None) -> config.Settings:
    """A migrated, seeded book in this folder, open in this process, with an administrator."""
    raised = {"DESKOPS_REQUESTS_PER_MINUTE": "1000000", "DESKOPS_REQUESTS_PER_SECOND": "1000000"}
    # Benchmarks run without a queue; that this is said once a process would drown the figures.
    logging.getLogger("deskops").setLevel(logging.ERROR)
    settings = config.load({"DESKOPS_HOME": str(home), **raised, **(environ or {})})
    home.mkdir(parents=True, exist_ok=True)
    book.connect(settings)
    book.bring_up_to_date(settings)
    counters.forget()
    references.forget()
    service.react_with(REACTIONS)
    background.use(settings)
    seed()
    if not User.select().where(User.email == "bench@yard.test").exists():
        people.add_user(
            "bench@yard.test", "Bench", "gravel and sand", role=None, sites=[], is_admin=True, actor=SYSTEM
        )
    return settings


def fill_received(count: int) -> None:
    """This many loads over three years at four sites, then their totals in one statement."""
    chance = random.Random(4)
    sites = [site.id for site in Site.select().order_by(Site.position).limit(4)]
    fields = RECEIVED.model._meta.sorted_fields
    marks = ", ".join("?" * len(fields))
    sql = f"INSERT INTO received ({listing.columns(RECEIVED)}) VALUES ({marks})"
    for start in range(0, count, CHUNK):
        batch = [received_row(chance, sites) for _ in range(min(CHUNK, count - start))]
        with database.transaction():
            database.execute_many(sql, batch)
    with database.transaction():
        database.execute(f"INSERT INTO received_total {totals.recount_sql(RECEIVED)}")
    database.execute("ANALYZE")


def received_row(chance: random.Random, sites: list[str]) -> tuple[object, ...]:
    day = FIRST_DAY + timedelta(days=chance.randrange(YEARS_DAYS))
    moment = f"{day} {chance.randrange(6, 22):02}:{chance.randrange(60):02}:00.{chance.randrange(10**6):06}"
    record = RECEIVED.model(
        id=new_id(),
        site=chance.choice(sites),
        date=day,
        material=f"MAT{chance.randrange(len(MATERIAL_ROWS) - 5, len(MATERIAL_ROWS)) + 1:03}",
        quantity=Decimal(chance.randrange(5_000, 30_000)).scaleb(-3),
        source=f"Source {chance.randrange(40)}",
        vehicle=f"JED-{chance.randrange(1000, 1400)}",
        created_at=moment,
        updated_at=moment,
        created_by="bench",
        salt="0" * 16,
    )
    return record.row()
