"""Error monitoring: faults nobody foresaw reach the sink once, with their request's id and nobody's values."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import click
import pytest
import sentry_sdk

from deskops import __version__, cli, config, logs, monitoring
from deskops.accounts.models import Site
from deskops.config import MonitoringSettings
from deskops.exports import jobs, making
from deskops.exports.models import ExportJob
from deskops.setting_kinds import SettingRefused
from tests.api_contract import Api, data, refused
from tests.samples import sample
from tests.sentry_sink import Sink, sink
from tests.test_logs import MARKS, break_with, marked
from tests.test_up import Start, start

__all__ = ["start"]

RECEIVED = "/api/received"
FAULT = ValueError(f"{MARKS[0]} is no number")
EVENT_KEYS = {
    *("event_id", "timestamp", "platform", "level", "logger", "release", "environment"),
    *("tags", "logentry", "exception"),
}
Watch = Callable[[str], None]


@pytest.fixture
def watch(settings: config.Settings) -> Iterator[Watch]:
    """Have the faults of this process sent to this address until the test is over."""
    yield lambda dsn: monitoring.start(
        replace(settings, monitoring=MonitoringSettings(sentry_dsn=dsn, environment="yard"))
    )
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)
    monitoring.start(settings)


@pytest.fixture
def watched(watch: Watch) -> Iterator[Sink]:
    with sink() as found:
        watch(found.dsn)
        yield found


def assert_unmarked(found: Sink) -> None:
    assert not [mark for mark in (*MARKS, "@yard.test", "dops_", socket.gethostname()) if mark in found.raw]


def test_a_fault_in_a_view_is_sent_once_with_its_request_and_without_values(
    watched: Sink, api: Api, browse: Callable[..., Any], alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, clerk = api("ben"), browse("ben")
    monkeypatch.setattr("deskops.records.service.create", break_with(FAULT))
    by_script = ben.post(f"{RECEIVED}?q=Quarrymark", marked(alpha), Idempotency_Key="quarrymark")
    by_page = clerk.post("/received", {"quantity": "5", "source": "Quarrymark"})
    assert by_script.status_code in (400, 500)
    by_script = ben.post(RECEIVED, marked(alpha), Idempotency_Key="quarrymark")
    assert by_script.status_code == by_page.status_code == 500
    events = watched.wait(2)
    assert {event["tags"]["request_id"] for event in events} == {
        by_script.headers["X-Request-Id"],
        by_page.headers["X-Request-Id"],
    }
    for event in events:
        assert event.keys() <= EVENT_KEYS | {"sdk"}
        assert (event["release"], event["environment"]) == (f"deskops@{__version__}", "yard")
        cause, fault = event["exception"]["values"]
        assert (cause["type"], cause["value"]) == ("KeyError", "KeyError")
        assert (fault["type"], fault["value"]) == ("ValueError", "ValueError")
        assert fault["stacktrace"]["frames"][-1]["function"] == "broken"
        assert not [
            frame for frame in fault["stacktrace"]["frames"] if "vars" in frame or "abs_path" in frame
        ]
    assert_unmarked(watched)


def test_what_was_foreseen_is_not_sent(watched: Sink, api: Api, alpha: Site) -> None:
    ben = api("ben")
    refused(ben.get("/api/nothing"), 404, "NOT_FOUND")
    refused(ben.post(RECEIVED, {}), 400, "VALIDATION_ERROR")
    refused(api(None).get("/api/sites"), 401, "UNAUTHORIZED")
    refused(api("vera").post(RECEIVED, sample("received", alpha)), 403, "FORBIDDEN")
    data(ben.post(RECEIVED, sample("received", alpha)), 201)
    monitoring.flush()
    assert watched.events == []


def wanted(api: Api, site: Site) -> ExportJob:
    days = {"dateFrom": "2026-01-01", "dateTo": "2026-01-31"}
    job = data(
        api("ben").post("/api/export", {"format": "csv", "module": "received", "siteId": site.code} | days),
        201,
    )
    return ExportJob.get_by_id(job["jobId"])


def test_a_failed_job_is_sent_once(
    watched: Sink, api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = wanted(api, alpha)
    monkeypatch.setattr(making, "make", break_with(FAULT))
    jobs.run(job.id)
    refused(api("ben").get(f"/api/export/{job.id}/download"), 500, "EXPORT_JOB_FAILED")
    monitoring.flush()
    (event,) = watched.wait()
    assert event["logentry"]["message"] == "an export failed"
    assert_unmarked(watched)


def test_a_worker_sends_the_job_that_failed_before_its_process_ends(
    api: Api, alpha: Site, settings: config.Settings
) -> None:
    job = wanted(api, alpha)
    ExportJob.update(filters='{"Quarrymark').where(ExportJob.id == job.id).execute()
    with sink() as found:
        own = {
            "DESKOPS_HOME": settings.home,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
        }
        environment = (
            os.environ | {name: str(value) for name, value in own.items()} | {"SENTRY_DSN": found.dsn}
        )
        command = [sys.executable, "-m", "deskops.cli", "worker", "--burst"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert ExportJob.get_by_id(job.id).status == "failed"
        (event,) = found.wait()
        assert event["tags"]["request_id"]
        assert event["tags"]["request_id"] in done.stderr
        assert_unmarked(found)
        assert not [mark for mark in MARKS if mark in done.stderr]


@click.command()
def broken() -> None:
    """A command that fails in a way nobody foresaw."""
    raise FAULT


def test_a_command_that_fails_unforeseen_is_sent_and_a_refusal_is_not(
    watched: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cli.COMMANDS, "seed", "tests.test_monitoring:broken")
    monkeypatch.setattr("tests.test_monitoring.broken", broken, raising=False)
    with pytest.raises(ValueError, match="is no number"):
        cli.main.main(["seed"], standalone_mode=False)
    with pytest.raises(click.UsageError):
        cli.main.main(["seed", "--no-such"], standalone_mode=False)
    monitoring.flush()
    (event,) = watched.wait()
    assert event["logentry"]["message"] == "a command failed"
    assert_unmarked(watched)


def test_a_web_process_of_the_running_program_sends_its_faults(start: Start) -> None:
    with sink() as found:
        running = start(DEMO="0", SENTRY_DSN=found.dsn).ready()
        rename(config.load(running.environment))
        assert running.status("/signin") == 200
        assert running.status("/api/sites") == 401
        assert ask_with_token(running.address) == 500
        (event,) = found.wait()
        assert event["exception"]["values"][-1]["value"].startswith(("OperationalError", "ProgrammingError"))
        assert_unmarked(found)


def rename(settings: config.Settings) -> None:
    """Take a table away, so that every request with a token fails."""
    statement = "ALTER TABLE token RENAME TO was_token"
    if settings.database_file:
        with closing(sqlite3.connect(settings.database_file, timeout=10)) as file:
            file.execute(statement)
            return
    import psycopg

    with psycopg.connect(settings.database_url, autocommit=True) as server:
        server.execute(statement)


def ask_with_token(address: str) -> int:
    import urllib.error
    import urllib.request

    asking = urllib.request.Request(
        f"{address}/api/sites", headers={"Authorization": "Bearer dops_Quarrymark"}
    )
    try:
        with urllib.request.urlopen(asking, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with closing(refusal):
            return refusal.code


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def closed_port() -> contextlib.AbstractContextManager[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return contextlib.nullcontext(listening.getsockname()[1])


@pytest.mark.parametrize("away", [silent_server, closed_port])
def test_a_sink_that_is_away_slows_nothing(
    away: Callable[[], contextlib.AbstractContextManager[int]],
    watch: Watch,
    api: Api,
    alpha: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ben = api("ben")
    monkeypatch.setattr("deskops.records.service.create", break_with(ValueError()))
    with away() as port:
        watch(f"http://publickey@127.0.0.1:{port}/1")
        begun = time.perf_counter()
        statuses = [ben.post(RECEIVED, sample("received", alpha)).status_code for _ in range(5)]
        assert statuses == [500] * 5
        assert time.perf_counter() - begun < 5
        begun = time.perf_counter()
        monitoring.flush()
        assert time.perf_counter() - begun < monitoring.FLUSH_SECONDS + 1


def test_without_the_package_the_start_is_refused_with_its_cure(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(SettingRefused, match=r"SENTRY_DSN: .*pip install 'deskops\[sentry\]'"):
        watch("http://publickey@127.0.0.1:9/1")


def test_an_address_that_is_no_project_is_refused(watch: Watch) -> None:
    with pytest.raises(SettingRefused, match="SENTRY_DSN: this is not the address of a Sentry project"):
        watch("http://127.0.0.1/")


def test_without_the_setting_nothing_is_watched(watched: Sink, watch: Watch) -> None:
    watch("")
    logs.logging.getLogger("deskops").error("nobody is told")
    monitoring.flush()
    assert watched.events == []


def test_an_error_without_a_fault_is_sent_without_what_was_put_into_it(watched: Sink) -> None:
    logs.logging.getLogger("deskops").error("so many failed: %s", MARKS[0])
    (event,) = watched.wait()
    assert event["logentry"]["message"] == "so many failed: %s"
    assert json.dumps(event).count("exception") == 0
    assert_unmarked(watched)
