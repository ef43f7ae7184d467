"""A create through the engine against its own statements run raw, and eight processes that write at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import table
from benchmarks.asked import EMPTY_SITE, free_keys
from benchmarks.books import administrator, open_book
from deskops import book, database
from deskops.modules import PRODUCTION
from deskops.records import service, totals

Sent = dict[str, Any]
Statement = tuple[str, Any, bool]
WRITES = ("INSERT", "UPDATE", "DELETE")
WRITERS = 8


class TakenBack(Exception):
    """Ends a transaction without keeping it."""


class Recorder(sqlite3.Connection):
    """A connection that notes each writing statement with its values, and whether it ran for many."""

    noted: list[Statement] = []  # noqa: RUF012 - one recording at a time

    def cursor(self, *_: Any, **__: Any) -> RecordingCursor:  # type: ignore[override]
        return super().cursor(RecordingCursor)


class RecordingCursor(sqlite3.Cursor):
    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:  # type: ignore[override]
        if sql.startswith(WRITES):
            Recorder.noted.append((sql, tuple(values), False))
        return super().execute(sql, values)

    def executemany(self, sql: str, many: Any) -> sqlite3.Cursor:  # type: ignore[override]
        Recorder.noted.append((sql, list(many), True))
        return super().executemany(sql, many)


def records() -> Iterator[Sent]:
    """Records that are new, at a site that the filled books leave empty."""
    for key in free_keys(0):
        yield key | {"siteId": EMPTY_SITE, "quantity": Decimal("12.345")}


def create_all(sents: list[Sent]) -> list[list[Statement]]:
    """Create each record; the writing statements of each, where they are noted."""
    actor, found = administrator(), []
    for sent in sents:
        Recorder.noted = []
        service.create(PRODUCTION, sent, actor)
        found.append(Recorder.noted)
    return found


def statements_of(home: Path, sents: list[Sent]) -> list[list[Statement]]:
    """What each create would write, in their order; the book stays as it is."""
    open_book(home)
    book.close()
    database.database.obj.connect_params["factory"] = Recorder
    found: list[list[Statement]] = []
    try:
        with database.transaction():
            found = create_all(sents)
            raise TakenBack
    except TakenBack:
        book.close()
    return found


def seconds_raw(home: Path, statements: list[list[Statement]]) -> float:
    """CPU seconds of the same transactions with their values ready."""
    connection = raw_connection(home)
    began = time.process_time()
    for transaction in statements:
        connection.execute("BEGIN IMMEDIATE")
        for sql, values, is_many in transaction:
            if is_many:
                connection.executemany(sql, values)
            else:
                connection.execute(sql, values)
        connection.execute("COMMIT")
    spent = time.process_time() - began
    connection.close()
    return spent


def raw_connection(home: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(home / "deskops.sqlite3", isolation_level=None)
    for pragma in ("journal_mode = wal", "synchronous = normal", "cache_size = -32000", "foreign_keys = 1"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def seconds_of_engine(home: Path, sents: list[Sent]) -> float:
    open_book(home)
    began = time.process_time()
    create_all(sents)
    spent = time.process_time() - began
    book.close()
    return spent


def measure_creates(home: Path, fresh: Iterator[Sent], *, rounds: int, calls: int) -> None:
    ours: list[float] = []
    raw: list[float] = []
    noted: list[list[Statement]] = []
    for _ in range(rounds):
        noted = statements_of(home, sents := list(islice(fresh, calls)))
        raw.append(seconds_raw(home, noted) / calls * 1000)
        ours.append(seconds_of_engine(home, sents := list(islice(fresh, calls))) / len(sents) * 1000)
    written = sum(len(values) if is_many else 1 for _, values, is_many in noted[-1])
    table.line(
        f"create with audit and totals, {written} rows",
        table.median(ours),
        table.median(raw),
        "raw SQL",
        most=3.5,
    )


def write(home: Path, sents: list[Sent]) -> tuple[int, float]:
    """One writing process: (how many creates failed, its seconds)."""
    open_book(home)
    actor, failed = administrator(), 0
    began = time.perf_counter()
    for sent in sents:
        try:
            service.create(PRODUCTION, sent, actor)
        except Exception as problem:  # counted, whatever it was
            failed += 1
            print(f"a create failed: {problem!r}")
    seconds = time.perf_counter() - began
    book.close()
    return failed, seconds


def measure_writers(home: Path, fresh: Iterator[Sent], *, calls: int) -> None:
    """Eight processes on one site at once."""
    alone = write(home, list(islice(fresh, calls)))[1]
    parts = [(home, list(islice(fresh, calls))) for _ in range(WRITERS)]
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        done = pool.starmap(write, parts)
    failed, slowest = sum(failed for failed, _ in done), max(seconds for _, seconds in done)
    table.line(
        f"{WRITERS} writing processes together",
        WRITERS * calls / slowest,
        calls / alone,
        "one writer",
        unit="/s",
    )
    table.fact(f"{WRITERS} writing processes: errors", f"{failed} of {WRITERS * calls:,}", holds=failed == 0)
    open_book(home)
    odd = totals.verify(PRODUCTION)
    book.close()
    table.fact("totals that differ from the records afterwards", f"{len(odd)}", holds=not odd)


def main(home: Path, *, rounds: int = 5, calls: int = 300) -> None:
    table.head("Writes")
    # What the measurements over HTTP entered stands before these.
    open_book(home)
    entered = database.rows(
        "SELECT COUNT(*) FROM production WHERE site_id = (SELECT id FROM site WHERE code = ?)", (EMPTY_SITE,)
    )[0][0]
    book.close()
    fresh = islice(records(), entered, None)
    measure_creates(home, fresh, rounds=rounds, calls=calls)
    measure_writers(home, fresh, calls=calls)
