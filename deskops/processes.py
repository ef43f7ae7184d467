"""Child processes that never outlive their parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int, by: signal.Signals) -> None:
    """Have the kernel send `by` to this process when `parent` dies. Linux only; elsewhere nothing happens."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    if os.getppid() != parent:
        # It died between the fork and the line above.
        os.kill(os.getpid(), by)


def start_bound(command: list[str], dies_by: signal.Signals, **options: object) -> subprocess.Popen[bytes]:
    """Start `command`, bound to this process's life, in its own session: Ctrl-C reaches the parent alone."""
    parent = os.getpid()
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: die_with(parent, dies_by),  # noqa: PLW1509 - the parent has one thread
        **options,
    )


def bind_forks(by: signal.Signals) -> None:
    """Bind every process forked from this one, and from those, to its parent's life."""
    parents: list[int] = []
    os.register_at_fork(
        before=lambda: parents.append(os.getpid()),
        after_in_parent=parents.clear,
        after_in_child=lambda: die_with(parents.pop(), by),
    )


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Ask `process` to stop, wait `grace` seconds, then kill it; nothing of its group is left at return."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process's group, also when the process itself is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_alive(pid: int) -> bool:
    """Whether the process runs: a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
    return True
