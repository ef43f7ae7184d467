"""PostgreSQL's own tools, for backups of a book that lies there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from deskops.config import Settings, environment_for_children
from deskops.errors import CommandRefused, say


def dump(settings: Settings, target: Path) -> None:
    """Write the database to `target`, as of one moment. Raises CommandRefused where pg_dump cannot."""
    _call(settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def restore(settings: Settings, source: Path) -> None:
    """Replace the database by the dump, whole or not at all. Raises CommandRefused like `dump`."""
    _call(
        settings,
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        str(source),
    )


def _call(settings: Settings, tool: str, *options: str) -> None:
    found = shutil.which(tool)
    if found is None:
        raise CommandRefused(
            say(
                "%(tool)s was not found. Install PostgreSQL's client tools; on Debian: "
                "apt-get install postgresql-client",
                tool=tool,
            )
        )
    address, password = without_password(settings.database_url)
    # In the environment: every user of the machine can read the arguments of a process.
    environment = environment_for_children(settings) | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(
        [found, f"--dbname={address}", *options], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandRefused(
            say("%(tool)s failed: %(words)s", tool=tool, words=done.stderr.strip().partition("\n")[0])
        )


def without_password(database_url: str) -> tuple[str, str]:
    """The address as libpq reads it, and the password apart."""
    parts = urlsplit(database_url)
    people, at, place = parts.netloc.rpartition("@")
    name, _, password = people.partition(":")
    address = urlunsplit(("postgresql", f"{name}{at}{place}", parts.path, parts.query, ""))
    return address, unquote(password)
