"""Totals become a cube of few cuts, made anew from the records; every column that lists are sorted by gets an index."""

from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    DateField,
    Model,
    SmallIntegerField,
    SqliteDatabase,
)

# module: the table of its records, its enumerated fields, its measures
MODULES = {
    "production": ("production", ("shift", "material_id", "operation", "status"), ("quantity", "loads")),
    "dispatch": ("dispatch", ("material_id", "operation", "status"), ("quantity", "loads", "trips")),
    "received": ("received", ("material_id", "status"), ("quantity", "loads", "trips")),
    "equipment": (
        "equipment_log",
        ("shift", "equipment_id", "status"),
        ("run_hours", "idle_hours", "downtime_hours"),
    ),
    "manpower": (
        "manpower",
        ("shift", "role_id", "status"),
        ("present_count", "absent_count", "total_hours"),
    ),
}
# Beside the day, which is indexed already: numbers that are never empty.
SORTED_BY = {
    "production": ("quantity",),
    "dispatch": ("quantity",),
    "received": ("quantity",),
    "equipment_log": ("run_hours", "idle_hours", "downtime_hours"),
    "manpower": ("present_count", "absent_count", "total_hours"),
}
IS_VOID = "CASE WHEN voided_at IS NULL THEN 0 ELSE 1 END"
COUNTED = "voided_at IS NULL AND status <> 'CANCELLED'"
CANCELLED = "voided_at IS NULL AND status = 'CANCELLED'"
VOIDED = "voided_at IS NOT NULL"


def up(migrator, db):
    for module, (_, fields, measures) in MODULES.items():
        db.execute_sql(f'DROP TABLE "{module}_total"')
        make_table(db, module, (*fields, "date"), ("records", "cancelled", "voided", *measures))
        sums = [sum_where(COUNTED), sum_where(CANCELLED), sum_where(VOIDED)]
        sums += [sum_where(COUNTED, measure) for measure in measures]
        for cut in (fields, *((field,) for field in fields), ()):
            values = [field if field in cut else "'*'" for field in fields]
            fill(db, module, (*values, "date", *sums), (*cut, "date"))
    for table, columns in SORTED_BY.items():
        db.execute_sql(f'CREATE INDEX "{table}_by_created_at" ON "{table}" ("site_id", "created_at", "id")')
        for column in columns:
            db.execute_sql(
                f'CREATE INDEX "{table}_by_{column}" ON "{table}" ("site_id", "{column}", "created_at", "id")'
            )


def down(migrator, db):
    for table, columns in SORTED_BY.items():
        for column in ("created_at", *columns):
            db.execute_sql(f'DROP INDEX "{table}_by_{column}"')
    for module, (_, fields, measures) in MODULES.items():
        db.execute_sql(f'DROP TABLE "{module}_total"')
        make_table(db, module, ("date", *fields, "is_void"), ("records", *measures))
        groups = ("date", *fields, IS_VOID)
        fill(
            db, module, (*groups, *map(sum_where, ("1 = 1",) * (1 + len(measures)), ("1", *measures))), groups
        )


def make_table(db, module, key, summed):
    """One totals table, its columns in the order of its key. On SQLite the rows stand in the key's own tree."""
    kinds = {"date": DateField, "is_void": SmallIntegerField}
    columns = {"site_id": CharField(max_length=36)}
    columns |= {name: kinds[name]() if name in kinds else CharField(max_length=36) for name in key}
    columns |= {name: BigIntegerField(default=0) for name in summed}
    options = {
        "database": db,
        "table_name": f"{module}_total",
        "without_rowid": isinstance(db, SqliteDatabase),
        "primary_key": CompositeKey("site_id", *key),
    }
    db.create_tables([type("Total", (Model,), {**columns, "Meta": type("Meta", (), options)})])


def fill(db, module, values, groups):
    told, by = ", ".join(("site_id", *values)), ", ".join(("site_id", *groups))
    db.execute_sql(f'INSERT INTO "{module}_total" SELECT {told} FROM "{MODULES[module][0]}" GROUP BY {by}')


def sum_where(condition, summed="1"):
    return f"SUM(CASE WHEN {condition} THEN COALESCE({summed}, 0) ELSE 0 END)"
