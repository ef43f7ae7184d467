"""The migrations make exactly the tables that the models declare, on either database."""

from __future__ import annotations

from playhouse.schema_diff import diff_models

from deskops import book, database
from deskops.paths import MIGRATIONS
from deskops.tables import TABLES


def test_migrations_equal_the_models(migrated: None) -> None:
    assert not diff_models(database.database.obj, list(TABLES))


def test_partial_and_ordered_indexes_are_there_by_name(migrated: None) -> None:
    """What a comparison of models cannot see: indexes with a condition."""
    for table in TABLES:
        declared = {index._name for index in table._meta.indexes if not isinstance(index, list | tuple)}
        present = {index.name for index in database.database.get_indexes(table._meta.table_name)}
        assert declared <= present


def test_nothing_is_pending_after_a_migration(migrated: None) -> None:
    assert book.pending() == []


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in MIGRATIONS.glob("[0-9]*.py"))
    assert numbers == list(range(1, len(numbers) + 1))
