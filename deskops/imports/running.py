"""An import from its file to its end.

Up to 20,000 rows are one transaction. More are written in chunks that hold the write lock for a moment each, so
that others go on working; whatever ends such an import early undoes all of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deskops import background
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import IMPORT
from deskops.database import transaction
from deskops.errors import DeskOpsError, say
from deskops.imports import source, storing
from deskops.imports.bad_rows import BadRowFile
from deskops.imports.drafting import Drafted, Drafter
from deskops.imports.models import REFUSED, Import
from deskops.imports.outcome import BadRow, Fault, Listener, Tally
from deskops.imports.plan import Plan
from deskops.records.module import Module
from deskops.records.record import Record
from deskops.records.uniqueness import key_of, readable_key

ONE_TRANSACTION_ROWS = 20_000
PROGRESS_EVERY = 2_000
HEARTBEAT_SECONDS = 2.0
STOPPED = "It was stopped before its end; nothing of it was kept"
FAILED = "It failed before its end; nothing of it was kept"
TWICE = say("The same stands in an earlier row of the file")


class RowsRefused(DeskOpsError):
    """The file has bad rows, and only whole files were asked for: nothing was written."""

    code, status = "VALIDATION_ERROR", 400
    message = say("Nothing was imported: the file has bad rows")

    def __init__(self, tally: Tally) -> None:
        super().__init__(rows=tally.bad)
        self.tally = tally


@dataclass(frozen=True)
class Order:
    """Whose file it is, what it means and where it goes."""

    module: Module
    site: Site
    actor: Actor
    plan: Plan
    path: Path


class Reader:
    """Reads an order's file in batches of good rows, telling the listeners of the bad ones."""

    def __init__(self, order: Order, listeners: tuple[Listener, ...]) -> None:
        order.actor.require(IMPORT, order.site.id)
        self.order, self.listeners, self.tally = order, listeners, Tally()
        self._taken: set[tuple[object, ...]] = set()

    def batches(self, size: int) -> Iterator[list[Drafted]]:
        """Good rows, `size` at a time. The tally has counted all rows and the bad ones up to there."""
        order, batch, read = self.order, [], 0
        with source.Source(order.path, order.plan.encoding, order.plan.delimiter) as file:
            drafter = Drafter(order.module, order.site, order.actor, order.plan, file.header)
            for row in file:
                read += 1
                drafted = drafter.draft(row)
                if isinstance(drafted, BadRow):
                    self.bad_row(drafted)
                else:
                    batch.append(drafted)
                if len(batch) == size or read % PROGRESS_EVERY == 0:
                    self.progress(read)
                if len(batch) == size:
                    yield batch
                    batch = []
        self.progress(read)
        if batch:
            yield batch

    def bad_row(self, bad: BadRow) -> None:
        self.tally.add_bad(bad)
        for listener in self.listeners:
            listener.bad_row(bad)

    def progress(self, read: int) -> None:
        self.tally.rows = read
        for listener in self.listeners:
            listener.progress(read)

    def judge(self, batch: list[Drafted]) -> None:
        """Count a batch as a dry run does: against what is stored and the file's earlier rows; nothing is written."""
        module, tally = self.order.module, self.tally
        new, known = storing.without_known(module, batch)
        good, bad = storing.without_conflicts(module, new)
        first, twice = self.without_earlier(good)
        for one in (*bad, *twice):
            self.bad_row(one)
        tally.already_there += known
        tally.add_good(storing.sums_of(module, [one.record for one in first]), len(first))

    def without_earlier(self, good: list[Drafted]) -> tuple[list[Drafted], list[BadRow]]:
        """Those whose unique key no earlier row of the file has; a batch itself was looked at already."""
        module = self.order.module
        if not module.unique:
            return good, []
        keys = [key_of(module, one.record) if one.record.is_counted else None for one in good]
        first = [one for one, key in zip(good, keys, strict=True) if key not in self._taken]
        twice = [
            BadRow(one.row, (earlier(module, one.record),))
            for one, key in zip(good, keys, strict=True)
            if key in self._taken
        ]
        self._taken.update(key for key in keys if key is not None)
        return first, twice


def earlier(module: Module, record: Record) -> Fault:
    key = readable_key(module, record)
    return Fault(", ".join(key), ", ".join(value for value in key.values() if value), TWICE)


