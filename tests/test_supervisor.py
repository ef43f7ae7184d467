"""The supervisor over real processes: it starts, watches, restarts, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deskops import config, processes, supervisor
from deskops.errors import CommandRefused
from deskops.supervisor import Child, Supervisor


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def script(text: str) -> "Callable[[], subprocess.Popen[bytes]]":
    return lambda: processes.start_bound(["sh", "-c", text], signal.SIGKILL)


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def interrupt_once(holds: Callable[[], bool], number: signal.Signals = signal.SIGTERM) -> threading.Thread:
    """Send this process a stop signal as soon as something holds."""

    def wait_and_send() -> None:
        try:
            until(holds)
        finally:
            os.kill(os.getpid(), number)

    sending = threading.Thread(target=wait_and_send)
    sending.start()
    return sending


def run(parts: list[Child], told: list[str], holds: Callable[[], bool], number: signal.Signals) -> None:
    sending = interrupt_once(holds, number)
    try:
        Supervisor(parts, told.append).run(lambda: True, lambda: told.append("ready"))
    finally:
        sending.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_stops_the_last_started_first_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "pids"
    order = tmp_path / "order"
    text = "trap 'echo {name} >> {order}; exit' TERM; echo $$ >> {log}; while :; do sleep 0.01; done"
    parts = [
        Child(name, script(text.format(name=name, order=order, log=log)), grace=2)
        for name in ("queue", "web", "worker")
    ]
    told: list[str] = []
    run(parts, told, lambda: bool(told) and len(pids(log)) == 3, number)
    assert told == ["ready"]
    assert order.read_text().split() == ["worker", "web", "queue"]
    assert not any(processes.is_alive(pid) for pid in pids(log))


def test_a_child_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    told: list[str] = []
    part = Child("worker", script(f"echo $$ >> {log}; sleep 0.3; exit 7"), grace=1)
    run([part], told, lambda: len(pids(log)) == 3, signal.SIGTERM)
    assert told[:3] == [
        "ready",
        "worker stopped (exit 7); starting it again in 0.2 s.",
        "worker was started again.",
    ]
    assert "worker stopped (exit 7); starting it again in 0.4 s." in told


def test_a_killed_child_takes_its_own_children_along(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    part = Child("web", script(f"sleep 60 & echo $! >> {log}; echo $$ >> {log}; wait"), grace=1)
    first: list[int] = []

    def killed_and_back() -> bool:
        if len(pids(log)) == 2 and not first:
            first.extend(pids(log))
            os.kill(first[1], signal.SIGKILL)
        return len(pids(log)) == 4

    run([part], [], killed_and_back, signal.SIGTERM)
    assert len(first) == 2
    until(lambda: not any(processes.is_alive(pid) for pid in pids(log)), 1)


def test_a_child_that_ignores_the_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    part = Child("web", script(f"trap '' TERM; echo $$ >> {log}; while :; do sleep 0.01; done"), grace=0.2)
    run([part], [], lambda: len(pids(log)) == 1, signal.SIGTERM)
    assert not processes.is_alive(pids(log)[0])


def test_a_child_that_falls_at_the_first_start_is_a_refusal() -> None:
    part = Child("web", script("exit 3"), grace=1)
    with pytest.raises(CommandRefused, match=r"web did not start \(exit 3\)"):
        Supervisor([part], lambda _: None).run(lambda: False, lambda: None)


def test_a_child_that_cannot_be_restarted_is_tried_again_later() -> None:
    tries: list[float] = []

    def start() -> "subprocess.Popen[bytes]":
        tries.append(time.monotonic())
        if len(tries) == 2:
            raise CommandRefused()
        return processes.start_bound(["sleep", "0.1" if len(tries) == 1 else "60"], signal.SIGKILL)

    told: list[str] = []
    run([Child("queue", start, grace=1)], told, lambda: len(tries) == 3, signal.SIGTERM)
    assert any(line.startswith("queue did not start:") for line in told)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_child_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    program = (
        "import signal, time; from deskops import processes\n"
        f"processes.start_bound(['sh', '-c', 'echo $$ >> {log}; exec sleep 60'], signal.SIGKILL)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    until(lambda: len(pids(log)) == 1)
    parent.kill()
    parent.wait()
    until(lambda: not processes.is_alive(pids(log)[0]), 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_forked_job_outlives_its_killed_worker(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    program = (
        "import os, signal, time; from deskops import processes\n"
        "processes.bind_forks(signal.SIGKILL)\n"
        "if os.fork() == 0:\n"
        f"    os.setpgrp(); open({str(log)!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    until(lambda: len(pids(log)) == 1)
    parent.kill()
    parent.wait()
    until(lambda: not processes.is_alive(pids(log)[0]), 3)


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandRefused) as refused:
            supervisor.listen("127.0.0.1", port)
    text = str(refused.value)
    assert f"port {port}" in text
    assert "PORT=" in text
    assert "\n" not in text


def test_a_host_that_is_not_here_is_a_refusal() -> None:
    with pytest.raises(CommandRefused, match=r"192\.0\.2\.1"):
        supervisor.listen("192.0.2.1", 8000)


def test_the_address_said_is_one_that_a_browser_takes(tmp_path: Path) -> None:
    def address(host: str) -> str:
        return supervisor.address_of(
            config.load({"DESKOPS_HOME": str(tmp_path), "HOST": host, "PORT": "8123"})
        )

    assert address("127.0.0.1") == "http://127.0.0.1:8123/"
    assert address("::1") == "http://[::1]:8123/"
    assert address("0.0.0.0") == f"http://{socket.gethostname()}:8123/"


def test_the_queue_is_left_out_where_redis_runs_elsewhere(tmp_path: Path) -> None:
    def names(**given: str) -> list[str]:
        settings = config.load({"DESKOPS_HOME": str(tmp_path), **given})
        with socket.create_server(("127.0.0.1", 0)) as listening:
            return [part.name for part in supervisor.children(settings, listening, {})]

    assert names() == ["queue", "web", "worker"]
    assert names(REDIS_URL="redis://queue:6379/0") == ["web", "worker"]


def test_everything_stops_within_five_seconds_at_worst(tmp_path: Path) -> None:
    settings = config.load({"DESKOPS_HOME": str(tmp_path)})
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert sum(part.grace for part in supervisor.children(settings, listening, {})) < 4
