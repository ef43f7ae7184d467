"""Large imports: chunks under an import that runs, undone whole when they do not come to their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deskops import background, config, database, queue
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import AuditEntry, broken_links
from deskops.imports import jobs, liveness, storing
from deskops.imports.models import DONE, REFUSED, RUNNING, UNDONE, WAITING, Import
from deskops.imports.outcome import Listener
from deskops.imports.plan import Plan
from deskops.imports.refusals import ImportStopped, ImportTakenAway, ImportUnderWay
from deskops.imports.running import RowsRefused
from deskops.modules import MODULES, PRODUCTION, RECEIVED
from deskops.modules.received import Received
from deskops.records import service, totals
from tests.import_fixtures import Excerpt, imported, ordered

Cast = Callable[[str], Actor]
HEAD = "date,materialId,quantity\n"


@pytest.fixture(autouse=True)
def _small_chunks(settings: config.Settings, fresh_book: None, monkeypatch: pytest.MonkeyPatch) -> None:
    background.use(settings)
    monkeypatch.setattr("deskops.imports.running.ONE_TRANSACTION_ROWS", 3)
    monkeypatch.setattr(storing, "CHUNK_ROWS", 2)


def loads(number: int) -> str:
    return HEAD + "".join(f"2021-01-0{one % 9 + 1},RAW-MIXED,{one + 1}\n" for one in range(number))


def nothing_is_left(site: Site) -> None:
    assert Received.select().count() == 0
    assert [row for module in MODULES.values() for row in totals.verify(module)] == []
    assert broken_links(site.id) == []
    assert jobs.running([site.id]) == []


class Watching(Listener):
    """Calls something once so many rows are stored."""

    def __init__(self, after: int, call: Callable[[], Any]) -> None:
        self.after, self.call = after, call

    def progress(self, rows: int) -> None:
        if Received.select().count() >= self.after:
            self.call()


def test_chunks_add_up_under_an_import_that_is_seen_to_run(alpha: Site, beta: Site, excerpt: Excerpt) -> None:
    seen: list[tuple[str, int]] = []

    def look() -> None:
        seen.extend((run.state, run.stored) for run in jobs.running([alpha.id]))
        assert jobs.running([beta.id]) == []

    run, tally = imported(ordered(excerpt("a.csv", loads(7)), alpha, Plan()), Watching(2, look))
    assert seen[0] == (RUNNING, 2)
    assert (run.state, run.stored, run.rows_read, tally.good) == (DONE, 7, 7, 7)
    assert jobs.running([alpha.id]) == []
    assert totals.verify(RECEIVED) == []
    verbs = [
        row.verb for row in AuditEntry.select().order_by(AuditEntry.sequence) if row.subject_id == run.id
    ]
    assert verbs == ["IMPORT_BEGUN", *["IMPORTED"] * 4, "IMPORT_DONE"]
    assert broken_links(alpha.id) == []


STOPS = [KeyboardInterrupt, ImportStopped, MemoryError, SystemExit]


@pytest.mark.parametrize("error", STOPS)
def test_what_ends_an_import_early_undoes_all_of_it(
    alpha: Site, excerpt: Excerpt, cast: Cast, error: type[BaseException]
) -> None:
    def stop() -> None:
        raise error

    path = excerpt("a.csv", loads(9))
    with pytest.raises(error):
        imported(ordered(path, alpha, Plan()), Watching(4, stop))
    run = Import.get()
    assert (run.state, run.stored) == (UNDONE, 0)
    assert "nothing of it was kept" in str(run.error)
    nothing_is_left(alpha)
    # The keys are free again.
    assert imported(ordered(path, alpha, Plan()))[1].good == 9


def test_an_undo_leaves_the_records_of_others_alone(alpha: Site, excerpt: Excerpt, cast: Cast) -> None:
    sent = {"siteId": alpha.id, "date": "2021-01-01", "materialId": "RAW-MIXED", "quantity": Decimal(5)}
    mine = service.create(RECEIVED, sent, cast("ben")).record

    def correct_and_stop() -> None:
        one = Received.select().where(Received.id != mine.id).first()
        service.correct(RECEIVED, one.id, {"quantity": Decimal(77)}, cast("ann"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(ordered(excerpt("a.csv", loads(9)), alpha, Plan()), Watching(5, correct_and_stop))
    assert [one.id for one in Received.select()] == [mine.id]
    assert totals.verify(RECEIVED) == []


def test_a_bad_row_found_while_storing_undoes_the_chunks_before_it(alpha: Site, excerpt: Excerpt) -> None:
    text = "date,materialId,quantity,shift\n" + "".join(
        f"2021-01-0{day},AGG-G1,1,\n" for day in (1, 2, 3, 4, 5, 6)
    )

    class Meanwhile(Listener):
        """Somebody enters what a later row holds, after the file was checked."""

        def progress(self, rows: int) -> None:
            run = Import.get()
            if run.stored == 2 and PRODUCTION.model.select().count() == 2:
                sent = {"siteId": alpha.id, "date": "2021-01-06", "materialId": "AGG-G1", "quantity": "3"}
                from deskops.accounts.actor import SYSTEM

                service.create(PRODUCTION, sent, SYSTEM, strict=False)

    with pytest.raises(RowsRefused):
        imported(ordered(excerpt("a.csv", text), alpha, Plan(), "production"), Meanwhile())
    assert [str(one.date) for one in PRODUCTION.model.select()] == ["2021-01-06"]
    run = Import.get()
    assert (run.state, run.bad, run.stored) == (REFUSED, 1, 0)
    assert totals.verify(PRODUCTION) == []


def test_one_import_at_a_site_at_a_time(alpha: Site, beta: Site, excerpt: Excerpt) -> None:
    path = excerpt("a.csv", loads(5))
    met: list[str] = []

    def another() -> None:
        try:
            imported(ordered(path, alpha, Plan()))
        except ImportUnderWay as refused:
            met.append(str(refused))

    imported(ordered(path, alpha, Plan()), Watching(4, another))
    assert met
    assert Received.select().count() == 5


def abandoned(site: Site, excerpt: Excerpt) -> Import:
    """An import whose process is gone after two chunks."""

    class Gone(BaseException):
        pass

    def vanish() -> None:
        raise Gone

    undo, storing_undo = storing.undo, lambda *_: None
    storing.undo = storing_undo  # type: ignore[assignment]
    try:
        with pytest.raises(Gone):
            imported(ordered(excerpt("gone.csv", loads(9)), site, Plan()), Watching(4, vanish))
    finally:
        storing.undo = undo
    run: Import = Import.get()
    assert run.state == RUNNING
    return run


def test_an_import_of_a_living_process_is_left_alone(alpha: Site, excerpt: Excerpt) -> None:
    abandoned(alpha, excerpt)
    assert jobs.undo_abandoned() == 0
    assert Received.select().count() == 4


@pytest.mark.parametrize("process", ["{host} 999999999 1", "{host} {pid} 1"])
def test_an_import_without_its_process_is_undone(alpha: Site, excerpt: Excerpt, process: str) -> None:
    run = abandoned(alpha, excerpt)
    name = process.format(host=liveness.host(), pid=os.getpid())
    Import.update(process=name).where(Import.id == run.id).execute()
    assert jobs.undo_abandoned() == 1
    nothing_is_left(alpha)
    assert Import.get_by_id(run.id).state == UNDONE
    assert jobs.undo_abandoned() == 0


def test_an_import_of_another_machine_is_undone_when_its_heart_stands_still(
    alpha: Site, excerpt: Excerpt
) -> None:
    run = abandoned(alpha, excerpt)
    Import.update(process="elsewhere 1 1").where(Import.id == run.id).execute()
    assert jobs.undo_abandoned() == 0
    Import.update(heartbeat_at=database.utc_now() - timedelta(minutes=3)).execute()
    assert jobs.undo_abandoned() == 1
    nothing_is_left(alpha)


def test_an_undo_that_was_itself_ended_is_ended_by_the_next(alpha: Site, excerpt: Excerpt) -> None:
    run = abandoned(alpha, excerpt)
    removed = storing.remove_some(run, RECEIVED, UNDONE)
    assert removed
    Import.update(state="UNDOING", process="x 1 1", heartbeat_at=database.utc_now() - timedelta(1)).execute()
    assert jobs.undo_abandoned() == 1
    nothing_is_left(alpha)


def test_an_import_that_was_taken_for_dead_stops_writing(alpha: Site, excerpt: Excerpt) -> None:
    def take() -> None:
        Import.update(process="elsewhere 1 1").execute()

    with pytest.raises(ImportTakenAway):
        imported(ordered(excerpt("a.csv", loads(9)), alpha, Plan()), Watching(4, take))
    assert Received.select().count() == 4
    Import.update(heartbeat_at=database.utc_now() - timedelta(minutes=3)).execute()
    assert jobs.undo_abandoned() == 1
    nothing_is_left(alpha)


KILLED = """
import sys, time
from pathlib import Path
from deskops import background, book, config
from deskops.imports import storing, running
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences
from tests.import_fixtures import imported, ordered
from deskops.accounts.models import Site
from deskops.imports.outcome import Listener
from deskops.imports.plan import Plan
running.ONE_TRANSACTION_ROWS = 3
storing.CHUNK_ROWS = 2
settings = config.load()
book.open_book(settings)
background.use(settings)
consequences.react_with(CONSEQUENCES)
class Slow(Listener):
    def progress(self, rows):
        print(rows, flush=True)
        time.sleep(0.2)
