"""A fresh book for every test, on SQLite or PostgreSQL, and the cast.

Ann moderates Alpha, Ben operates at Alpha, Vera only looks at Alpha, Cleo operates at Beta and has no business at
Alpha, Ada is the administrator. Both yards keep Riyadh time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask

from deskops import book, config, database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM, Actor, actor_for
from deskops.accounts.models import Site, User
from deskops.database import BaseModel
from deskops.modules.reference import seed
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences
from deskops.sanity import history
from deskops.schema import counters, references
from deskops.tables import TABLES
from deskops.web import fragments, live
from tests.clients import ApiClient, PageClient

PASSWORD = "gravel and sand"
ALPHA, BETA = "ALPHA-01", "BETA-02"
CAST = {
    "ann": ("Ann Moderator", "MODERATOR", ALPHA),
    "ben": ("Ben Operator", "OPERATOR", ALPHA),
    "bob": ("Bob Operator", "OPERATOR", ALPHA),
    "vera": ("Vera Viewer", "VIEWER", ALPHA),
    "cleo": ("Cleo Operator", "OPERATOR", BETA),
    "ada": ("Ada Admin", None, None),
}
Rows = dict[type[BaseModel], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def settings(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> config.Settings:
    home = tmp_path_factory.mktemp("home")
    return config.load(
        {
            "DESKOPS_HOME": str(home),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            # Tests ask faster than people do; the tests of the limits set their own.
            "DESKOPS_REQUESTS_PER_MINUTE": "100000",
            "DESKOPS_REQUESTS_PER_SECOND": "100000",
        }
    )


@pytest.fixture(scope="session")
def migrated(settings: config.Settings) -> None:
    """The database, brought up to date, open in this process."""
    book.connect(settings)
    book.bring_up_to_date(settings)
    consequences.react_with(CONSEQUENCES)


@pytest.fixture(scope="session")
def app(settings: config.Settings, migrated: None) -> Flask:
    from deskops.app import create_app

    # The application opens the database anew; what is open would be dropped, not closed.
    book.close()
    made = create_app(settings)
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture(scope="session")
def first_rows(migrated: None) -> Rows:
    """The rows every test starts with: the reference lists, two yards and the cast."""
    database.open_connection()
    seed()
    for code, name in ((ALPHA, "Alpha Yard"), (BETA, "Beta Yard")):
        people.save_site({"code": code, "name": name, "timezone": "Asia/Riyadh"}, SYSTEM)
    for nick, (name, role, site_code) in CAST.items():
        sites = [Site.get(Site.code == site_code)] if site_code else []
        people.add_user(
            f"{nick}@yard.test", name, PASSWORD, role=role, sites=sites, is_admin=role is None, actor=SYSTEM
        )
    return {table: database.rows(f"SELECT * FROM {quoted(table)}") for table in TABLES}


@pytest.fixture
def fresh_book(first_rows: Rows, redis_url: str) -> None:
    """The book as every test finds it, and an empty queue. Whoever plays in a test brings it along."""
    database.open_connection()
    with database.transaction():
        for table in reversed(TABLES):
            database.execute(f"DELETE FROM {quoted(table)}")
        for table in TABLES:
            if first_rows[table]:
                marks = ", ".join("?" * len(first_rows[table][0]))
                database.execute_many(f"INSERT INTO {quoted(table)} VALUES ({marks})", first_rows[table])
    counters.forget()
    references.forget()
    history.forget()
    fragments.kept.forget()
    live.forget()
    redis.Redis.from_url(redis_url).flushdb()


def quoted(table: type[BaseModel]) -> str:
    return f'"{table._meta.table_name}"'


@pytest.fixture
def alpha(fresh_book: None) -> Site:
    return Site.get(Site.code == ALPHA)


@pytest.fixture
def beta(fresh_book: None) -> Site:
    return Site.get(Site.code == BETA)


@pytest.fixture
def cast(fresh_book: None) -> Callable[[str], Actor]:
    """The actor of a name: cast("ann")."""
    return lambda nick: actor_for(user_of(nick))


@pytest.fixture
def api(app: Flask, fresh_book: None) -> Callable[..., ApiClient]:
    """A script of somebody of the cast: api("ann"), api("ben", scope="read"); api(None) has no token."""

    def script(nick: str | None, scope: str = "write", sites: tuple[Site, ...] = ()) -> ApiClient:
        if nick is None:
            return ApiClient(app.test_client(), None)
        _, secret = people.add_token(user_of(nick), "script", scope=scope, sites=sites, expires_in_days=None)
        return ApiClient(app.test_client(), secret)

    return script


@pytest.fixture
def browse(app: Flask, fresh_book: None) -> Callable[..., PageClient]:
    """The browser of somebody of the cast, signed in: browse("ben"); browse(None) is nobody's."""
    return lambda nick: PageClient(app.test_client(), nick and f"{nick}@yard.test", PASSWORD)


@pytest.fixture
def excerpt(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file for an import: excerpt("loads.csv", text)."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def user_of(nick: str) -> User:
    return User.get(User.email == f"{nick}@yard.test")
