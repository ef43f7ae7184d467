"""Books of any size: filled once, kept, and copied for each run."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks import filling
from benchmarks.filling import main_site
from deskops import background, book, config, database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM, Actor, actor_for
from deskops.accounts.models import User
from deskops.modules import DISPATCH, EQUIPMENT, MODULES, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import seed
from deskops.paths import MIGRATIONS
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences, cube, service, totals
from deskops.schema import counters, references

# The limits are raised, never switched off.
RAISED = {"DESKOPS_REQUESTS_PER_MINUTE": "1000000", "DESKOPS_REQUESTS_PER_SECOND": "1000000"}
MILLION = 1_000_000
PERSON = "bench@yard.test"
KEPT = Path(__file__).parent.parent / "build" / "benchmarks"


@dataclass(frozen=True)
class Sizes:
    """How many records of a module the books of a run have."""

    large: int = MILLION
    middle: int = MILLION // 10
    small: int = MILLION // 100


def open_book(home: Path, environ: dict[str, str] | None = None) -> config.Settings:
    """A migrated, seeded book in this folder, open in this process, with an administrator."""
    # Benchmarks in one process run without a queue; that this is said once a process would drown the figures.
    logging.getLogger("deskops").setLevel(logging.ERROR)
    settings = config.load({"DESKOPS_HOME": str(home), **RAISED, **(environ or {})})
    home.mkdir(parents=True, exist_ok=True)
    book.connect(settings)
    book.bring_up_to_date(settings)
    counters.forget()
    references.forget()
    consequences.react_with(CONSEQUENCES)
    background.use(settings)
    seed()
    if not User.select().where(User.email == PERSON).exists():
        people.add_user(PERSON, "Bench", "gravel and sand", role=None, sites=[], is_admin=True, actor=SYSTEM)
    return settings


def administrator() -> Actor:
    return actor_for(User.get(User.email == PERSON))


def new_token() -> str:
    """A token of the administrator that may write; its secret."""
    person = User.get(User.email == PERSON)
    return people.add_token(person, "bench", scope="write", sites=[], expires_in_days=None)[1]


def kept_book(records: int) -> Path:
    """The home of a filled book of this size, made once for this schema."""
    home = KEPT / f"{records}-{schema_digest()}"
    if home.exists():
        return home
    for older in KEPT.glob(f"{records}-*"):
        shutil.rmtree(older)
    draft = home.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    open_book(draft)
    filling.fill_all(records)
    begin_ledger()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    book.close()
    os.replace(draft, home)
    return home


def begin_ledger() -> None:
    """Opening balances of the main site on the first day: its stock is reckoned from there on."""
    balances: list[dict[str, Any]] = [
        {
            "siteId": main_site().code,
            "date": filling.FIRST_DAY.isoformat(),
            "materialId": f"MAT{number:03}",
            "quantity": Decimal(100_000),
        }
        for number in range(1, 18)
    ]
    service.create_many(OPENINGS, balances, administrator())


def schema_digest() -> str:
    """Changes with what a filled book holds: its tables, its rows, and how the totals are made of them."""
    digest = hashlib.sha256()
    for path in (*sorted(MIGRATIONS.glob("*.py")), Path(filling.__file__), Path(__file__)):
        digest.update(path.read_bytes())
    for module in MODULES.values():
        for cut in cube.cuts(module):
            digest.update(totals.recount_sql(module, cut).encode())
    return digest.hexdigest()[:12]


def copied(records: int, target: Path) -> Path:
    """A copy of a kept book that may be written to, with a week of records up to the main site's today."""
    shutil.copytree(kept_book(records), target)
    open_book(target)
    fill_last_week()
    book.close()
    return target


def fill_last_week() -> None:
    """What the figures of a day are read from: a yard's records of its last seven days."""
    actor, site = administrator(), main_site()
    for back in range(7):
        day = (site.today() - timedelta(days=back)).isoformat()
        for number in range(1, 18):
            load = {
                "siteId": site.code,
                "date": day,
                "materialId": f"MAT{number:03}",
                "quantity": Decimal(number),
            }
            for module in (PRODUCTION, RECEIVED, DISPATCH):
                service.create(module, load, actor)
        for number in range(1, 10):
            hours = {"runHours": Decimal(6), "idleHours": Decimal(1), "downtimeHours": Decimal(1)}
            service.create(
                EQUIPMENT, {"siteId": site.code, "date": day, "equipmentId": f"EQ{number:03}"} | hours, actor
            )
