"""Who runs an import, and whether that process still lives."""

from __future__ import annotations

import contextlib
import os
import socket
from datetime import timedelta
from functools import cache

from deskops import processes
from deskops.database import utc_now
from deskops.imports.models import Import

# Of a process on another machine only its heartbeat is seen.
SILENT_FOR = timedelta(minutes=2)


def this_process() -> str:
    """This process by name: host, pid, and when it began, so that a pid used again is not taken for it."""
    return f"{host()} {os.getpid()} {begun(os.getpid())}"


@cache
def host() -> str:
    return socket.gethostname()[:90]


def begun(pid: int) -> str:
    """When this process began, in ticks since the machine did; empty where the system does not say."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[19]
    return ""


def is_gone(run: Import) -> bool:
    """Whether whoever ran this import is no more."""
    name, _, rest = run.process.partition(" ")
    pid, _, since = rest.partition(" ")
    if name != host() or not pid.isdecimal():
        return bool(utc_now() - run.heartbeat_at > SILENT_FOR)
    return not processes.is_alive(int(pid)) or begun(int(pid)) != since
