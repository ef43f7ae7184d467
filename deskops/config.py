"""Every setting of DeskOps: typed, with its default and its meaning. The only reader of the environment."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, the closing NUL included.
LONGEST_SOCKET_PATH = 100
SECRET_KEY_BYTES = 32
SHORTEST_SECRET_KEY = 16


class SettingRefused(Exception):
    """A setting has a value that cannot be used; the text names the variable and the cure."""

    def __init__(self, variable: str, problem: str) -> None:
        self.variable = variable
        self.problem = problem
        super().__init__(f"{variable}: {problem}")


@dataclass(frozen=True)
class Described:
    """One line of the settings table."""

    variable: str
    default: str
    meaning: str


def _setting(
    variable: str,
    default: str,
    meaning: str,
    read: Callable[[str, str], Any],
    shown: str | None = None,
) -> Any:
    """A dataclass field read from `variable` by `read(variable, text)`; `shown` words a default that is computed."""
    metadata = {"variable": variable, "default": default, "meaning": meaning, "read": read}
    return field(metadata={**metadata, "shown": default if shown is None else shown})


def _text(_variable: str, text: str) -> str:
    return text


def _whole(least: int, most: int) -> Callable[[str, str], int]:
    def read(variable: str, text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise SettingRefused(variable, f"{text!r} is not a whole number from {least} to {most}.")
        return int(text)

    return read


def _span(unit: str, most: int) -> Callable[[str, str], timedelta]:
    whole = _whole(1, most)

    def read(variable: str, text: str) -> timedelta:
        return timedelta(**{unit: whole(variable, text)})

    return read


def _switch(variable: str, text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in known:
        raise SettingRefused(variable, f"{text!r} is neither on nor off; use 1 or 0.")
    return known[text.lower()]


def _switch_or_auto(variable: str, text: str) -> bool | None:
    return None if text.lower() == "auto" else _switch(variable, text)


def _url(*schemes: str) -> Callable[[str, str], str]:
    def read(variable: str, text: str) -> str:
        # The value itself stays unsaid: it may hold a password.
        if text and urlsplit(text).scheme not in schemes:
            raise SettingRefused(variable, f"the address must begin with one of {', '.join(s + '://' for s in schemes)}.")
        return text

    return read


def _log_level(variable: str, text: str) -> str:
    known = ("DEBUG", "INFO", "WARNING", "ERROR")
    if text.upper() not in known:
        raise SettingRefused(variable, f"{text!r} is not one of {', '.join(known)}.")
    return text.upper()


def _secret(variable: str, text: str) -> str:
    if text and len(text) < SHORTEST_SECRET_KEY:
        raise SettingRefused(variable, f"it must have at least {SHORTEST_SECRET_KEY} characters.")
    return text


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class WebSettings:
    """Where and how the web server listens."""

    host: str = _setting("HOST", "127.0.0.1", "The address the web server listens on.", _text)
    port: int = _setting("PORT", "8000", "The port the web server listens on.", _whole(1, 65535))
    workers: int = _setting("DESKOPS_WEB_WORKERS", "2", "Web server processes.", _whole(1, 64))
    threads: int = _setting("DESKOPS_WEB_THREADS", "8", "Threads in each web server process.", _whole(1, 128))
    trusted_proxies: int = _setting(
        "DESKOPS_TRUSTED_PROXIES", "0", "How many reverse proxies stand in front and may name the caller.", _whole(0, 10)
    )
    secure_cookies_wanted: bool | None = _setting(
        "DESKOPS_SECURE_COOKIES",
        "auto",
        "Cookies over HTTPS only; auto: on beyond loopback and behind a proxy.",
        _switch_or_auto,
    )

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(self.host)

    @property
    def secure_cookies(self) -> bool:
        if self.secure_cookies_wanted is not None:
            return self.secure_cookies_wanted
        return not self.is_loopback or self.trusted_proxies > 0


@dataclass(frozen=True)
class LimitSettings:
    """How much one user may ask of /api."""

    requests_per_minute: int = _setting(
        "DESKOPS_REQUESTS_PER_MINUTE", "100", "API requests a user may make in a minute.", _whole(1, 1_000_000)
    )
    requests_per_second: int = _setting(
        "DESKOPS_REQUESTS_PER_SECOND", "20", "API requests a user may make in a second.", _whole(1, 1_000_000)
    )


@dataclass(frozen=True)
class SessionSettings:
    """How long a browser stays signed in."""

    lifetime: timedelta = _setting(
        "DESKOPS_SESSION_HOURS", "12", "Hours after which everyone signs in again.", _span("hours", 24 * 90)
    )
    idle: timedelta = _setting(
        "DESKOPS_SESSION_IDLE_MINUTES",
        "120",
        "Minutes without a request after which a session ends.",
        _span("minutes", 60 * 24 * 90),
    )


@dataclass(frozen=True)
class Settings:
    """All settings of one installation."""

    home: Path
    web: WebSettings
    limits: LimitSettings
    sessions: SessionSettings
    database_url: str = _setting(
        "DATABASE_URL",
        "",
        "The database: sqlite:///… or postgresql://…",
        _url("sqlite", "postgresql", "postgres", "postgresql+pool"),
        shown="deskops.sqlite3 in the home folder",
    )
    redis_url: str = _setting(
        "REDIS_URL",
        "",
        "The queue server: redis://…, rediss://… or unix://…",
        _url("redis", "rediss", "unix"),
        shown="an embedded server on a private socket",
    )
    given_secret_key: str = field(
        repr=False,
        metadata={
            "variable": "DESKOPS_SECRET_KEY",
            "default": "",
            "meaning": "The key that signs cookies and forms.",
            "read": _secret,
            "shown": "made once, kept in secret.key in the home folder",
        },
    )
    demo: bool = _setting("DEMO", "1", "Whether `up` loads the demo yard into an empty database.", _switch)
    log_level: str = _setting("DESKOPS_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.", _log_level)

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, None where the database is a server."""
        return sqlite_file(self.database_url)

    @property
    def queue_is_embedded(self) -> bool:
        """Whether `up` starts the queue server itself."""
        return self.redis_url == embedded_redis_url(self.home)

    @property
    def exports_folder(self) -> Path:
        return self.home / "exports"

    @property
    def imports_folder(self) -> Path:
        return self.home / "imports"

    @property
    def queue_folder(self) -> Path:
        return self.home / "queue"

    @property
    def embedded_socket(self) -> Path:
        return embedded_socket(self.home)

    @cached_property
    def secret_key(self) -> str:
        """The given key, or the one of this installation, which is made when it is first asked for."""
        return self.given_secret_key or _installed_secret_key(self.home / "secret.key")


