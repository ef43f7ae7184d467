"""A database for one test alone, on whichever database the run is for."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from tests.services.plugin import chosen_database


@contextmanager
def own_database(request: pytest.FixtureRequest, copy_of: str = "") -> Iterator[str]:
    """Its DATABASE_URL: "" on SQLite, where it is a file of the home folder; else empty or a copy of another."""
    if chosen_database() == "sqlite":
        yield ""
        return
    cluster = request.getfixturevalue("postgresql")
    name = f"own_{uuid4().hex}"
    yield cluster.create_database(name, *filter(None, [copy_of]))
    cluster.drop_database(name)