def check(order: Order, *listeners: Listener) -> Tally:
    """Read the whole file and judge it; nothing is written. Every bad row is told to the listeners.

    Raises Forbidden, FileRefused.
    """
    reader = Reader(order, listeners)
    for batch in reader.batches(ONE_TRANSACTION_ROWS if is_judged_together(order) else storing.CHUNK_ROWS):
        reader.judge(batch)
    return reader.tally


def is_judged_together(order: Order) -> bool:
    return bool(order.module.unique or order.module.checks)


def bring_in(order: Order, run: Import, *listeners: Listener) -> Tally:
    """Import the file: all of it, or with `skip_bad` its good rows; of anything else nothing is left.

    The bad rows that were skipped go to a file in the home's imports folder. Raises Forbidden, FileRefused,
    RowsRefused, ImportUnderWay.
    """
    order.actor.require(IMPORT, order.site.id)
    rows = source.count(order.path, order.plan.encoding, order.plan.delimiter)
    run.total_rows = rows
    storing.claim(run)
    try:
        if not order.plan.skip_bad:
            refuse_bad_rows(order, run, listeners)
        store = store_at_once if rows <= ONE_TRANSACTION_ROWS else store_in_chunks
        with BadRowFile(bad_file_path(run), header_of(order)) as bad_rows:
            return store(order, run, bad_rows, Reader(order, (*listeners, bad_rows)))
    except RowsRefused as refused:
        storing.undo(run, order.module, str(refused.message), REFUSED)
        storing.keep_reasons(run, refused.tally)
        raise
    except DeskOpsError as refused:
        storing.undo(run, order.module, str(refused.message))
        raise
    except BaseException as error:
        storing.undo(run, order.module, FAILED if isinstance(error, Exception) else STOPPED)
        raise


def refuse_bad_rows(order: Order, run: Import, listeners: tuple[Listener, ...]) -> None:
    tally = check(order, *listeners, Heartbeat(run))
    if tally.bad:
        raise RowsRefused(tally)


def store_at_once(order: Order, run: Import, bad_rows: BadRowFile, reader: Reader) -> Tally:
    """All rows in one transaction: read before it begins, so that others wait for the writing alone."""
    drafted = [one for batch in reader.batches(storing.CHUNK_ROWS) for one in batch]
    with transaction():
        storing.begin(run, order.actor)
        store(order, run, drafted, reader)
        storing.end(run, order.actor, reader.tally, bad_rows.name)
    return reader.tally


def store_in_chunks(order: Order, run: Import, bad_rows: BadRowFile, reader: Reader) -> Tally:
    storing.begin(run, order.actor)
    for batch in reader.batches(storing.CHUNK_ROWS):
        store(order, run, batch, reader)
    storing.end(run, order.actor, reader.tally, bad_rows.name)
    return reader.tally


def store(order: Order, run: Import, batch: list[Drafted], reader: Reader) -> None:
    """Store a batch; what stands against a row of it is a bad row like any other. Raises RowsRefused."""
    with transaction():
        conflicts = storing.store_chunk(run, order.module, batch, order.actor, reader.tally)
        if conflicts and not order.plan.skip_bad:
            for bad in conflicts:
                reader.bad_row(bad)
            raise RowsRefused(reader.tally)
    for bad in conflicts:
        reader.bad_row(bad)


def header_of(order: Order) -> Sequence[str]:
    with source.Source(order.path, order.plan.encoding, order.plan.delimiter) as file:
        return file.header


def bad_file_path(run: Import) -> Path:
    """Where this import's bad rows are written, such as loads-01a1fc95-…-bad.csv."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(run.file_name).stem).strip("-")[:80] or "import"
    return background.settings().imports_folder / f"{stem}-{run.id}-bad.csv"


class Heartbeat(Listener):
    """Says on the import's row, while its file is only read, that somebody is at it and how far."""

    def __init__(self, run: Import) -> None:
        self.run, self.said = run, time.monotonic()

    def progress(self, rows: int) -> None:
        if time.monotonic() - self.said > HEARTBEAT_SECONDS:
            self.said = time.monotonic()
            storing.save_reading(self.run, rows)