def sqlite_file(database_url: str) -> Path | None:
    """The file that a sqlite:/// address names, None for any other address."""
    parts = urlsplit(database_url)
    return Path(unquote(parts.path.removeprefix("/"))) if parts.scheme == "sqlite" else None


def embedded_socket(home: Path) -> Path:
    """Where the embedded queue server listens: in the home folder, or in a short one where that path is too long."""
    beside = home / "queue" / "queue.sock"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    # Not TMPDIR: it differs between shells, and every process of one home must find the same socket.
    known_by = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"deskops-{os.getuid()}-{known_by}" / "queue.sock"


def embedded_redis_url(home: Path) -> str:
    return f"unix://{quote(os.fsencode(embedded_socket(home)))}?db=0"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `environ` (the process's own by default). Raises SettingRefused for a value that cannot be used."""
    environ = os.environ if environ is None else environ
    home = _home(environ)
    given = _read(Settings, environ)
    given["database_url"] = given["database_url"] or f"sqlite:///{quote(os.fsencode(home / 'deskops.sqlite3'))}"
    given["redis_url"] = given["redis_url"] or embedded_redis_url(home)
    return Settings(
        home=home,
        web=WebSettings(**_read(WebSettings, environ)),
        limits=LimitSettings(**_read(LimitSettings, environ)),
        sessions=SessionSettings(**_read(SessionSettings, environ)),
        **given,
    )


def describe() -> list[Described]:
    """Every setting, for the documentation and for --help."""
    home = Described(
        "DESKOPS_HOME", "var/ in a checkout, else your data folder", "The one folder for everything the program writes."
    )
    groups = (WebSettings, Settings, SessionSettings, LimitSettings)
    return [home, *(_described(each) for group in groups for each in fields(group) if each.metadata)]


def _described(declared: Field[Any]) -> Described:
    facts = declared.metadata
    return Described(facts["variable"], facts["shown"], facts["meaning"])


def _read(group: type[Any], environ: Mapping[str, str]) -> dict[str, Any]:
    # An empty variable is an unset one, as in a compose file that passes everything through.
    return {
        each.name: each.metadata["read"](
            each.metadata["variable"], environ.get(each.metadata["variable"], "").strip() or each.metadata["default"]
        )
        for each in fields(group)
        if each.metadata
    }


def _home(environ: Mapping[str, str]) -> Path:
    given = environ.get("DESKOPS_HOME", "").strip()
    if given:
        return Path(os.path.abspath(os.path.expanduser(given)))
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / "var"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "DeskOps"
    return Path(environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share") / "deskops"


def _installed_secret_key(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Written whole beside it, then linked: of two processes at once one wins, and both read the same key.
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as out:
                out.write(secrets.token_hex(SECRET_KEY_BYTES))
                out.flush()
                os.fsync(out.fileno())
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
