"""A token's own limits, counted by itself."""

from peewee import IntegerField

COLUMNS = ("requests_per_minute", "requests_per_second")


def up(migrator, db):
    migrator.migrate(*(migrator.add_column("token", name, IntegerField(null=True)) for name in COLUMNS))


def down(migrator, db):
    migrator.migrate(*(migrator.drop_column("token", name) for name in COLUMNS))
