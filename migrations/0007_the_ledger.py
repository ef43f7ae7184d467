"""The ledger: openings, adjustments, nil returns, surveys, targets, tons per load; snapshots, closings, reviews.

Sites get a calendar and a stock policy, production the feed it consumed, machines the tons an hour they are rated for.
"""

from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)

LIVE = "voided_at IS NULL AND status <> 'CANCELLED'"
# table: (own columns, enumerated columns, measures, unique columns, what lists are sorted by beside the day)
RECORDS = {
    "opening": ("openings", ("material_id",), ("quantity",), ("site_id", "material_id"), ("quantity",)),
    "adjustment": ("adjustments", ("material_id", "kind"), ("quantity",), (), ("quantity",)),
    "survey": (
        "surveys",
        ("material_id",),
        ("volume", "density", "error_percent"),
        ("site_id", "date", "material_id"),
        ("volume", "density", "error_percent"),
    ),
    "target": (
        "targets",
        (),
        (
            "production_tons",
            "utilization_percent",
            "recycling_percent",
            "attendance_percent",
            "stock_low_tons",
            "stock_warn_tons",
        ),
        ("site_id", "date"),
        (),
    ),
    "load_factor": (
        "factors",
        ("material_id",),
        ("tons_per_load",),
        ("site_id", "date", "material_id"),
        ("tons_per_load",),
    ),
    "nil_return": ("nils", ("module", "shift"), (), ("site_id", "date", "module", "shift"), ()),
}
WEEK = "MON TUE WED THU FRI SAT SUN"
SITE_COLUMNS = {
    "work_days": lambda: CharField(max_length=32, default=WEEK),
    "work_shifts": lambda: CharField(max_length=32, default=""),
    "reports": lambda: CharField(max_length=100, default=""),
    "stock_policy": lambda: CharField(max_length=5, default="ALLOW"),
}


def up(migrator, db):
    migrator.migrate(
        *(migrator.add_column("site", name, column()) for name, column in SITE_COLUMNS.items()),
        migrator.add_column("equipment", "rated_tons_per_hour", BigIntegerField(null=True)),
        migrator.add_column("production", "feed_quantity", BigIntegerField(null=True)),
        migrator.add_column("production_total", "feed_quantity", BigIntegerField(default=0)),
    )
    db.execute_sql(
        'ALTER TABLE "production" ADD COLUMN "feed_material_id" VARCHAR(36) '
        'REFERENCES "material" ("id") ON DELETE RESTRICT'
    )
    make_records(db)
    for table, (module, enumerated, measures, unique, sorted_by) in RECORDS.items():
        make_total(db, module, enumerated, measures)
        make_indexes(db, table, unique, sorted_by)
    make_ledger(db)


def make_records(db):
    class Site(Model):
        id = CharField(primary_key=True, max_length=36)

        class Meta:
            database = db
            table_name = "site"

    class Material(Model):
        id = CharField(primary_key=True, max_length=36)

        class Meta:
            database = db
            table_name = "material"

    class Record(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, on_delete="RESTRICT", index=False)
        date = DateField()
        status = CharField(max_length=10)
        notes = CharField(max_length=500, null=True)
        version = IntegerField()
        created_at = DateTimeField()
        created_by = CharField(max_length=36)
        updated_at = DateTimeField()
        client_key = CharField(max_length=64, null=True, unique=True)
        client_digest = CharField(max_length=64, null=True)
        import_id = CharField(max_length=36, null=True)
        voided_at = DateTimeField(null=True)
        voided_by = CharField(max_length=36, null=True)
        void_reason = CharField(max_length=500, null=True)
        salt = CharField(max_length=16)

        class Meta:
            database = db

    class Opening(Record):
        material = ForeignKeyField(Material, on_delete="RESTRICT", index=False)
        quantity = BigIntegerField()

        class Meta:
            table_name = "opening"

    class Adjustment(Record):
        material = ForeignKeyField(Material, on_delete="RESTRICT", index=False)
        quantity = BigIntegerField()
        kind = CharField(max_length=10)
        reason = CharField(max_length=500)
        production_id = CharField(max_length=36, null=True)

        class Meta:
            table_name = "adjustment"

    class Survey(Record):
        material = ForeignKeyField(Material, on_delete="RESTRICT", index=False)
        volume = BigIntegerField()
        density = BigIntegerField()
        error_percent = BigIntegerField()

        class Meta:
            table_name = "survey"

    class Target(Record):
        production_tons = BigIntegerField(null=True)
        utilization_percent = BigIntegerField(null=True)
        recycling_percent = BigIntegerField(null=True)
        attendance_percent = BigIntegerField(null=True)
        stock_low_tons = BigIntegerField(null=True)
        stock_warn_tons = BigIntegerField(null=True)

        class Meta:
            table_name = "target"

    class LoadFactor(Record):
        material = ForeignKeyField(Material, on_delete="RESTRICT", index=False)
        tons_per_load = BigIntegerField()

        class Meta:
            table_name = "load_factor"

    class NilReturn(Record):
        module = CharField(max_length=20)
        shift = CharField(max_length=10)
        reason = CharField(max_length=500, null=True)

        class Meta:
            table_name = "nil_return"

    db.create_tables([Opening, Adjustment, Survey, Target, LoadFactor, NilReturn])


