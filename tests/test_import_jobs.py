"""Imports that a page asked for, run by a worker from the queue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
import rq

from deskops import background, config, demo, queue
from deskops.accounts import people
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site, Token, User
from deskops.errors import Forbidden, NotFound, ValidationFailed
from deskops.imports import jobs, storing
from deskops.imports.models import DONE, REFUSED, RUNNING, WAITING, Import
from deskops.imports.plan import Plan
from deskops.modules import RECEIVED
from deskops.modules.received import Received
from tests.import_fixtures import LOADS, LOADS_PLAN, Excerpt

Cast = Callable[[str], Actor]
SKIPPING = Plan(columns=LOADS_PLAN.columns, units=LOADS_PLAN.units, aliases=LOADS_PLAN.aliases, skip_bad=True)


@pytest.fixture(autouse=True)
def _used(settings: config.Settings, fresh_book: None) -> None:
    background.use(settings)


def work(settings: config.Settings) -> None:
    with queue.connection(settings, for_worker=True) as connected:
        worker = rq.SimpleWorker([queue.exports_queue(connected)], connection=connected, serializer="json")
        worker.work(burst=True, logging_level="WARNING")


def test_the_worker_imports_an_uploaded_file(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings
) -> None:
    ben = cast("ben")
    path = excerpt("tmp123", LOADS)
    run = jobs.start(path, RECEIVED, alpha, SKIPPING, ben, file_name="loads.csv")
    path.unlink()
    kept = jobs.uploaded_file(run)
    assert kept.read_text() == LOADS
    assert kept.stat().st_mode & 0o777 == 0o600
    work(settings)
    done = jobs.get(ben, run.id)
    assert (done.state, done.stored, done.bad, done.total_rows) == (DONE, 4, 3, 7)
    assert {one.created_by for one in Received.select()} == {ben.user_id}
    assert not kept.exists()
    bad = jobs.bad_file(done)
    assert bad is not None
    assert bad.name.startswith("loads-")
    assert [one.id for one in jobs.recent(cast("ann"))] == [run.id]


def test_a_file_with_bad_rows_is_refused_with_its_reasons(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings
) -> None:
    run = jobs.start(excerpt("loads.csv", LOADS), RECEIVED, alpha, LOADS_PLAN, cast("ben"))
    work(settings)
    refused = jobs.get(cast("ben"), run.id)
    assert (refused.state, refused.bad, refused.stored) == (REFUSED, 3, 0)
    assert len(refused.reason_counts) == 3
    assert Received.select().count() == 0


def test_a_file_that_is_no_table_is_refused_with_the_reason(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings
) -> None:
    run = jobs.start(excerpt("loads.csv", "a,b\n1,2\n"), RECEIVED, alpha, LOADS_PLAN, cast("ben"))
    work(settings)
    refused = jobs.get(cast("ben"), run.id)
    assert "no column" in str(refused.error)
    assert refused.is_over
    assert not jobs.uploaded_file(run).exists()


def test_who_may_not_import_starts_nothing(alpha: Site, cast: Cast, excerpt: Excerpt) -> None:
    for nick in ("vera", "cleo"):
        with pytest.raises(Forbidden):
            jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, LOADS_PLAN, cast(nick))
    with pytest.raises(ValidationFailed):
        jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, Plan(columns={"x": "y"}), cast("ben"))
    assert Import.select().count() == 0


def test_who_left_meanwhile_imports_nothing(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings
) -> None:
    run = jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, cast("ben"))
    User.update(is_active=False).where(User.id == cast("ben").user_id).execute()
    work(settings)
    assert Import.get_by_id(run.id).state == REFUSED
    assert Received.select().count() == 0


def test_an_import_of_anothers_site_is_not_shown(alpha: Site, cast: Cast, excerpt: Excerpt) -> None:
    run = jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, cast("ben"))
    assert jobs.recent(cast("cleo")) == []
    with pytest.raises(Forbidden):
        jobs.get(cast("cleo"), run.id)
    with pytest.raises(NotFound):
        jobs.get(cast("ben"), "nothing")


def test_without_a_queue_an_import_waits_and_is_dispatched_later(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings, tmp_path: Path
) -> None:
    away = {"DESKOPS_HOME": str(settings.home), "DATABASE_URL": settings.database_url}
    background.use(config.load(away | {"REDIS_URL": f"unix://{tmp_path}/nothing.sock"}))
    run = jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, cast("ben"))
    with pytest.raises(redis.RedisError):
        jobs.redispatch()
    background.use(settings)
    jobs.sweep()
    jobs.redispatch()
    work(settings)
    assert Import.get_by_id(run.id).state == DONE


def test_a_second_import_at_a_site_waits_for_the_first(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings
) -> None:
    ben = cast("ben")
    first = jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, ben)
    storing.claim(first)
    second = jobs.start(excerpt("b.csv", LOADS), RECEIVED, alpha, SKIPPING, ben)
    work(settings)
    assert jobs.get(ben, second.id).state == WAITING
    assert jobs.get(ben, first.id).state == RUNNING
    storing.undo(first, RECEIVED, "stopped")
    jobs.redispatch()
    work(settings)
    assert jobs.get(ben, second.id).state == DONE


def test_uploads_of_imports_that_are_over_are_swept_away(alpha: Site, cast: Cast, excerpt: Excerpt) -> None:
    ben = cast("ben")
    over = jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, ben)
    waiting = jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, ben)
    jobs.give_up(over, "a test")
    jobs.sweep()
    assert not jobs.uploaded_file(over).exists()
    assert jobs.uploaded_file(waiting).exists()


def test_a_token_of_the_demo_yard_alone_ends_with_it(
    alpha: Site, beta: Site, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.get()
    narrow, both, wide = (
        people.add_token(user, "a test", scope="write", sites=sites, expires_in_days=None)[0].id
        for sites in ([alpha], [alpha, beta], [])
    )
    monkeypatch.setattr(demo, "demo_sites", lambda: [alpha])
    demo.remove(settings)
    ended = {token.id for token in Token.select().where(Token.revoked_at.is_null(False))}
    assert narrow in ended
    assert not ended & {both, wide}


def test_the_demo_yard_is_taken_away_with_its_imports(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.start(excerpt("a.csv", LOADS), RECEIVED, alpha, SKIPPING, cast("ben"))
    work(settings)
    monkeypatch.setattr(demo, "demo_sites", lambda: [alpha])
    demo.remove(settings)
    assert Import.select().count() == 0
    assert Site.get_or_none(Site.id == alpha.id) is None
