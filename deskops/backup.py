"""Backups: the whole book in one file, with its SHA-256 and migration; and back again.

The file is a zip of `manifest.json` and the database: a SQLite file, or PostgreSQL's custom dump. Exports and
the keys of the installation are not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
import zlib
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from deskops import __version__, book, database, postgres_dump
from deskops.config import Settings
from deskops.errors import CommandRefused, say
from deskops.home import held, private_folder
from deskops.paths import MIGRATIONS
from deskops.schema import counters

FORMAT = 1
MANIFEST = "manifest.json"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
PIECE = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `made_at` is UTC; `size` is in bytes."""

    format: int
    program: str
    kind: str
    level: str
    made_at: str
    size: int
    sha256: str

    @property
    def member(self) -> str:
        return "deskops.sqlite3" if self.kind == SQLITE else "deskops.dump"


def kind_of(settings: Settings) -> str:
    return SQLITE if settings.database_file is not None else POSTGRESQL


def write(settings: Settings, target: Path) -> Manifest:
    """Write the open book to the new file `target`, while others may write to it.

    Raises CommandRefused where the file is there already or cannot be written.
    """
    if target.exists():
        raise CommandRefused(say("%(file)s is there already; choose another name.", file=target))
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    dump = target.with_name(f".{target.name}.{os.getpid()}.database")
    try:
        _dump(settings, dump)
        manifest = _manifest(settings, dump)
        with zipfile.ZipFile(_private(draft), "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
            packed.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))
            packed.write(dump, manifest.member)
        # Read again: a full or failing disk shows itself now, not on the day it is needed.
        check(draft)
        draft.rename(target)
    except OSError as problem:
        raise CommandRefused(
            say("%(file)s could not be written: %(problem)s", file=target, problem=problem.strerror)
        ) from problem
    finally:
        draft.unlink(missing_ok=True)
        dump.unlink(missing_ok=True)
    return manifest


def _private(path: Path) -> Path:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _dump(settings: Settings, target: Path) -> None:
    if settings.database_file is not None:
        book.copy_sqlite(settings.database_file, _private(target))
    else:
        postgres_dump.dump(settings, _private(target))


def _manifest(settings: Settings, dump: Path) -> Manifest:
    with dump.open("rb") as reading:
        sha256 = hashlib.file_digest(reading, "sha256").hexdigest()
    return Manifest(
        format=FORMAT,
        program=__version__,
        kind=kind_of(settings),
        level=book.level(),
        made_at=database.utc_now().isoformat(timespec="seconds") + "Z",
        size=dump.stat().st_size,
        sha256=sha256,
    )


def check(source: Path) -> Manifest:
    """Read a backup to its end. Raises CommandRefused where it is none, damaged, or of a newer DeskOps."""
    manifest = _unpack(source, None)
    if manifest.level and not (MIGRATIONS / f"{manifest.level}.py").is_file():
        raise CommandRefused(
            say(
                "The backup was made by a newer DeskOps (%(program)s, %(level)s); install that one first.",
                program=manifest.program,
                level=manifest.level,
            )
        )
    return manifest


def _unpack(source: Path, target: Path | None) -> Manifest:
    """Check the backup against its hash, writing the database to `target` on the way if there is one."""
    damaged = CommandRefused(say("%(file)s is not a whole backup; nothing was changed.", file=source))
    try:
        with zipfile.ZipFile(source) as packed:
            manifest = Manifest(**json.loads(packed.read(MANIFEST)))
            with packed.open(manifest.member) as reading:
                found = _copied(reading, target)
    except FileNotFoundError as missing:
        raise CommandRefused(say("There is no file %(file)s.", file=source)) from missing
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        TypeError,
        ValueError,
        EOFError,
        RuntimeError,
    ) as problem:
        raise damaged from problem
    except OSError as problem:
        raise CommandRefused(
            say("%(file)s could not be read: %(problem)s", file=source, problem=problem.strerror)
        ) from problem
    if manifest.format != FORMAT or found != (manifest.size, manifest.sha256):
        raise damaged
    return manifest


def _copied(reading: IO[bytes], target: Path | None) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with open(target if target is not None else os.devnull, "wb") as writing:
        while piece := reading.read(PIECE):
            digest.update(piece)
            size += len(piece)
            writing.write(piece)
        writing.flush()
        if target is not None:
            os.fsync(writing.fileno())
    return size, digest.hexdigest()


def restore(settings: Settings, source: Path) -> tuple[Manifest, Path | None]:
    """Put the backup in place of the book; answers what it held and the copy of what stood there before.

    Raises CommandRefused where `deskops up` runs on this home, or the file is damaged or of another kind.
    """
    private_folder(settings.home)
    with held(settings.home):
        manifest = check(source)
        if manifest.kind != kind_of(settings):
            raise CommandRefused(
                say(
                    "The backup is of %(kind)s, and DATABASE_URL names %(other)s.",
                    kind=manifest.kind,
                    other=kind_of(settings),
                )
            )
        moment = database.utc_now().strftime("%Y%m%dT%H%M%S")
        replaced = private_folder(settings.home / "backups") / f"replaced-{moment}"
        if settings.database_file is not None:
            kept = _restore_sqlite(source, settings.database_file, replaced.with_suffix(".sqlite3"))
        else:
            kept = _restore_postgresql(settings, source, replaced.with_suffix(".dump"))
        _begin_anew(settings)
        return manifest, kept


def _begin_anew(settings: Settings) -> None:
    """Have no reader take the restored book for what it saw of the replaced one, and every plan know its tables."""
    book.connect(settings)
    try:
        counters.set_apart()
        database.learn_sizes()
    finally:
        book.close()


def _restore_postgresql(settings: Settings, source: Path, kept: Path) -> Path:
    unpacked = _private(kept.with_suffix(".incoming"))
    try:
        _unpack(source, unpacked)
        postgres_dump.dump(settings, _private(kept))
        postgres_dump.restore(settings, unpacked)
    finally:
        unpacked.unlink()
    return kept


def _restore_sqlite(source: Path, file: Path, kept: Path) -> Path | None:
    file.parent.mkdir(parents=True, exist_ok=True)
    incoming = file.with_name(f"{file.name}.incoming")
    incoming.unlink(missing_ok=True)
    _private(incoming)
    try:
        _unpack(source, incoming)
        with closing(sqlite3.connect(incoming)) as reading:
            if reading.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise CommandRefused(say("The database in %(file)s is damaged.", file=source))
        if file.exists():
            _settle(file)
            shutil.copyfile(file, _private(kept))
        os.replace(incoming, file)
    finally:
        incoming.unlink(missing_ok=True)
    return kept if kept.exists() else None


def _settle(file: Path) -> None:
    """Fold the write-ahead log into the file: beside another database it would destroy that one."""
    try:
        with closing(sqlite3.connect(file, timeout=2)) as writing:
            writing.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as problem:
        raise CommandRefused(
            say(
                "%(file)s is in use by another program (%(problem)s); stop it first.",
                file=file,
                problem=problem,
            )
        ) from problem
