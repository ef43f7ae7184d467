"""The first book: counters, audit, accounts, reference lists, the five modules and their totals."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    SqliteDatabase,
    TextField,
)

# What the models above cannot say: the order of lists, and unique keys among the records that count.
INDEXES = (
    'CREATE INDEX "production_in_order" ON "production" ("site_id", "date", "created_at", "id")',
    'CREATE INDEX "production_imported" ON "production" ("import_id") WHERE import_id IS NOT NULL',
    'CREATE UNIQUE INDEX "production_unique" ON "production" ("site_id", "date", "shift", "material_id", "operation") WHERE voided_at IS NULL AND status <> \'CANCELLED\'',
    'CREATE INDEX "dispatch_in_order" ON "dispatch" ("site_id", "date", "created_at", "id")',
    'CREATE INDEX "dispatch_imported" ON "dispatch" ("import_id") WHERE import_id IS NOT NULL',
    'CREATE INDEX "received_in_order" ON "received" ("site_id", "date", "created_at", "id")',
    'CREATE INDEX "received_imported" ON "received" ("import_id") WHERE import_id IS NOT NULL',
    'CREATE INDEX "equipment_log_in_order" ON "equipment_log" ("site_id", "date", "created_at", "id")',
    'CREATE INDEX "equipment_log_imported" ON "equipment_log" ("import_id") WHERE import_id IS NOT NULL',
    'CREATE UNIQUE INDEX "equipment_log_unique" ON "equipment_log" ("site_id", "date", "shift", "equipment_id") WHERE voided_at IS NULL AND status <> \'CANCELLED\'',
    'CREATE INDEX "manpower_in_order" ON "manpower" ("site_id", "date", "created_at", "id")',
    'CREATE INDEX "manpower_imported" ON "manpower" ("import_id") WHERE import_id IS NOT NULL',
    'CREATE UNIQUE INDEX "manpower_unique" ON "manpower" ("site_id", "date", "shift", "role_id") WHERE voided_at IS NULL AND status <> \'CANCELLED\'',
)

TABLES = (
    "change_counter",
    "audit_entry",
    "audit_head",
    "site",
    "user",
    "membership",
    "session",
    "token",
    "token_site",
    "material",
    "equipment",
    "manpower_role",
    "production",
    "dispatch",
    "received",
    "equipment_log",
    "manpower",
    "production_total",
    "dispatch_total",
    "received_total",
    "equipment_total",
    "manpower_total",
)


def up(migrator, db):
    # Totals are read by ranges of their key: on SQLite the rows stand in the key's own tree.
    on_sqlite = isinstance(db, SqliteDatabase)

    class ChangeCounter(Model):
        scope = CharField(primary_key=True, max_length=36)
        value = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "change_counter"

    class AuditEntry(Model):
        scope = CharField(max_length=36)
        sequence = BigIntegerField()
        at = DateTimeField()
        actor = CharField(max_length=80)
        verb = CharField(max_length=20)
        subject = CharField(max_length=30)
        subject_id = CharField(max_length=40)
        changes = TextField()
        previous_hash = CharField(max_length=64)
        hash = CharField(max_length=64)

        class Meta:
            database = db
            table_name = "audit_entry"
            primary_key = CompositeKey("scope", "sequence")
            indexes = ((("subject_id", "sequence"), False),)

    class AuditHead(Model):
        scope = CharField(primary_key=True, max_length=36)
        sequence = BigIntegerField()
        hash = CharField(max_length=64)

        class Meta:
            database = db
            table_name = "audit_head"

    class Site(Model):
        id = CharField(primary_key=True, max_length=36)
        code = CharField(unique=True, max_length=20)
        name = CharField(max_length=100)
        position = IntegerField(default=0)
        is_active = BooleanField(default=True)
        location = CharField(null=True, max_length=200)
        timezone = CharField(max_length=64, default="UTC")
        shift_starts = CharField(max_length=32, default="06:00 14:00 22:00")
        created_at = DateTimeField()

        class Meta:
            database = db
            table_name = "site"

    class User(Model):
        id = CharField(primary_key=True, max_length=36)
        email = CharField(unique=True, max_length=254)
        name = CharField(max_length=100)
        password_hash = CharField(max_length=200)
        is_admin = BooleanField(default=False)
        is_active = BooleanField(default=True)
        is_demo = BooleanField(default=False)
        created_at = DateTimeField()

        class Meta:
            database = db
            table_name = "user"

    class Membership(Model):
        user = ForeignKeyField(User, on_delete="CASCADE")
        site = ForeignKeyField(Site, on_delete="CASCADE")
        role = CharField(max_length=20)

        class Meta:
            database = db
            table_name = "membership"
            indexes = ((("user", "site"), True),)

    class Session(Model):
        hash = CharField(primary_key=True, max_length=64)
        user = ForeignKeyField(User, on_delete="CASCADE")
        created_at = DateTimeField()
        seen_at = DateTimeField()
        expires_at = DateTimeField()
        ended_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "session"

    class Token(Model):
        id = CharField(primary_key=True, max_length=36)
        user = ForeignKeyField(User, on_delete="CASCADE")
        name = CharField(max_length=100)
        hash = CharField(unique=True, max_length=64)
        may_write = BooleanField(default=False)
        created_at = DateTimeField()
        expires_at = DateTimeField(null=True)
        last_used_at = DateTimeField(null=True)
        revoked_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "token"

    class TokenSite(Model):
        token = ForeignKeyField(Token, on_delete="CASCADE")
        site = ForeignKeyField(Site, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "token_site"
            indexes = ((("token", "site"), True),)

    class Material(Model):
        id = CharField(primary_key=True, max_length=36)
        code = CharField(unique=True, max_length=20)
        name = CharField(max_length=100)
        position = IntegerField(default=0)
        is_active = BooleanField(default=True)
        material_type = CharField(max_length=20)
        category = CharField(max_length=20)
        uom = CharField(max_length=10, default="TON")
        is_final = BooleanField(default=True)
        is_recyclable = BooleanField(default=False)
        is_default = BooleanField(default=False)
        is_received_default = BooleanField(default=False)
        tons_per_load = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "material"

    class Equipment(Model):
        id = CharField(primary_key=True, max_length=36)
        code = CharField(unique=True, max_length=20)
        name = CharField(max_length=100)
        position = IntegerField(default=0)
        is_active = BooleanField(default=True)
        type = CharField(max_length=20)
        definition = CharField(max_length=20)

        class Meta:
            database = db
            table_name = "equipment"

    class ManpowerRole(Model):
        id = CharField(primary_key=True, max_length=36)
        code = CharField(unique=True, max_length=20)
        name = CharField(max_length=100)
        position = IntegerField(default=0)
        is_active = BooleanField(default=True)

        class Meta:
            database = db
            table_name = "manpower_role"

    class Production(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, field=Site.id, on_delete="RESTRICT", index=False)
        date = DateField()
        status = CharField(max_length=10, default="ACTIVE")
        notes = CharField(null=True, max_length=500)
        version = IntegerField(default=1)
        created_at = DateTimeField()
        created_by = CharField(max_length=36)
        updated_at = DateTimeField()
        client_key = CharField(unique=True, null=True, max_length=64)
        client_digest = CharField(null=True, max_length=64)
        import_id = CharField(null=True, max_length=36)
        voided_at = DateTimeField(null=True)
        voided_by = CharField(null=True, max_length=36)
        void_reason = CharField(null=True, max_length=500)
        salt = CharField(max_length=16)
        shift = CharField(max_length=10, default="")
        material = ForeignKeyField(Material, on_delete="RESTRICT", index=False)
        quantity = BigIntegerField()
        loads = IntegerField(null=True)
        operation = CharField(max_length=10, default="CRU-PRO")

        class Meta:
            database = db
            table_name = "production"

    class Dispatch(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, field=Site.id, on_delete="RESTRICT", index=False)
        date = DateField()
        status = CharField(max_length=10, default="ACTIVE")
        notes = CharField(null=True, max_length=500)
        version = IntegerField(default=1)
        created_at = DateTimeField()
        created_by = CharField(max_length=36)
        updated_at = DateTimeField()
        client_key = CharField(unique=True, null=True, max_length=64)
        client_digest = CharField(null=True, max_length=64)
        import_id = CharField(null=True, max_length=36)
        voided_at = DateTimeField(null=True)
        voided_by = CharField(null=True, max_length=36)
        void_reason = CharField(null=True, max_length=500)
        salt = CharField(max_length=16)
        time = CharField(null=True, max_length=5)
        material = ForeignKeyField(Material, field=Material.id, on_delete="RESTRICT", index=False)
        quantity = BigIntegerField()
        loads = IntegerField(null=True)
        trips = IntegerField(null=True)
        vehicle = CharField(null=True, max_length=100)
        destination = CharField(null=True, max_length=200)
        owner = CharField(null=True, max_length=200)
        reference = CharField(null=True, max_length=100)
        operation = CharField(max_length=10, default="CRU-DIS")

        class Meta:
            database = db
            table_name = "dispatch"

    class Received(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, field=Site.id, on_delete="RESTRICT", index=False)
        date = DateField()
        status = CharField(max_length=10, default="ACTIVE")
        notes = CharField(null=True, max_length=500)
        version = IntegerField(default=1)
        created_at = DateTimeField()
        created_by = CharField(max_length=36)
        updated_at = DateTimeField()
        client_key = CharField(unique=True, null=True, max_length=64)
        client_digest = CharField(null=True, max_length=64)
        import_id = CharField(null=True, max_length=36)
        voided_at = DateTimeField(null=True)
        voided_by = CharField(null=True, max_length=36)
        void_reason = CharField(null=True, max_length=500)
        salt = CharField(max_length=16)
        time = CharField(null=True, max_length=5)
        material = ForeignKeyField(Material, field=Material.id, on_delete="RESTRICT", index=False)
        quantity = BigIntegerField()
        loads = IntegerField(null=True)
        trips = IntegerField(null=True)
        vehicle = CharField(null=True, max_length=100)
        source = CharField(null=True, max_length=200)

        class Meta:
            database = db
            table_name = "received"

    class EquipmentLog(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, field=Site.id, on_delete="RESTRICT", index=False)
        date = DateField()
        status = CharField(max_length=10, default="ACTIVE")
        notes = CharField(null=True, max_length=500)
        version = IntegerField(default=1)
        created_at = DateTimeField()
        created_by = CharField(max_length=36)
        updated_at = DateTimeField()
        client_key = CharField(unique=True, null=True, max_length=64)
        client_digest = CharField(null=True, max_length=64)
        import_id = CharField(null=True, max_length=36)
        voided_at = DateTimeField(null=True)
        voided_by = CharField(null=True, max_length=36)
        void_reason = CharField(null=True, max_length=500)
        salt = CharField(max_length=16)
        shift = CharField(max_length=10, default="")
        equipment = ForeignKeyField(Equipment, on_delete="RESTRICT", index=False)
        run_hours = BigIntegerField(default=0)
        idle_hours = BigIntegerField(default=0)
        downtime_hours = BigIntegerField(default=0)
        downtime_reasons = TextField()
        equipment_status = CharField(max_length=12, default="")

        class Meta:
            database = db
            table_name = "equipment_log"

    class Manpower(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, field=Site.id, on_delete="RESTRICT", index=False)
        date = DateField()
        status = CharField(max_length=10, default="ACTIVE")
        notes = CharField(null=True, max_length=500)
        version = IntegerField(default=1)
        created_at = DateTimeField()
        created_by = CharField(max_length=36)
        updated_at = DateTimeField()
        client_key = CharField(unique=True, null=True, max_length=64)
        client_digest = CharField(null=True, max_length=64)
        import_id = CharField(null=True, max_length=36)
        voided_at = DateTimeField(null=True)
        voided_by = CharField(null=True, max_length=36)
        void_reason = CharField(null=True, max_length=500)
        salt = CharField(max_length=16)
        shift = CharField(max_length=10, default="")
        role = ForeignKeyField(ManpowerRole, on_delete="RESTRICT", index=False)
        present_count = IntegerField(default=0)
        absent_count = IntegerField(default=0)
        total_hours = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "manpower"

    class ProductionTotal(Model):
        site_id = CharField(max_length=36)
        date = DateField()
        shift = CharField(max_length=36)
        material_id = CharField(max_length=36)
        operation = CharField(max_length=36)
        status = CharField(max_length=36)
        is_void = SmallIntegerField()
        records = BigIntegerField(default=0)
        quantity = BigIntegerField(default=0)
        loads = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "production_total"
            without_rowid = on_sqlite
            primary_key = CompositeKey(
                "site_id", "date", "shift", "material_id", "operation", "status", "is_void"
            )

    class DispatchTotal(Model):
        site_id = CharField(max_length=36)
        date = DateField()
        material_id = CharField(max_length=36)
        operation = CharField(max_length=36)
        status = CharField(max_length=36)
        is_void = SmallIntegerField()
        records = BigIntegerField(default=0)
        quantity = BigIntegerField(default=0)
        loads = BigIntegerField(default=0)
        trips = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "dispatch_total"
            without_rowid = on_sqlite
            primary_key = CompositeKey("site_id", "date", "material_id", "operation", "status", "is_void")

    class ReceivedTotal(Model):
        site_id = CharField(max_length=36)
        date = DateField()
        material_id = CharField(max_length=36)
        status = CharField(max_length=36)
        is_void = SmallIntegerField()
        records = BigIntegerField(default=0)
        quantity = BigIntegerField(default=0)
        loads = BigIntegerField(default=0)
        trips = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "received_total"
            without_rowid = on_sqlite
            primary_key = CompositeKey("site_id", "date", "material_id", "status", "is_void")

    class EquipmentTotal(Model):
        site_id = CharField(max_length=36)
        date = DateField()
        shift = CharField(max_length=36)
        equipment_id = CharField(max_length=36)
        status = CharField(max_length=36)
        is_void = SmallIntegerField()
        records = BigIntegerField(default=0)
        run_hours = BigIntegerField(default=0)
        idle_hours = BigIntegerField(default=0)
        downtime_hours = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "equipment_total"
            without_rowid = on_sqlite
            primary_key = CompositeKey("site_id", "date", "shift", "equipment_id", "status", "is_void")

    class ManpowerTotal(Model):
        site_id = CharField(max_length=36)
        date = DateField()
        shift = CharField(max_length=36)
        role_id = CharField(max_length=36)
        status = CharField(max_length=36)
        is_void = SmallIntegerField()
        records = BigIntegerField(default=0)
        present_count = BigIntegerField(default=0)
        absent_count = BigIntegerField(default=0)
        total_hours = BigIntegerField(default=0)

        class Meta:
            database = db
            table_name = "manpower_total"
            without_rowid = on_sqlite
            primary_key = CompositeKey("site_id", "date", "shift", "role_id", "status", "is_void")

    db.create_tables(
        [
            ChangeCounter,
            AuditEntry,
            AuditHead,
            Site,
            User,
            Membership,
            Session,
            Token,
            TokenSite,
            Material,
            Equipment,
            ManpowerRole,
            Production,
            Dispatch,
            Received,
            EquipmentLog,
            Manpower,
            ProductionTotal,
            DispatchTotal,
            ReceivedTotal,
            EquipmentTotal,
            ManpowerTotal,
        ]
    )
    for statement in INDEXES:
        db.execute_sql(statement)


def down(migrator, db):
    for table in reversed(TABLES):
        migrator.migrate(migrator.drop_table(table))
