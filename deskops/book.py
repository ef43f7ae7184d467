"""The book: the database of one installation. Is it there, at which migration, and bringing it up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import peewee
from playhouse.migrations import Runner
from playhouse.pool import PooledDatabase

from deskops import database
from deskops.config import Settings
from deskops.errors import CommandRefused, say
from deskops.home import private_folder
from deskops.paths import MIGRATIONS


@dataclass(frozen=True)
class Upgrade:
    """The migrations that were applied, and the copy of the SQLite file as it was before."""

    applied: tuple[str, ...]
    copy: Path | None


def open_book(settings: Settings) -> None:
    """Open the existing, up-to-date book.

    Raises CommandRefused where there is none, it does not answer, or migrations are pending.
    """
    _refuse_missing_file(settings)
    connect(settings)
    if not is_there():
        raise CommandRefused(say("There is no book here yet: run `deskops up` or `deskops migrate` first."))
    waiting = pending()
    if waiting:
        raise CommandRefused(
            say(
                "The book is not up to date (%(names)s); run `deskops migrate` or `deskops up`.",
                names=", ".join(waiting),
            )
        )


def _refuse_missing_file(settings: Settings) -> None:
    file = settings.database_file
    if file is not None and not file.is_file():
        raise CommandRefused(
            say(
                "There is no book at %(file)s. Set DESKOPS_HOME to the home folder that has it, "
                "or run `deskops up` or `deskops migrate` to begin one.",
                file=file,
            )
        )


def connect(settings: Settings) -> None:
    """Open the database of the settings. Raises CommandRefused where it does not answer."""
    database.connect(settings.database_url)
    try:
        database.open_connection()
    except (peewee.PeeweeException, ImportError, OSError) as problem:
        raise CommandRefused(
            say("The database does not answer: %(problem)s", problem=_first_line(problem))
        ) from problem


def _first_line(problem: BaseException) -> str:
    return str(problem).strip().partition("\n")[0]


def close() -> None:
    """Close every connection of this process, pooled ones too: what is open would be shared with a fork."""
    handle = database.database.obj
    if isinstance(handle, PooledDatabase):
        handle.close_all()
    elif handle is not None:
        handle.close()


def is_there() -> bool:
    """Whether the open database holds a book."""
    return bool(_runner().applied())


def pending() -> list[str]:
    """The migrations that the book still needs. Raises CommandRefused where a newer DeskOps was here."""
    found = _runner().status()
    newer = [each.name for each in found if each.path is None]
    if newer:
        raise CommandRefused(
            say(
                "A newer DeskOps upgraded this book (%(names)s); run that version, or restore a backup.",
                names=", ".join(newer),
            )
        )
    return [each.name for each in found if each.applied is None]


def level() -> str:
    """The newest migration that the open database has, "" without any."""
    return max(_runner().applied(), default="")


def bring_up_to_date(settings: Settings) -> Upgrade:
    """Apply what is pending, after copying a SQLite book that holds something."""
    waiting = pending()
    if not waiting:
        return Upgrade((), None)
    copy = None
    file = settings.database_file
    if file is not None and is_there():
        moment = database.utc_now().strftime("%Y%m%dT%H%M%S")
        copy = private_folder(settings.home / "backups") / f"before-{waiting[0]}-{moment}.sqlite3"
        copy_sqlite(file, copy)
    return Upgrade(tuple(_runner().up()), copy)


def _runner() -> Runner:
    # The handle itself, not its proxy: the runner looks at its class.
    return Runner(database.database.obj, str(MIGRATIONS))


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database as it stands at one moment, while others may write to it."""
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        target.chmod(0o600)
        reading.backup(writing)
        # One file, without a journal beside it.
        writing.execute("PRAGMA journal_mode = DELETE")
