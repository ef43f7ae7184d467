"""The servers of a run, each on a port of its own: DeskOps with its queue, a bare Flask answer, and the peers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from benchmarks.books import RAISED, new_token, open_book
from deskops import book, config, processes, queue

ROOT = Path(__file__).parent.parent
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60
LOG = "servers.log"


@dataclass
class Server:
    """A running server; `head` is what every request to it carries, `others` are processes that work for it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    head: str = ""
    others: tuple[int, ...] = ()

    def workers(self) -> list[int]:
        """The processes that answer: the server's children, or the server where it has none."""
        return children_of(self.process.pid) or [self.process.pid]

    def cpu_seconds(self) -> float:
        """What all its processes have used since they started."""
        return sum(cpu_seconds(pid) for pid in {self.process.pid, *self.workers(), *self.others})

    def request(self, path: str, method: str = "GET", body: str = "", more: str = "") -> str:
        """A request as it is sent."""
        sent = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{self.head}{sent}{more}\r\n{body}"


def stat_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads."""
    fields = stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int(stat_of(int(entry.name))[1]) == parent:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(home: Path) -> Iterator[dict[str, Server]]:
    """{name: server}: ours, a bare answer and the peers, on the book of this home."""
    with started_ours(home, {}) as (ours, settings, log), ExitStack() as stopping:
        file = settings.database_file
        assert file is not None
        others = [
            start_gunicorn("bare", "benchmarks.peers.bare", settings, log, {}),
            start_drf(file, log),
            start_datasette(file, log),
        ]
        for server in others:
            stopping.callback(processes.end, server.process, 2.0)
        for server in others:
            wait_for(server, home)
        yield {server.name: server for server in (ours, *others)}


@contextmanager
def running_alone(home: Path) -> Iterator[Server]:
    """Ours with one worker, whose memory and time can be told from others'."""
    with started_ours(home, {"DESKOPS_WEB_WORKERS": "1"}) as (server, _settings, _log):
        yield server


@contextmanager
def started_ours(home: Path, more: dict[str, str]) -> Iterator[tuple[Server, config.Settings, IO[bytes]]]:
    """DeskOps and its queue server; what they log goes to a file of the home."""
    settings = open_book(home)
    token = new_token()
    book.close()
    with ExitStack() as stopping:
        log = stopping.enter_context((home / LOG).open("ab"))
        store = queue.start_embedded(settings, partial(processes.start_bound, dies_by=signal.SIGTERM))
        stopping.callback(processes.end, store, 2.0)
        server = start_gunicorn("ours", "benchmarks.peers.ours", settings, log, more)
        stopping.callback(processes.end, server.process, 2.0)
        server.head, server.others = f"Authorization: Bearer {token}\r\n", (store.pid,)
        wait_for(server, home)
        yield server, settings, log


def start_gunicorn(
    name: str, module: str, settings: config.Settings, log: IO[bytes], more: dict[str, str]
) -> Server:
    """On the settings that `deskops up` gives gunicorn."""
    port = free_port()
    environment = {**config.environment_for_children(settings), **RAISED, "PORT": str(port), **more}
    command = [*("-m", "gunicorn", "--config", "python:deskops.serving"), f"{module}:application"]
    return Server(name, port, start([sys.executable, *command], environment, log))


def start_drf(file: Path, log: IO[bytes]) -> Server:
    port = free_port()
    environment = {**os.environ, "BOOK": str(file)}
    preparing = [str(PEERS_PYTHON), "-m", "benchmarks.peers.drf"]
    done = subprocess.run(preparing, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    same = ("--worker-class=gthread", "--workers=2", "--threads=8", "--preload", "--no-control-socket")
    command = [*("-m", "gunicorn", *same, "--worker-tmp-dir=/dev/shm"), f"--bind=127.0.0.1:{port}"]
    server = start([str(PEERS_PYTHON), *command, "benchmarks.peers.drf:application"], environment, log)
    return Server("DRF", port, server, f"Authorization: Token {done.stdout.strip()}\r\n")


def start_datasette(file: Path, log: IO[bytes]) -> Server:
    port = free_port()
    allowed = {"default_page_size": "25", "sql_time_limit_ms": "20000", "suggest_facets": "off"}
    settings = [word for name, value in allowed.items() for word in ("--setting", name, value)]
    command = ["-m", "datasette", "serve", str(file), "--port", str(port), *settings]
    return Server("Datasette", port, start([str(PEERS_PYTHON), *command], dict(os.environ), log))


def start(command: list[str], environment: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Bound to this process: a run that is cut off leaves no server."""
    return processes.start_bound(command, signal.SIGTERM, env=environment, cwd=ROOT, stdout=log, stderr=log)


def wait_for(server: Server, home: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{server.name} did not start.\n{(home / LOG).read_text()[-2_000:]}")
