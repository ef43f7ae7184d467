"""Child processes of the tests: started so that they end with the test run, however that ends."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

GRACE_SECONDS = 10


def start(
    argv: Sequence[str], *, log: Path, user: str | None = None, last_signal: str = "TERM"
) -> subprocess.Popen[bytes]:
    """Run argv with its output in the log; the kernel sends `last_signal` should this process be killed.

    user: the account to run as, when this process may choose one (that is, when it is root).
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    with log.open("ab") as output:
        return subprocess.Popen(
            [setpriv, "--pdeathsig", last_signal, "--", *argv] if setpriv else list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )


def stop(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGTERM) -> None:
    """End the child and wait for it: asked first, then killed with all it started."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait(GRACE_SECONDS)


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], *, log: Path, seconds: float, name: str
) -> None:
    """Return when ready() is true; RuntimeError with the end of the log if the child ends or is late."""
    deadline = time.monotonic() + seconds
    while not ready():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            stop(process)
            last_lines = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(
                f"{name} {'ended' if ended else f'was not ready in {seconds:.0f} s'}:\n{last_lines}"
            )
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_root() -> bool:
    return os.geteuid() == 0
