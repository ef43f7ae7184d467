"""Export jobs: asked for by a face, made by the worker. The row is the truth, the queue only carries its id.

A worker that is killed leaves a row that is dispatched again; the file is then made anew from the start.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO, NamedTuple

from deskops import background, database
from deskops.accounts.actor import Actor
from deskops.accounts.policy import EXPORT
from deskops.errors import (
    DeskOpsError,
    ExportExpired,
    ExportJobFailed,
    ExportNotReady,
    Forbidden,
    Message,
    NotFound,
    RateLimitExceeded,
    say,
)
from deskops.exports import making, storage
from deskops.exports.models import ACTIVE, COMPLETED, FAILED, PROCESSING, ExportJob
from deskops.exports.report import file_name
from deskops.exports.request import read_request
from deskops.exports.writers import WRITERS
from deskops.schema.columns import new_id

LISTED = 20
KEPT_FOR = timedelta(hours=24)
MOST_ATTEMPTS = 3
DRAFT_SECONDS = 24 * 3600.0
MEASURED_JOBS = 20
START_MS = 500
RUN = "deskops.exports.jobs.run"

log = logging.getLogger(__name__)


class Download(NamedTuple):
    """A finished file: open for reading, with the name and type it is offered by."""

    file: BinaryIO
    name: str
    mimetype: str
    size: int


def create(actor: Actor, sent: Mapping[str, Any]) -> ExportJob:
    """Ask for a file: `{format, module, filters: {siteId, dateRange: {start, end}, …}, columns}`, or the flat
    `{siteId, module, dateFrom, dateTo, format}`.

    Raises RateLimitExceeded where as many as one may have are active, and what read_request raises.
    """
    refuse_one_too_many(actor)
    request = read_request(sent, actor)
    job = ExportJob(
        id=new_id(),
        user=actor.user_id,
        module=request.source.name,
        format=request.format,
        filters=json.dumps(request.params),
        columns=json.dumps(request.columns),
        expected_rows=request.source.count(request.query),
        file_name=file_name(request.source, request.query, request.format),
    )
    with database.transaction():
        hold_person(actor)
        refuse_one_too_many(actor)
        job.save(force_insert=True)
        database.after_commit(lambda: dispatch(job))
    return job


def dispatch(job: ExportJob) -> None:
    """Hand the job to the worker; where the queue is away it waits for `redispatch`."""
    background.dispatch(RUN, job.id)


def refuse_one_too_many(actor: Actor) -> None:
    mine = (ExportJob.user == actor.user_id) & ExportJob.status.in_(ACTIVE)
    most = background.settings().limits.active_exports
    if ExportJob.select().where(mine).count() >= most:
        text = "You have %(limit)s exports under way: wait until one is ready"
        raise RateLimitExceeded(say(text, limit=most), limit=most)


def hold_person(actor: Actor) -> None:
    """Have two requests of one person counted one after the other."""
    if not database.is_sqlite():
        database.execute('SELECT id FROM "user" WHERE id = ? FOR UPDATE', (actor.user_id,))


def list_own(actor: Actor) -> list[ExportJob]:
    """The newest jobs of this person, newest first; of a token narrowed to sites, those of its sites."""
    own = ExportJob.select().where(ExportJob.user == actor.user_id).order_by(ExportJob.created_at.desc())
    return [job for job in own.limit(LISTED) if may_see(actor, job)]


def get(actor: Actor, job_id: str) -> ExportJob:
    """One's own job. Raises NotFound, or Forbidden for another's or one of sites that are no longer one's own."""
    job = ExportJob.get_or_none(ExportJob.id == job_id)
    if job is None:
        raise NotFound
    if job.user_id != actor.user_id or not may_see(actor, job):
        raise Forbidden
    found: ExportJob = job
    return found


def may_see(actor: Actor, job: ExportJob) -> bool:
    return all(actor.may(EXPORT, site_id) for site_id in job.site_ids)


