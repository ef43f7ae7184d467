"""The home folder: where it is, the key it keeps, and who may run on it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deskops.errors import CommandRefused, say
from deskops.paths import ROOT

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, the closing NUL included.
LONGEST_SOCKET_PATH = 100
SECRET_KEY_BYTES = 32


def home_of(environ: Mapping[str, str]) -> Path:
    """DESKOPS_HOME, else var/ in a checkout, else the user's data folder."""
    given = environ.get("DESKOPS_HOME", "").strip()
    if given:
        return Path(os.path.abspath(os.path.expanduser(given)))
    if (ROOT / "pyproject.toml").is_file():
        return ROOT / "var"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "DeskOps"
    return Path(environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share") / "deskops"


def embedded_socket(home: Path) -> Path:
    """Where the embedded queue server listens: in the home folder, or in a short one if that is too long."""
    beside = home / "queue" / "queue.sock"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    # Not TMPDIR: it differs between shells, and every process of one home must find the same socket.
    known_by = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"deskops-{os.getuid()}-{known_by}" / "queue.sock"  # noqa: S108 - owner and mode are checked


def private_folder(folder: Path) -> Path:
    """Make `folder`, for our eyes only. Raises CommandRefused where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        is_ours = folder.is_dir() and not folder.is_symlink() and found.st_uid == os.getuid()
        if is_ours:
            folder.chmod(0o700)
    except OSError as problem:
        raise CommandRefused(
            say("%(folder)s cannot be used: %(problem)s.", folder=folder, problem=problem.strerror)
        ) from problem
    if not is_ours:
        raise CommandRefused(
            say("%(folder)s belongs to somebody else; remove it or set DESKOPS_HOME.", folder=folder)
        )
    return folder


def installed_secret_key(home: Path) -> str:
    """The key of this installation, made at the first call."""
    path = home / "secret.key"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written whole beside it, then linked: of two processes at once one wins, and both read the same key.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        write_private(draft, secrets.token_hex(SECRET_KEY_BYTES) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner reads, safe on the disk at return. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the home folder alone while the block runs. Raises CommandRefused where another process does."""
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise CommandRefused(
                say("`deskops up` is already running on %(home)s; stop it first.", home=home)
            ) from taken
        yield
    finally:
        os.close(descriptor)


def is_held(home: Path) -> bool:
    """Whether `deskops up` runs on this home at the moment."""
    if not (home / "up.lock").exists():
        return False
    try:
        with held(home):
            return False
    except CommandRefused:
        return True