def make_total(db, module, enumerated, measures):
    """A totals table; on SQLite its rows stand in the key's own tree."""
    columns = {"site_id": CharField(max_length=36)}
    columns |= {name: CharField(max_length=36) for name in enumerated}
    columns |= {"date": DateField()}
    columns |= {name: BigIntegerField(default=0) for name in ("records", "cancelled", "voided", *measures)}
    options = {
        "database": db,
        "table_name": f"{module}_total",
        "without_rowid": isinstance(db, SqliteDatabase),
        "primary_key": CompositeKey("site_id", *enumerated, "date"),
    }
    db.create_tables([type("Total", (Model,), {**columns, "Meta": type("Meta", (), options)})])


def make_indexes(db, table, unique, sorted_by):
    db.execute_sql(f'CREATE INDEX "{table}_in_order" ON "{table}" ("site_id", "date", "created_at", "id")')
    db.execute_sql(f'CREATE INDEX "{table}_imported" ON "{table}" ("import_id") WHERE import_id IS NOT NULL')
    db.execute_sql(f'CREATE INDEX "{table}_by_created_at" ON "{table}" ("site_id", "created_at", "id")')
    for column in sorted_by:
        db.execute_sql(
            f'CREATE INDEX "{table}_by_{column}" ON "{table}" ("site_id", "{column}", "created_at", "id")'
        )
    if unique:
        names = ", ".join(f'"{name}"' for name in unique)
        db.execute_sql(f'CREATE UNIQUE INDEX "{table}_unique" ON "{table}" ({names}) WHERE {LIVE}')


def make_ledger(db):
    on_sqlite = isinstance(db, SqliteDatabase)

    class SiteLedger(Model):
        site_id = CharField(primary_key=True, max_length=36)
        first_day = DateField(null=True)
        closed_through = DateField(null=True)

        class Meta:
            database = db
            table_name = "site_ledger"

    class SnapshotDay(Model):
        site_id = CharField(max_length=36)
        date = DateField()

        class Meta:
            database = db
            table_name = "snapshot_day"
            primary_key = CompositeKey("site_id", "date")
            without_rowid = on_sqlite

    class InventorySnapshot(Model):
        site_id = CharField(max_length=36)
        material_id = CharField(max_length=36)
        date = DateField()
        opening = BigIntegerField()
        production = BigIntegerField()
        received = BigIntegerField()
        dispatched = BigIntegerField()
        adjustment = BigIntegerField()
        closing = BigIntegerField()
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            database = db
            table_name = "inventory_snapshot"
            primary_key = CompositeKey("site_id", "material_id", "date")
            indexes = ((("site_id", "date"), False),)
            without_rowid = on_sqlite

    class Site(Model):
        id = CharField(primary_key=True, max_length=36)

        class Meta:
            database = db
            table_name = "site"

    class DayClosing(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, on_delete="RESTRICT", index=False)
        date = DateField()
        closed_at = DateTimeField()
        closed_by = CharField(max_length=36)
        reason = CharField(max_length=500, null=True)
        overridden = TextField()
        figures = TextField()
        sequence = BigIntegerField()
        hash = CharField(max_length=64)
        reopened_at = DateTimeField(null=True)
        reopened_by = CharField(max_length=36, null=True)
        reopen_reason = CharField(max_length=500, null=True)

        class Meta:
            database = db
            table_name = "day_closing"
            indexes = ((("site", "date", "closed_at"), False),)

    class Review(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, on_delete="RESTRICT", index=False)
        date = DateField()
        module = CharField(max_length=20)
        record_id = CharField(max_length=36, index=True)
        doubts = TextField()
        reason = CharField(max_length=500, null=True)
        raised_at = DateTimeField()
        raised_by = CharField(max_length=36)
        cleared_at = DateTimeField(null=True)
        cleared_by = CharField(max_length=36, null=True)
        outcome = CharField(max_length=10, null=True)
        remark = CharField(max_length=500, null=True)

        class Meta:
            database = db
            table_name = "review"

    db.create_tables([SiteLedger, SnapshotDay, InventorySnapshot, DayClosing, Review])
    db.execute_sql('CREATE INDEX "review_open" ON "review" ("site_id", "date") WHERE cleared_at IS NULL')
    db.execute_sql(
        'CREATE UNIQUE INDEX "adjustment_of_production" ON "adjustment" ("production_id") '
        "WHERE production_id IS NOT NULL AND voided_at IS NULL"
    )


def down(migrator, db):
    for table in ("review", "day_closing", "inventory_snapshot", "snapshot_day", "site_ledger"):
        migrator.migrate(migrator.drop_table(table))
    for table, (module, *_) in RECORDS.items():
        migrator.migrate(migrator.drop_table(f"{module}_total"), migrator.drop_table(table))
    migrator.migrate(
        migrator.drop_column("production_total", "feed_quantity"),
        migrator.drop_column("production", "feed_quantity"),
        migrator.drop_column("production", "feed_material_id"),
        migrator.drop_column("equipment", "rated_tons_per_hour"),
        *(migrator.drop_column("site", name) for name in SITE_COLUMNS),
    )