def open_file(job: ExportJob) -> Download:
    """The finished file. Raises ExportNotReady, ExportJobFailed, ExportExpired."""
    if job.status == FAILED:
        raise ExportJobFailed(say("The export failed: %(error)s", error=job.error))
    if job.status != COMPLETED:
        raise ExportNotReady(status=job.status, progress=job.progress)
    if job.is_expired:
        raise ExportExpired
    try:
        file = storage.of_this_installation().open(stored_name(job))
    except FileNotFoundError as gone:
        raise ExportExpired from gone
    return Download(file, job.file_name, WRITERS[job.format].mimetype, job.file_size or 0)


def stored_name(job: ExportJob) -> str:
    return f"{job.id}.{job.format}"


def estimated_time_ms(job: ExportJob) -> int:
    """How long a job of its size takes here, by the last jobs of its format; by a first guess before any."""
    rows, seconds = 0, 0.0
    measured = (
        ExportJob.select()
        .where((ExportJob.format == job.format) & (ExportJob.status == COMPLETED) & (ExportJob.row_count > 0))
        .order_by(ExportJob.finished_at.desc())
        .limit(MEASURED_JOBS)
    )
    for done in measured:
        rows += done.row_count or 0
        seconds += (done.finished_at - done.started_at).total_seconds()
    rate = rows / seconds if rows and seconds else WRITERS[job.format].rows_a_second
    return START_MS + round(job.expected_rows / rate * 1000)


def run(job_id: str) -> None:
    """Make the file of this job, in the worker. What was already made stays as it is."""
    database.open_connection()
    try:
        job = begin(job_id)
        if job is not None:
            finish(job)
    finally:
        database.release_connection()


def begin(job_id: str) -> ExportJob | None:
    """Take the job; None where it is over. One that ended three workers fails."""
    job: ExportJob | None = ExportJob.get_or_none(ExportJob.id == job_id)
    if job is None or not job.is_active:
        return None
    if job.attempts >= MOST_ATTEMPTS:
        fail(job, say("The worker ended %(times)s times while it made this file", times=job.attempts))
        return None
    now = database.utc_now()
    change(job, status=PROCESSING, progress=0, started_at=now, attempts=job.attempts + 1)
    return job


def finish(job: ExportJob) -> None:
    try:
        made = making.make(job, storage.of_this_installation(), stored_name(job))
    except DeskOpsError as refused:
        fail(job, refused.message)
    except Exception:
        log.exception("an export failed", extra={"facts": {"job": job.id}})
        fail(job, say("Something went wrong on the server; its log says what"))
    else:
        now = database.utc_now()
        facts = {"row_count": made.rows, "file_size": made.size, "file_hash": made.sha256}
        change(job, status=COMPLETED, progress=100, finished_at=now, expires_at=now + KEPT_FOR, **facts)


def fail(job: ExportJob, message: Message) -> None:
    change(job, status=FAILED, finished_at=database.utc_now(), error=str(message)[:500])


def change(job: ExportJob, **values: Any) -> None:
    with database.transaction():
        ExportJob.update(**values).where(ExportJob.id == job.id).execute()
    for name, value in values.items():
        setattr(job, name, value)


def redispatch() -> None:
    """Dispatch what waits without a job in the queue, and what was begun by a worker that is gone."""
    waiting = ExportJob.select(ExportJob.id).where(ExportJob.status.in_(ACTIVE))
    background.dispatch_forgotten(RUN, [job.id for job in waiting])


def expire() -> None:
    """Delete the files that are past their time, and drafts that nobody finished."""
    kept = storage.of_this_installation()
    kept.sweep(DRAFT_SECONDS)
    over = (ExportJob.status == COMPLETED) & (ExportJob.expires_at <= database.utc_now())
    for job in ExportJob.select().where(over & ExportJob.file_size.is_null(False)):
        kept.delete(stored_name(job))
        change(job, file_size=None)
