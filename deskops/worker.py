"""The worker: takes jobs from the queue and runs each in a process of its own.

The job's row in the database is the truth; the queue only carries its id. What was asked for while the queue
was away, or was lost with it, is dispatched again at the start and every MAINTENANCE_SECONDS.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import redis
import rq
from rq.job import Job
from rq.registry import StartedJobRegistry

from deskops import background, book, database, logs, monitoring, processes, queue
from deskops.config import Settings
from deskops.exports import jobs as exports
from deskops.imports import jobs as imports
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences

log = logging.getLogger(__name__)

# Done at the start and every MAINTENANCE_SECONDS: above all, rows that wait without a job in the queue get one.
UPKEEP: tuple[Callable[[], object], ...] = (
    exports.redispatch,
    imports.redispatch,
    exports.expire,
    imports.sweep,
)

# With the defaults an abandoned job is found after 13 minutes; with these within half of one.
WORKER_SECONDS = 30
MAINTENANCE_SECONDS = 15
MONITORING_SECONDS = 5
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
NICENESS = 10


class JobWorker(rq.Worker):
    """An RQ worker that also keeps the queue in step with the database."""

    max_connection_wait_time = LONGEST_WAIT

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()
        keep_up()

    def perform_job(self, job: Job, queue: rq.Queue) -> bool:
        # The request that asked for the job, so that its lines in the log can be put together.
        logs.request_id.set(job.meta.get("request_id") or job.id)
        try:
            return super().perform_job(job, queue)
        finally:
            # The job's process ends without another word.
            monitoring.flush()

    def handle_job_failure(
        self, job: Job, queue: rq.Queue, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        # RQ would keep the whole traceback on the queue server, with whatever values it quotes.
        super().handle_job_failure(job, queue, started_job_registry, exc_string="")

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        # Instead of RQ's own lines, which hold whatever the exception quotes.
        log.error("a job failed", exc_info=exc_info, extra={"facts": {"job": job.id}})


def keep_up() -> None:
    """Do the upkeep. A failure is logged: the worker goes on."""
    for duty in UPKEEP:
        try:
            database.open_connection()
            duty()
        except Exception:
            log.exception("upkeep failed")
    book.close()


def run(settings: Settings, burst: bool = False) -> None:
    """Work on the connected database until a stop signal; with `burst`, until the queue is empty."""
    os.nice(NICENESS)
    processes.bind_forks(signal.SIGKILL)
    background.use(settings)
    consequences.react_with(CONSEQUENCES)
    connected = queue.connection(settings, for_worker=True)
    _wait_until_answered(connected)
    waiting = queue.exports_queue(connected)
    if settings.queue_is_embedded:
        clear_after_crash(waiting)
    worker = JobWorker(
        [waiting],
        connection=connected,
        serializer="json",
        worker_ttl=WORKER_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        job_monitoring_interval=MONITORING_SECONDS,
        log_job_description=False,
    )
    worker.work(burst=burst, logging_level="WARNING")


def _wait_until_answered(connected: redis.Redis) -> None:
    wait = FIRST_WAIT
    while True:
        try:
            connected.ping()
            return
        except redis.RedisError as problem:
            if wait == FIRST_WAIT:
                log.warning(
                    "the queue server does not answer yet", extra={"facts": {"problem": str(problem)}}
                )
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def clear_after_crash(waiting: rq.Queue) -> None:
    """Forget this machine's workers that are gone; without any left, retry or give up what they had begun."""
    is_one_alive = False
    for worker in rq.Worker.all(queue=waiting, serializer="json"):
        if worker.hostname == socket.gethostname() and not (worker.pid and processes.is_alive(worker.pid)):
            worker.register_death()
        else:
            is_one_alive = True
    if is_one_alive:
        return
    StartedJobRegistry(queue=waiting).cleanup(timestamp=datetime.now(UTC).timestamp() + 1e9)
    # Taken by a worker that died before it began: without this it is missed for another minute.
    for job_id in waiting.intermediate_queue.get_job_ids():
        if waiting.get_job_position(job_id) is None:
            waiting.push_job_id(job_id, at_front=True)
        waiting.intermediate_queue.remove(job_id)
