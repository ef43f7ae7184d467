"""The ledger: changes of the first day of ten years, alone and by twenty writers at once, and what it adds to a create.

A yard of 17 materials whose days are all stored. Each figure is of a whole call: the record, its totals, its audit
entry, every snapshot from that day on, the commit.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import table
from benchmarks.books import administrator, open_book
from benchmarks.filling import enumerated_fields, row_maker
from deskops import book, database
from deskops.accounts.models import BLOCK, Site
from deskops.ledger import recount
from deskops.modules import ADJUSTMENTS, DISPATCH, EVERY_MODULE, OPENINGS, PRODUCTION, RECEIVED
from deskops.modules.reference import Material
from deskops.records import service, totals
from deskops.records.module import Module
from deskops.schema import counters, references
from tests.services.postgres import cluster

YEARS_DAYS, FEW_DAYS = 3_653, 60
WRITERS = 20
ONE_LIMIT, ALL_LIMIT = 150, 1_000
FLOWS = (PRODUCTION, RECEIVED, DISPATCH)
# What of a record's fields is the same in all of them.
CHOSEN = {"shift": "MORNING", "operation": "CRU-PRO"}


def yards() -> tuple[Site, Site]:
    """The one that is filled, and one whose ledger never began."""
    first, other = Site.select().order_by(Site.position).limit(2)
    return first, other


def fill(site: Site, days: int) -> date:
    """An opening of every material, then a record of each in production, received and dispatch, every day up to today.

    Answers the first day.
    """
    first = site.today() - timedelta(days=days - 1)
    materials = references.every(Material)
    for module in FLOWS:
        columns = ", ".join(column.column_name for column in module.model._meta.sorted_fields)
        with database.transaction():
            database.insert_rows(
                module.model._meta.table_name, columns, list(stored_rows(module, site, materials, first))
            )
    with database.transaction():
        for module in FLOWS:
            totals.rebuild(module)
    openings: list[dict[str, Any]] = [body(site, material, first, "100000") for material in materials]
    service.create_many(OPENINGS, openings, administrator())
    database.learn_sizes()
    return first


def stored_rows(module: Module, site: Site, materials: list[Any], first: date) -> Iterator[tuple[Any, ...]]:
    row_of = row_maker(module, random.Random(8))
    names = [field.name for field in enumerated_fields(module)]
    for offset in range((site.today() - first).days + 1):
        for number, material in enumerate(materials):
            chosen = tuple(material.id if name == "material" else CHOSEN[name] for name in names)
            yield row_of(site.id, first + timedelta(days=offset), number, chosen, False)


def body(site: Site, material: Any, day: date, tons: str = "0.5", **more: Any) -> dict[str, Any]:
    named = {"siteId": site.code, "date": day.isoformat(), "materialId": material.code}
    return named | {"quantity": Decimal(tons)} | more


def milliseconds(
    calls: int, call: Callable[[], Any], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    spent = []
    for _ in range(calls):
        began = clock()
        call()
        spent.append((clock() - began) * 1000)
    return spent


def tell(what: str, spent: list[float], limit: float) -> None:
    table.line(f"{what}, median of {len(spent)}", table.median(spent), limit, "goal", most=1)
    table.fact(f"{what}, slowest", f"{table.short(max(spent))} ms")


def measure_changes(site: Site, first: date, calls: int) -> None:
    """Changes of the ledger's first day, which every later day follows."""
    actor, materials = administrator(), references.every(Material)
    made: list[Any] = []

    def enter(module: Module, *, tons: str = "0.5", **more: Any) -> None:
        made.append(service.create(module, body(site, materials[3], first, tons, **more), actor).record)

    def enter_all() -> None:
        service.create_many(RECEIVED, [body(site, one, first) for one in materials], actor)

    def correct() -> None:
        tons = made[-1].quantity + 1
        made.append(service.correct(RECEIVED, made[-1].id, {"quantity": tons}, actor).record)

    rows = database.rows("SELECT COUNT(*) FROM inventory_snapshot WHERE site_id = ?", (site.id,))[0][0]
    table.fact("snapshots of the yard", f"{rows:,}")
    tell("a load of day 1", milliseconds(calls, lambda: enter(RECEIVED)), ONE_LIMIT)
    tell("a correction of day 1", milliseconds(calls, correct), ONE_LIMIT)
    adjust = {"kind": "LOSS", "reason": "Washed away", "tons": "-0.5"}
    tell("an adjustment of day 1", milliseconds(calls, lambda: enter(ADJUSTMENTS, **adjust)), ONE_LIMIT)
    set_policy(site, BLOCK)
    tell("a dispatch of day 1 where BLOCK", milliseconds(calls, lambda: enter(DISPATCH)), ONE_LIMIT)
    set_policy(site, "ALLOW")
    tell("loads of all 17 on day 1", milliseconds(max(3, calls // 3), enter_all), ALL_LIMIT)


def set_policy(site: Site, policy: str) -> None:
    with database.transaction():
        database.execute("UPDATE site SET stock_policy = ? WHERE id = ?", (policy, site.id))
        counters.take([counters.LISTS])


def measure_today(kept: Site, without: Site, calls: int) -> None:
    """CPU of a create of today where the ledger is kept and where it never began, in turns."""
    actor, material = administrator(), references.every(Material)[3]
    spent: dict[str, list[float]] = {kept.code: [], without.code: []}
    for _ in range(5):
        for site in (kept, without):
            create = partial(service.create, RECEIVED, body(site, material, site.today()), actor)
            spent[site.code] += milliseconds(calls, create, time.process_time)
    with_, beside = (table.median(spent[site.code]) for site in (kept, without))
    table.line("CPU of a create of today", with_, beside, "without an opening", most=1.5)


def write(home: Path, environ: dict[str, str], first: date, number: int, calls: int) -> tuple[int, float]:
    """One writing process, of either yard's days: (how many of its changes failed, its seconds)."""
    open_book(home, environ)
    actor, materials, chance = administrator(), references.every(Material), random.Random(number)
    failed, began = 0, time.perf_counter()
    for step in range(calls):
        site = yards()[(number + step) % 2]
        day = first + timedelta(days=chance.randrange(30))
        try:
            if chance.random() < 0.2:
                service.create_many(RECEIVED, [body(site, one, day) for one in materials], actor)
            else:
                service.create(DISPATCH, body(site, chance.choice(materials), day), actor)
        except Exception as problem:  # counted, whatever it was
            failed += 1
            print(f"a change failed: {problem!r}")
    seconds = time.perf_counter() - began
    book.close()
    return failed, seconds


def measure_writers(home: Path, environ: dict[str, str], first: date, calls: int) -> None:
    parts = [(home, environ, first, number, calls) for number in range(WRITERS)]
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        done = pool.starmap(write, parts)
    failed, slowest = sum(failed for failed, _ in done), max(seconds for _, seconds in done)
    table.fact(
        f"{WRITERS} writers of the first month: errors", f"{failed} of {WRITERS * calls}", holds=failed == 0
    )
    table.fact(f"{WRITERS} writers together", f"{table.short(WRITERS * calls / slowest)} changes/s")


def tell_differences() -> None:
    began = time.perf_counter()
    odd = [line for site in yards() for line in recount.differences(site.id)]
    seconds = time.perf_counter() - began
    table.fact("figures that differ from those recounted", f"{len(odd)}", holds=not odd)
    table.fact("to recount both yards", f"{table.short(seconds)} s")
    odd = [line for module in EVERY_MODULE.values() for line in totals.verify(module)]
    table.fact("totals that differ from the records", f"{len(odd)}", holds=not odd)


def measure(title: str, home: Path, environ: dict[str, str], *, days: int, calls: int) -> None:
    table.head(title)
    open_book(home, environ)
    kept, other = yards()
    first = fill(kept, days)
    measure_changes(kept, first, calls)
    measure_today(kept, other, calls)
    if environ:
        fill(other, days)
        book.close()
        measure_writers(home, environ, first, calls=max(2, calls // 2))
        open_book(home, environ)
    tell_differences()
    book.close()
    table.tell_missed()


def measure_apart(title: str, home: Path, environ: dict[str, str], **sizes: int) -> None:
    """In a process of its own: one works on one database."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=measure, args=(title, home, environ), kwargs=sizes)
    process.start()
    process.join()


def main(*, quick: bool = False) -> None:
    """On SQLite, then on a PostgreSQL of its own, which does not sync to the disk; `quick` has 60 days alone."""
    sizes = {"days": FEW_DAYS, "calls": 3} if quick else {"days": YEARS_DAYS, "calls": 10}
    with tempfile.TemporaryDirectory(prefix="deskops-ledger-") as folder:
        measure_apart("The ledger on SQLite", Path(folder) / "sqlite", {}, **sizes)
        with cluster() as postgresql:
            environ = {"DATABASE_URL": postgresql.create_database("ledger")}
            measure_apart("The ledger on PostgreSQL", Path(folder) / "postgresql", environ, **sizes)
