"""Every setting of DeskOps: typed, with its default and its meaning. The only reader of the environment."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from deskops import setting_kinds as kinds
from deskops.home import embedded_socket, home_of, installed_secret_key


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
    computed: str | None = None,
) -> Any:
    """A dataclass field read from `variable` by `read(variable, text)`; `computed` words a later default."""
    shown = default if computed is None else computed
    # What has a computed default is an address or a key: it may hold a password and stays out of any repr.
    return field(
        repr=computed is None,
        metadata={"variable": variable, "default": default, "meaning": meaning, "read": read, "shown": shown},
    )


@dataclass(frozen=True)
class WebSettings:
    """Where and how the web server listens."""

    host: str = _setting("HOST", "127.0.0.1", "The address the web server listens on.", kinds.text)
    port: int = _setting("PORT", "8000", "The port the web server listens on.", kinds.whole(1, 65535))
    workers: int = _setting("DESKOPS_WEB_WORKERS", "2", "Web server processes.", kinds.whole(1, 64))
    threads: int = _setting(
        "DESKOPS_WEB_THREADS", "8", "Threads in each web server process.", kinds.whole(1, 128)
    )
    trusted_proxies: int = _setting(
        "DESKOPS_TRUSTED_PROXIES",
        "0",
        "How many reverse proxies stand in front and may name the caller.",
        kinds.whole(0, 10),
    )
    secure_cookies_wanted: bool | None = _setting(
        "DESKOPS_SECURE_COOKIES",
        "auto",
        "Cookies over HTTPS only; auto: on beyond loopback and behind a proxy.",
        kinds.switch_or_auto,
    )

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def secure_cookies(self) -> bool:
        if self.secure_cookies_wanted is not None:
            return self.secure_cookies_wanted
        return not self.is_loopback or self.trusted_proxies > 0


@dataclass(frozen=True)
class LimitSettings:
    """How much one user may ask for."""

    requests_per_minute: int = _setting(
        "DESKOPS_REQUESTS_PER_MINUTE",
        "100",
        "API requests a user may make in a minute.",
        kinds.whole(1, 1_000_000),
    )
    requests_per_second: int = _setting(
        "DESKOPS_REQUESTS_PER_SECOND",
        "20",
        "API requests a user may make in a second.",
        kinds.whole(1, 1_000_000),
    )
    active_exports: int = _setting(
        "DESKOPS_ACTIVE_EXPORTS",
        "5",
        "Exports a user may have under way at a time.",
        kinds.whole(1, 1_000_000),
    )


@dataclass(frozen=True)
class MonitoringSettings:
    """Who is told of faults that nobody foresaw."""

    sentry_dsn: str = _setting(
        "SENTRY_DSN",
        "",
        "The Sentry project that is told of faults; needs the extra `sentry`.",
        kinds.url("http", "https"),
        computed="nobody is told",
    )
    environment: str = _setting(
        "SENTRY_ENVIRONMENT", "production", "The environment that it files them under.", kinds.text
    )


@dataclass(frozen=True)
class SessionSettings:
    """How long a browser stays signed in."""

    lifetime: timedelta = _setting(  # noqa: RUF009 - a field
        "DESKOPS_SESSION_HOURS",
        "12",
        "Hours after which everyone signs in again.",
        kinds.span("hours", 24 * 90),
    )
    idle: timedelta = _setting(  # noqa: RUF009 - a field
        "DESKOPS_SESSION_IDLE_MINUTES",
        "120",
        "Minutes without a request after which a session ends.",
        kinds.span("minutes", 60 * 24 * 90),
    )


@dataclass(frozen=True)
class Settings:
    """All settings of one installation."""

    home: Path
    web: WebSettings
    limits: LimitSettings
    sessions: SessionSettings
    monitoring: MonitoringSettings
    database_url: str = _setting(
        "DATABASE_URL",
        "",
        "The database: sqlite:///… or postgresql://…",
        kinds.url("sqlite", "postgresql", "postgres", "postgresql+pool"),
        computed="deskops.sqlite3 in the home folder",
    )
    redis_url: str = _setting(
        "REDIS_URL",
        "",
        "The queue server: redis://…, rediss://… or unix://…",
        kinds.url("redis", "rediss", "unix"),
        computed="an embedded server on a private socket",
    )
    given_secret_key: str = _setting(
        "DESKOPS_SECRET_KEY",
        "",
        "The key that signs cookies and forms.",
        kinds.secret,
        computed="made once, kept in secret.key in the home folder",
    )
    demo: bool = _setting(
        "DEMO", "1", "Whether `up` loads the demo yard into an empty database.", kinds.switch
    )
    log_level: str = _setting("DESKOPS_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.", kinds.log_level)

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
        return self.given_secret_key or installed_secret_key(self.home)


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def sqlite_file(database_url: str) -> Path | None:
    """The file that a sqlite:/// address names, None for any other address."""
    parts = urlsplit(database_url)
    return Path(unquote(parts.path.removeprefix("/"))) if parts.scheme == "sqlite" else None


def embedded_redis_url(home: Path) -> str:
    return f"unix://{quote(os.fsencode(embedded_socket(home)))}?db=0"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `environ` (by default the process's own). Raises SettingRefused at a bad value."""
    environ = os.environ if environ is None else environ
    home = home_of(environ)
    given = _read(Settings, environ)
    file = sqlite_file(given["database_url"]) if given["database_url"] else home / "deskops.sqlite3"
    if file is not None:
        # Absolute: the children stand in another folder.
        given["database_url"] = f"sqlite:///{quote(os.fsencode(file.absolute()))}"
    given["redis_url"] = given["redis_url"] or embedded_redis_url(home)
    return Settings(
        home=home,
        web=WebSettings(**_read(WebSettings, environ)),
        limits=LimitSettings(**_read(LimitSettings, environ)),
        sessions=SessionSettings(**_read(SessionSettings, environ)),
        monitoring=MonitoringSettings(**_read(MonitoringSettings, environ)),
        **given,
    )


def environment_for_children(settings: Settings) -> dict[str, str]:
    """The environment of child processes: all of them run on the same home, database and queue."""
    return {
        **os.environ,
        "DESKOPS_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
    }


def describe() -> list[Described]:
    """Every setting, for the documentation and for --help."""
    home = Described(
        "DESKOPS_HOME",
        "var/ in a checkout, else your data folder",
        "The one folder for everything the program writes.",
    )
    groups = (WebSettings, Settings, SessionSettings, LimitSettings, MonitoringSettings)
    return [home, *(_described(each) for group in groups for each in fields(group) if each.metadata)]


def _described(declared: Field[Any]) -> Described:
    facts = declared.metadata
    return Described(facts["variable"], facts["shown"], facts["meaning"])


def _read(group: type[Any], environ: Mapping[str, str]) -> dict[str, Any]:
    # An empty variable is an unset one, as in a compose file that passes everything through.
    return {
        each.name: each.metadata["read"](
            each.metadata["variable"],
            environ.get(each.metadata["variable"], "").strip() or each.metadata["default"],
        )
        for each in fields(group)
        if each.metadata
    }
