"""`deskops up` as it is started on a yard's machine: real processes, a real port, real signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from deskops import config, processes, queue
from tests.own_database import own_database

START_SECONDS = 60
STOP_SECONDS = 20


class Running:
    """One `deskops up` and what it said so far."""

    def __init__(self, home: Path, port: int, **variables: str) -> None:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("DESKOPS_")}
        own = {"DESKOPS_HOME": str(home), "PORT": str(port), "REDIS_URL": ""}
        self.address = f"http://127.0.0.1:{port}"
        self.said: list[str] = []
        self.environment = {**inherited, **own, **variables}
        # Wherever one stands when it is started, nothing lying there is taken for a part of the program.
        elsewhere = home.parent / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        (elsewhere / "json.py").write_text("raise SystemExit('a file of another program was run')")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "deskops.cli", "up"],
            env=self.environment,
            cwd=elsewhere,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.listening = threading.Thread(target=self._listen, args=[self.process.stdout])
        self.listening.start()

    def _listen(self, out: IO[str]) -> None:
        self.said.extend(line.rstrip("\n") for line in out)
        out.close()

    def ready(self) -> "Running":
        self.until(lambda: "Ctrl-C stops it." in self.text or self.process.poll() is not None)
        assert self.process.poll() is None, self.text
        return self

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def until(self, holds: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.text
            time.sleep(0.02)

    def status(self, path: str = "/healthz") -> int:
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code

    def family(self) -> dict[int, str]:
        """Every process below this one, with its command line: {pid: words}."""
        table = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        rows = [line.split(None, 2) for line in table.stdout.splitlines()]
        found = {self.process.pid: "up"}
        for _ in range(4):
            found |= {int(pid): words for pid, parent, words in rows if int(parent) in found}
        return found

    def child(self, words: str) -> int:
        return min(pid for pid, line in self.family().items() if words in line)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        self.listening.join()
        return code


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts `deskops up` on one home and database; whatever still runs at the end is killed."""
    begun: list[Running] = []
    with own_database(request) as url:

        def start_one(**variables: str) -> Running:
            begun.append(Running(tmp_path / "home", free_port(), **{"DATABASE_URL": url, **variables}))
            return begun[-1]

        yield start_one
        for running in begun:
            family = running.family() if running.process.poll() is None else {}
            for pid in family:
                os.kill(pid, signal.SIGKILL)
            running.process.wait()
            running.listening.join()
            queue.clear_away(config.load(running.environment))


def test_up_serves_and_a_second_one_on_the_same_home_is_one_clear_line(start: Start) -> None:
    first = start(DEMO="0").ready()
    assert first.status() == 200
    assert first.status("/api/hello") == 200
    assert first.address in first.text
    second = start(DEMO="0")
    assert second.process.wait(START_SECONDS) == 1
    second.listening.join()
    assert len(second.said) == 2
    assert "already running" in second.text


def test_a_stop_leaves_no_process_and_the_next_start_keeps_everything(start: Start, tmp_path: Path) -> None:
    first = start(DEMO="0").ready()
    # up, the queue, the web server and its two processes, the worker
    first.until(lambda: len(first.family()) >= 6)
    family = first.family()
    assert first.stop(signal.SIGINT) == 0
    assert not [line for pid, line in family.items() if processes.is_alive(pid)]
    key = (tmp_path / "home" / "secret.key").read_text()
    second = start(DEMO="0").ready()
    assert (tmp_path / "home" / "secret.key").read_text() == key
    assert not (tmp_path / "home" / "backups").exists()
    assert second.stop(signal.SIGTERM) == 0


def test_a_taken_port_is_one_clear_line_and_starts_nothing(tmp_path: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = start(PORT=str(taken.getsockname()[1]))
        assert refused.process.wait(START_SECONDS) == 1
    refused.listening.join()
    assert len(refused.said) == 2
    assert "PORT=" in refused.text
    assert not (tmp_path / "home" / "deskops.sqlite3").exists()


def test_every_killed_part_comes_back_and_that_is_said(start: Start) -> None:
    running = start(DEMO="0").ready()
    for part, words in (
        ("queue", "valkey-server"),
        ("web", "deskops.serving"),
        ("worker", "deskops.cli worker"),
    ):
        killed = running.child(words)
        os.kill(killed, signal.SIGKILL)
        running.until(lambda part=part: f"{part} was started again." in running.text)  # type: ignore[misc]
        assert f"{part} stopped (signal SIGKILL)" in running.text
        assert running.status() == 200
        assert not processes.is_alive(killed)
    assert running.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_killed_supervisor_leaves_nothing_and_the_next_one_starts(start: Start) -> None:
    running = start(DEMO="0").ready()
    family = running.family()
    running.process.kill()
    running.until(lambda: not any(processes.is_alive(pid) for pid in family), 10)
    assert start(DEMO="0").ready().stop() == 0


def test_pages_and_the_api_go_on_while_the_queue_hangs(start: Start) -> None:
    running = start(DEMO="0").ready()
    frozen = running.child("valkey-server")
    os.kill(frozen, signal.SIGSTOP)
    assert running.status() == 200
    assert running.status("/api/sites") == 401
    assert running.stop() == 0
    assert not processes.is_alive(frozen)


def test_the_demo_yard_has_its_sign_ins_and_stays_on_this_machine(start: Start, tmp_path: Path) -> None:
    first = start().ready()
    passwords = re.findall(r"^  (\S+@demo\.invalid) +(\S+)$", first.text, re.MULTILINE)
    assert len(passwords) == 4
    kept = tmp_path / "home" / "demo-accounts.txt"
    assert kept.stat().st_mode & 0o077 == 0
    first.stop()

    beyond = start(HOST="0.0.0.0")
    assert beyond.process.wait(START_SECONDS) == 1
    beyond.listening.join()
    assert "deskops demo --remove" in beyond.text

    removing = {**first.environment, "DEMO": "1"}
    subprocess.run([sys.executable, "-m", "deskops.cli", "demo", "--remove"], env=removing, check=True)
    assert not kept.exists()
    second = start().ready()
    assert "demo.invalid" not in second.text, "what was removed does not come back"
    assert second.stop() == 0
