"""The health of an installation: each part looked at, with what was found and the cure."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import redis

from deskops import book, queue
from deskops.config import Settings
from deskops.errors import CommandRefused
from deskops.home import is_held

LEAST_FREE_BYTES = 500_000_000
# What day sheets are drawn with as PDF, and Debian's packages of it.
PDF_LIBRARIES = {
    "gobject-2.0": "libpangoft2-1.0-0",
    "pango-1.0": "libpangoft2-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz": "libpangoft2-1.0-0",
}


@dataclass(frozen=True)
class Finding:
    """What was found of one part; `cure` where something is wrong, `is_optional` where that is no failure."""

    part: str
    found: str
    cure: str = ""
    is_optional: bool = False

    @property
    def is_fine(self) -> bool:
        return not self.cure


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one part after the other; no look raises."""
    looks: tuple[Callable[[Settings], Finding], ...] = (
        home,
        storage,
        database,
        migrations,
        queue_server,
        web_server,
        pdf_libraries,
    )
    for look in looks:
        try:
            yield look(settings)
        except CommandRefused as refused:
            yield Finding(look.__name__.replace("_", " "), "not usable", cure=str(refused))


def home(settings: Settings) -> Finding:
    if not settings.home.is_dir():
        return Finding("home", f"{settings.home} is not there", "Run `deskops up`, or set DESKOPS_HOME.")
    mode = settings.home.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding(
            "home", f"{settings.home} is open to others ({mode:o})", f"Run: chmod 700 '{settings.home}'"
        )
    return Finding(
        "home", f"{settings.home}, {'in use by `deskops up`' if is_held(settings.home) else 'not running'}"
    )


def storage(settings: Settings) -> Finding:
    folder = settings.home if settings.home.is_dir() else settings.home.parent
    if not folder.is_dir():
        return Finding("storage", f"{folder} is not there", "Set DESKOPS_HOME to a folder that can be made.")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            "storage", f"{folder} cannot be written to", "Give this user the folder, or set DESKOPS_HOME."
        )
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free"
    if free < LEAST_FREE_BYTES:
        return Finding("storage", text, f"Make room on the disk of {folder}.")
    return Finding("storage", text)


def database(settings: Settings) -> Finding:
    file = settings.database_file
    if file is not None and not file.is_file():
        return Finding("database", f"there is no {file}", "Run `deskops up` or `deskops migrate`.")
    book.connect(settings)
    book.close()
    return Finding("database", f"SQLite, {file}" if file is not None else "PostgreSQL, answers")


def migrations(settings: Settings) -> Finding:
    file = settings.database_file
    if file is not None and not file.is_file():
        return Finding("migrations", "all pending", "Run `deskops up` or `deskops migrate`.")
    book.connect(settings)
    try:
        waiting = book.pending()
        level = book.level()
    finally:
        book.close()
    if waiting:
        return Finding(
            "migrations", f"pending: {', '.join(waiting)}", "Run `deskops migrate` or `deskops up`."
        )
    return Finding("migrations", f"up to date, {level}")


def queue_server(settings: Settings) -> Finding:
    binary = queue.server_binary() if settings.queue_is_embedded else None
    with queue.connection(settings) as asking:
        try:
            asking.ping()
        except redis.RedisError as problem:
            if binary is not None and not is_held(settings.home):
                return Finding("queue", f"not running, as `deskops up` is not; it would start {binary}")
            cure = (
                f"Look at the end of {settings.queue_folder / 'queue.log'}."
                if binary
                else "Start the server that REDIS_URL names, or correct REDIS_URL."
            )
            return Finding("queue", f"does not answer ({problem})", cure)
        waiting = len(queue.exports_queue(asking))
    return Finding("queue", f"answers, {waiting} waiting")


def web_server(settings: Settings) -> Finding:
    host, port = settings.web.host, settings.web.port
    if is_held(settings.home):
        return Finding("web", f"run by `deskops up`, {host} port {port} by the settings here")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host.strip("[]"), port))
        except OSError as problem:
            return Finding("web", f"{host} port {port}: {problem.strerror}", "Choose another HOST or PORT.")
    return Finding("web", f"{host} port {port} is free")


def pdf_libraries(_settings: Settings) -> Finding:
    missing = [name for name in PDF_LIBRARIES if ctypes.util.find_library(name) is None]
    if not missing:
        return Finding("pdf libraries", "there")
    packages = " ".join(sorted({PDF_LIBRARIES[name] for name in missing}))
    return Finding(
        "pdf libraries",
        f"missing: {', '.join(missing)}; day sheets are printed from their page, not made as PDF",
        f"On Debian: apt-get install --no-install-recommends {packages}",
        is_optional=True,
    )
