"""Handing work to the worker. The row of a job in the database is the truth; the queue only carries its id.

Whoever starts a process says once, with `use`, on which settings it runs. A queue that is away or frozen costs a
caller under a second, and nothing is lost: the worker looks for rows that wait and dispatches them anew.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

import redis
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus

from deskops import logs, queue
from deskops.config import Settings

LONGEST_JOB_SECONDS = 6 * 3600
KEPT_SECONDS = 600
UNDER_WAY = frozenset({JobStatus.QUEUED, JobStatus.STARTED, JobStatus.CREATED, JobStatus.SCHEDULED})

log = logging.getLogger(__name__)
_used: list[Settings] = []


def use(settings: Settings) -> None:
    """Say once, at start, where the home folder and the queue are."""
    _used[:] = [settings]


def settings() -> Settings:
    """The settings of this process. Raises RuntimeError in a program that was started without them."""
    if not _used:
        raise RuntimeError("started without settings: call background.use first")
    return _used[0]


def dispatch(function: str, row_id: str) -> bool:
    """Have the worker call the function, by its dotted name, with this id; False where the queue is away."""
    try:
        with queue.connection(settings()) as connected:
            queue.exports_queue(connected).enqueue(
                function,
                row_id,
                job_id=job_id(function, row_id),
                unique=True,
                job_timeout=LONGEST_JOB_SECONDS,
                result_ttl=KEPT_SECONDS,
                failure_ttl=KEPT_SECONDS,
                meta={"request_id": logs.request_id.get()},
            )
    except DuplicateJobError:
        return True
    except redis.RedisError as problem:
        log.warning("the queue is away: the job waits", extra={"facts": {"problem": str(problem)}})
        return False
    return True


def dispatch_forgotten(function: str, row_ids: Collection[str]) -> int:
    """Dispatch those of these waiting rows that the queue knows nothing of, or has given up; answers how many."""
    if not row_ids:
        return 0
    with queue.connection(settings()) as connected:
        forgotten = [row_id for row_id in row_ids if not _is_under_way(connected, job_id(function, row_id))]
    return sum(dispatch(function, row_id) for row_id in forgotten)


def job_id(function: str, row_id: str) -> str:
    """What the queue knows this work by: a row may be run, and be undone."""
    return f"{function.rpartition('.')[2]}-{row_id}"


def _is_under_way(connected: redis.Redis, queued_id: str) -> bool:
    try:
        job = Job.fetch(queued_id, connection=connected, serializer="json")
    except NoSuchJobError:
        return False
    if job.get_status() in UNDER_WAY:
        return True
    # What ended in the queue while its row waits is run anew, under the same id.
    job.delete()
    return False