imported(ordered(Path(sys.argv[1]), Site.get(Site.code == "ALPHA-01"), Plan(skip_bad=True)), Slow())
"""


@pytest.fixture
def importing(alpha: Site, excerpt: Excerpt, settings: config.Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that has stored some chunks of many."""
    path = excerpt("many.csv", loads(400))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        env={**os.environ, **config.environment_for_children(settings)},
        cwd=Path(__file__).parent.parent,
    )
    deadline = time.monotonic() + 60
    while Received.select().count() < 4:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def test_kill_9_is_noticed_and_undone_by_the_worker(
    importing: subprocess.Popen[bytes], alpha: Site, settings: config.Settings
) -> None:
    assert jobs.undo_abandoned() == 0
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    assert [run.state for run in jobs.running([alpha.id])] == [RUNNING]
    jobs.redispatch()
    jobs.redispatch()
    with queue.connection(settings) as connected:
        assert queue.exports_queue(connected).job_ids == [f"undo_abandoned-{Import.get().id}"]
    jobs.undo_abandoned(Import.get().id)
    nothing_is_left(alpha)
    assert Import.get().state == UNDONE


def test_others_enter_records_while_an_import_runs(
    importing: subprocess.Popen[bytes], alpha: Site, cast: Cast
) -> None:
    sent = {"siteId": alpha.id, "date": "2021-01-01", "materialId": "RAW-MIXED", "quantity": Decimal(5)}
    began = time.monotonic()
    mine = service.create(RECEIVED, sent, cast("ben")).record
    assert time.monotonic() - began < 5
    assert importing.poll() is None
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    assert jobs.undo_abandoned() == 1
    assert [one.id for one in Received.select()] == [mine.id]
    assert totals.verify(RECEIVED) == []


def test_a_waiting_import_is_no_import_under_way(alpha: Site, excerpt: Excerpt, cast: Cast) -> None:
    run = jobs.start(excerpt("a.csv", loads(2)), RECEIVED, alpha, Plan(), cast("ben"))
    assert (run.state, run.progress) == (WAITING, 0)
    assert jobs.running([alpha.id]) == []
    assert jobs.undo_abandoned() == 0
