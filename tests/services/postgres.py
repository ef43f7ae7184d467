"""A private PostgreSQL for a test run: its own cluster in a temporary folder, gone with the run.

with cluster() as postgresql:
    url = postgresql.create_database("tests")
"""

import os
import pwd
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services import children

# A test run needs no durability, and many short connections.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Cluster:
    """A running server, reachable on loopback."""

    port: int
    password: str

    def url(self, database: str) -> str:
        return f"postgresql://deskops:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make an empty database, or a copy of a template that nobody uses, and answer its URL."""
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop it, with the connections it still has."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest there is; None where PostgreSQL is not installed."""
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name)
    )
    found = str(packaged[-1]) if packaged else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server of its own as an unprivileged user, and stop it at the end."""
    binaries = programs()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    user = _unprivileged_user() if children.is_root() else None
    with tempfile.TemporaryDirectory(prefix="deskops-pg-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        if user:
            os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        password = secrets.token_hex(16)
        _initialise(binaries, home, user, password)
        port = children.free_port()
        settings = {
            **SETTINGS,
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(home),
        }
        argv = [str(binaries / "postgres"), "-D", str(home / "cluster")]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        log = home / "server.log"
        server = children.start(argv, log=log, user=user, last_signal="INT")
        try:
            running = Cluster(port, password)
            children.wait_until(
                lambda: _answers(running.url("postgres")), server, log=log, seconds=30, name="PostgreSQL"
            )
            yield running
        finally:
            children.stop(server, signal.SIGINT)


def _initialise(binaries: Path, home: Path, user: str | None, password: str) -> None:
    password_file = home / "password"
    password_file.write_text(password)
    log = home / "initdb.log"
    if user:
        os.chown(password_file, pwd.getpwnam(user).pw_uid, -1)
    process = children.start(
        [
            str(binaries / "initdb"),
            *("-D", str(home / "cluster"), "-U", "deskops", "--pwfile", str(password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ],
        log=log,
        user=user,
    )
    if process.wait(120) != 0:
        raise RuntimeError(f"initdb failed:\n{log.read_text(errors='replace')}")


def _unprivileged_user() -> str:
    accounts = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True
