"""The services of a test run, for pytest: loaded by the configuration in pyproject.toml.

DESKOPS_TEST_DATABASE=postgresql runs the suite on PostgreSQL; without it, or with sqlite, on SQLite. What
several workers share (the PostgreSQL server, the markup checker) is started before them and stopped after.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.services import chromium, markup, postgres, valkey

DATABASE_VARIABLE = "DESKOPS_TEST_DATABASE"
CLUSTER_VARIABLE = "DESKOPS_TEST_CLUSTER"
DATABASES = ("sqlite", "postgresql")


def chosen_database() -> str:
    return os.environ.get(DATABASE_VARIABLE) or "sqlite"


def pytest_report_header() -> str:
    return f"database: {chosen_database()}"


def pytest_configure(config: pytest.Config) -> None:
    if chosen_database() not in DATABASES:
        raise pytest.UsageError(f"{DATABASE_VARIABLE} is one of {', '.join(DATABASES)}.")
    is_worker = hasattr(config, "workerinput")
    if is_worker or config.option.collectonly:
        return
    services = ExitStack()
    config.add_cleanup(services.close)
    if chosen_database() == "postgresql":
        cluster = services.enter_context(postgres.cluster())
        os.environ[CLUSTER_VARIABLE] = f"{cluster.port} {cluster.password}"
    if getattr(config.option, "numprocesses", None):
        os.environ[markup.PORT_VARIABLE] = str(services.enter_context(markup.server()))


@pytest.fixture(scope="session")
def postgresql() -> postgres.Cluster:
    """The PostgreSQL server of this run."""
    port, password = os.environ[CLUSTER_VARIABLE].split()
    return postgres.Cluster(int(port), password)


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database of this worker's own, on the database that the run is for."""
    if chosen_database() == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'tests.db'}"
        return
    cluster: postgres.Cluster = request.getfixturevalue("postgresql")
    name = f"tests_{uuid4().hex}"
    yield cluster.create_database(name)
    cluster.drop_database(name)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey of this worker's own."""
    with valkey.server() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.browser() as running:
        yield running
