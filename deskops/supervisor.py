"""One process over the queue, the web server and the worker: starts, watches, restarts and stops them."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from deskops import processes, queue
from deskops.config import Settings
from deskops.errors import CommandRefused, say

FIRST_WAIT = 0.2
LONGEST_WAIT = 10.0
# A child that ran this long had a good start: the next restart is quick again.
STEADY_SECONDS = 30.0
READY_SECONDS = 60.0
LOOK_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Tell = Callable[[str], None]


@dataclass
class Child:
    """A part of the program: how it is started, how long it may take to stop, and how it fares."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    grace: float
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    wait: float = FIRST_WAIT
    due: float = field(default=float("inf"))

    def launch(self) -> None:
        self.due = float("inf")
        self.started_at = time.monotonic()
        self.process = self.start()

    def fell(self) -> str | None:
        """How the process ended, None while it runs or nothing was started."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        return f"exit {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def put_off(self) -> float:
        """Sweep up after a fallen process and plan the next start; answers the seconds until then."""
        if self.process is not None:
            # A worker's job or a web process of the fallen one must not go on beside the new one.
            processes.kill_group(self.process)
            self.process = None
        if time.monotonic() - self.started_at >= STEADY_SECONDS:
            self.wait = FIRST_WAIT
        chosen, self.wait = self.wait, min(self.wait * 2, LONGEST_WAIT)
        self.due = time.monotonic() + chosen
        return chosen

    def stop(self) -> None:
        self.due = float("inf")
        if self.process is not None:
            processes.end(self.process, self.grace)
            self.process = None


def listen(host: str, port: int) -> socket.socket:
    """Open the port the web server will answer on. Raises CommandRefused where that cannot be."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as problem:
        raise CommandRefused(
            say(
                "Cannot listen on %(host)s port %(port)s (%(problem)s). Is another program using it? "
                "Choose another one with PORT=….",
                host=host,
                port=port,
                # create_server() adds the address to the system's words.
                problem=(problem.strerror or str(problem)).partition(" (")[0],
            )
        ) from problem
    listening.set_inheritable(True)
    return listening


def address_of(settings: Settings) -> str:
    """The address to open in a browser."""
    host = settings.web.host
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        host = socket.gethostname()
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}/"


def children(settings: Settings, listening: socket.socket, environment: dict[str, str]) -> list[Child]:
    """The queue (unless it runs elsewhere), the web server and the worker, in the order they start."""
    # -P, and the home folder: a file where one happens to stand is never taken for a module.
    python = [sys.executable, "-P", "-m"]
    web = [*python, "gunicorn", "--config", "python:deskops.serving", "--bind", f"fd://{listening.fileno()}"]
    worker = [*python, "deskops.cli", "worker", "--quiet"]
    bound = partial(processes.start_bound, env=environment, cwd=settings.home)
    parts = [
        Child("web", lambda: bound(web, signal.SIGTERM, pass_fds=[listening.fileno()]), grace=1.7),
        # A job that is cut off starts again from its beginning, so the worker need not finish it.
        Child("worker", lambda: bound(worker, signal.SIGKILL), grace=1.0),
    ]
    if settings.queue_is_embedded:
        start = partial(bound, dies_by=signal.SIGTERM)
        parts.insert(0, Child("queue", lambda: queue.start_embedded(settings, start), grace=0.8))
    return parts


class Supervisor:
    """Runs the children until a stop signal comes."""

    def __init__(self, parts: list[Child], tell: Tell) -> None:
        self.parts = parts
        self.tell = tell
        self.stopping = False

    def run(self, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        """Start everything, call `when_ready` once `is_ready`, watch until a stop signal, stop everything.

        Raises CommandRefused where the first start fails.
        """
        with self._signals() as awake:
            try:
                for part in self.parts:
                    part.launch()
                self._until_ready(is_ready, awake)
                if not self.stopping:
                    when_ready()
                while not self.stopping:
                    self._look()
                    _wait(awake, LOOK_SECONDS)
            finally:
                self.stop()

    def stop(self) -> None:
        """Stop the worker, the web server and the queue, in that order; no process is left."""
        for part in reversed(self.parts):
            part.stop()

    def _until_ready(self, is_ready: Callable[[], bool], awake: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping and not is_ready():
            for part in self.parts:
                if how := part.fell():
                    raise CommandRefused(
                        say(
                            "The %(part)s did not start (%(how)s); its last words are above.",
                            part=part.name,
                            how=how,
                        )
                    )
            if time.monotonic() > deadline:
                raise CommandRefused(
                    say("The web server did not answer in %(s)s seconds.", s=int(READY_SECONDS))
                )
            _wait(awake, 0.05)

    def _look(self) -> None:
        for part in self.parts:
            if how := part.fell():
                wait = part.put_off()
                self.tell(f"{part.name} stopped ({how}); starting it again in {wait:.1f} s.")
            elif part.due <= time.monotonic():
                self._restart(part)

    def _restart(self, part: Child) -> None:
        try:
            part.launch()
        except (CommandRefused, OSError) as problem:
            wait = part.put_off()
            self.tell(f"{part.name} did not start: {problem} Trying again in {wait:.1f} s.")
        else:
            self.tell(f"{part.name} was started again.")

    @contextmanager
    def _signals(self) -> Iterator[int]:
        reading, writing = os.pipe()
        for end in (reading, writing):
            os.set_blocking(end, False)

        def stop(_number: int, _frame: object) -> None:
            self.stopping = True

        # Under nohup a hang-up stays ignored.
        is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        heeded = [number for number in STOP_SIGNALS if number != signal.SIGHUP or not is_nohup]
        chosen = {**dict.fromkeys(heeded, stop), signal.SIGCHLD: lambda *_: None}
        before = {number: signal.signal(number, chosen[number]) for number in chosen}
        woken_before = signal.set_wakeup_fd(writing)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)


def _wait(awake: int, seconds: float) -> None:
    """Wait, but not past a signal."""
    if select.select([awake], [], [], seconds)[0]:
        with contextlib.suppress(BlockingIOError):
            os.read(awake, 4096)


def answers(settings: Settings) -> bool:
    """Whether the web server answers at all, whatever it says; a look takes no longer than LOOK_SECONDS."""
    host = settings.web.host if settings.web.host not in ("0.0.0.0", "") else "127.0.0.1"  # noqa: S104
    asking = http.client.HTTPConnection(host.strip("[]"), settings.web.port, timeout=LOOK_SECONDS)
    try:
        asking.request("GET", "/healthz")
        asking.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
    return True
