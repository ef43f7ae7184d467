"""Making the file of a job: one moment of the book, written beside and then put in place."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from deskops import database
from deskops.accounts.actor import actor_for
from deskops.accounts.models import User
from deskops.errors import ExportJobFailed, say
from deskops.exports.models import PROCESSING, ExportJob
from deskops.exports.report import Report
from deskops.exports.sources import SOURCES
from deskops.exports.storage import Storage
from deskops.exports.writers import WRITERS

SHOWN_EVERY = 0.5
BLOCK = 1024 * 1024
IN_HEAD = ("siteId", "siteIds", "startDate", "endDate")


class Made(NamedTuple):
    """A finished file: its rows, bytes and SHA-256."""

    rows: int
    size: int
    sha256: str


class Progress:
    """Tells the job's row how far it is, from a thread and connection of its own: the rows are read in a snapshot."""

    def __init__(self, job: ExportJob, expected: int) -> None:
        self.job, self.expected, self.rows = job, expected, 0
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="progress", daemon=True)

    def wrote(self, rows: int) -> None:
        self.rows += rows

    def __enter__(self) -> Self:
        self._teller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._teller.join()

    def _tell(self) -> None:
        shown = 0
        try:
            while not self._over.wait(SHOWN_EVERY):
                # 100 is for the finished file.
                percent = min(99, self.rows * 100 // self.expected) if self.expected else 0
                if percent != shown:
                    self._show(percent)
                    shown = percent
        finally:
            database.database.close()

    def _show(self, percent: int) -> None:
        with database.transaction():
            mine = (ExportJob.id == self.job.id) & (ExportJob.status == PROCESSING)
            ExportJob.update(progress=percent).where(mine).execute()


def make(job: ExportJob, storage: Storage, name: str) -> Made:
    """Write the file.

    Raises Forbidden where its person may no longer read a site, ExportJobFailed where rows and count differ.
    """
    source = SOURCES[job.module]
    user = User.get_by_id(job.user_id)
    if not user.is_active:
        raise ExportJobFailed(say("The account that asked for it was closed"))
    query = source.read(job.params, actor_for(user))
    columns = tuple(source.columns[key] for key in job.column_keys)
    filters = {key: values for key, values in job.params.items() if key not in IN_HEAD}
    draft = storage.draft(name)
    try:
        with database.snapshot():
            count = source.count(query)
            report = Report(source, query, columns, filters, count, database.utc_now())
            with Progress(job, count) as progress:
                WRITERS[job.format].write(draft, report, progress.wrote)
        if progress.rows != count:
            text = "The file has %(rows)s rows, the list %(count)s: run `deskops totals --verify`"
            raise ExportJobFailed(say(text, rows=progress.rows, count=count))
        made = measured(draft, progress.rows)
        storage.keep(draft, name)
    finally:
        draft.unlink(missing_ok=True)
    return made


def measured(file: Path, rows: int) -> Made:
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as written:
        while block := written.read(BLOCK):
            digest.update(block)
            size += len(block)
    return Made(rows, size, digest.hexdigest())
