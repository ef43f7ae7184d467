"""The database: one handle for SQLite or PostgreSQL, chosen by one URL.

Writers use `transaction()`. On SQLite it begins IMMEDIATE, so that two writers wait for each other instead of
failing; what must happen only once the change is certain is given to `after_commit()`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import peewee
from playhouse.db_url import connect as connect_by_url

from deskops.errors import CommandRefused, say

NETWORK_FILE_SYSTEMS = (
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
)
MOST_CONNECTIONS = 20
FEWEST_TO_COPY = 100

# What turns a driver's error into peewee's, as its own statements do.
EXCEPTIONS: Any = peewee.__dict__["__exception_wrapper__"]

database = peewee.DatabaseProxy()


class BaseModel(peewee.Model):
    class Meta:
        database = database
        legacy_table_names = False


class _Waiting(threading.local):
    """What this thread's open transaction will do once it is committed."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []


_waiting = _Waiting()
# SQLite has one writer; those of one process queue here, instead of asleep in its busy handler.
_one_writer = threading.Lock()


def connect(url: str) -> peewee.Database:
    """Point the handle at `sqlite:///path` or `postgresql://…`; opens no connection yet.

    Raises CommandRefused where SQLite would lie on a network file system, whose locks cannot be trusted.
    """
    if url.startswith("sqlite"):
        path = sqlite_path(url)
        refuse_network_file_system(path)
        sqlite = peewee.SqliteDatabase(
            str(path),
            lock_type="IMMEDIATE",
            pragmas={
                "journal_mode": "wal",
                "foreign_keys": 1,
                "busy_timeout": 10_000,
                "synchronous": "normal",
                "cache_size": -32_000,
                "mmap_size": 0,
                # Pages: an import writes thousands in a transaction, and each would fold them into the file.
                "wal_autocheckpoint": 4_000,
            },
        )
        # Its own knows the letters of ASCII alone.
        sqlite.register_function(lambda text: text and text.lower(), "LOWER", 1)
        handle: peewee.Database = sqlite
    else:
        handle = connect_by_url(
            "postgresql+pool://" + url.split("://", 1)[1],
            prefer_psycopg3=True,
            max_connections=MOST_CONNECTIONS,
            stale_timeout=300,
            timeout=10,
        )
    database.initialize(handle)
    return handle


def is_sqlite() -> bool:
    return isinstance(database.obj, peewee.SqliteDatabase)


def sqlite_path(url: str) -> Path:
    return Path(
        unquote(urlsplit(url).path)[1:] if url.startswith("sqlite:///") else url.removeprefix("sqlite:")
    )


def refuse_network_file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """SQLite's write-ahead log needs shared memory that network file systems do not have."""
    if not mounts.exists():
        return
    kinds = {parts[1]: parts[2] for parts in (line.split() for line in mounts.read_text().splitlines())}
    for folder in path.resolve().parents:
        kind = kinds.get(str(folder))
        if kind is None:
            continue
        if kind in NETWORK_FILE_SYSTEMS:
            raise CommandRefused(
                say(
                    "%(folder)s is on a network file system (%(kind)s), where SQLite would lose data. "
                    "Set DESKOPS_HOME to a local disk, or DATABASE_URL to a PostgreSQL server.",
                    folder=path.parent,
                    kind=kind,
                )
            )
        return


def open_connection() -> None:
    """Have a connection in this thread. SQLite's is kept for the thread's life, PostgreSQL's comes from the pool."""
    database.connect(reuse_if_open=True)


def release_connection() -> None:
    """Give a pooled connection back."""
    if not is_sqlite() and not database.is_closed():
        database.close()


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing. Nested use joins the outer transaction."""
    if database.in_transaction():
        yield
        return
    _waiting.calls.clear()
    open_connection()
    with _one_writer if is_sqlite() else nullcontext(), database.atomic():
        yield
    calls, _waiting.calls = _waiting.calls, []
    for call in calls:
        call()


@contextmanager
def snapshot() -> Iterator[None]:
    """Reads inside see one moment of the book, however long they take; others write meanwhile. No writes inside."""
    if database.in_transaction():
        yield
        return
    open_connection()
    execute("BEGIN" if is_sqlite() else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        execute("ROLLBACK")


def after_commit(call: Callable[[], None]) -> None:
    """Do this once the open transaction is committed; never if it is rolled back."""
    if database.in_transaction():
        _waiting.calls.append(call)
    else:
        call()


def utc_now() -> datetime:
    """The present moment: UTC, without a zone, as stored."""
    return datetime.now(UTC).replace(tzinfo=None)


def stamp() -> datetime | str:
    """The present moment as a parameter of any expression: PostgreSQL asks for its type there."""
    return utc_now().isoformat(" ", "microseconds") if is_sqlite() else utc_now()


def rows(sql: str, params: tuple[Any, ...] | list[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement written with `?` and answer its rows, on either database."""
    return list(execute(sql, params).fetchall())


def execute(sql: str, params: tuple[Any, ...] | list[Any] = ()) -> Any:
    """Run one statement written with `?`; answers the cursor."""
    return database.execute_sql(portable(sql), tuple(params))


def execute_many(sql: str, batch: list[tuple[Any, ...]]) -> None:
    """Run one statement written with `?` once for each tuple."""
    with EXCEPTIONS:
        database.connection().cursor().executemany(portable(sql), batch)


def insert_rows(table: str, columns: str, batch: list[tuple[Any, ...]]) -> None:
    """Insert rows as they are stored; many of them at once, PostgreSQL takes by COPY."""
    if is_sqlite() or len(batch) < FEWEST_TO_COPY:
        marks = ", ".join("?" * (columns.count(",") + 1))
        execute_many(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
        return
    with (
        EXCEPTIONS,
        database.connection().cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as taken,
    ):
        for row in batch:
            taken.write_row(row)


def learn_sizes() -> None:
    """Have PostgreSQL look at its tables now: until it does by itself it guesses, and reads a list whole to sort it."""
    if not is_sqlite():
        execute("ANALYZE")


def portable(sql: str) -> str:
    return sql if is_sqlite() else sql.replace("%", "%%").replace("?", "%s")
