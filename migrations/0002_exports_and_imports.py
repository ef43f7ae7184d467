"""Export jobs, imports and their saved profiles."""

from peewee import (
    BigIntegerField,
    CharField,
    DateTimeField,
    ForeignKeyField,
    Model,
    SmallIntegerField,
    TextField,
)

TABLES = ("export_job", "import_run", "import_profile")


def up(migrator, db):
    class User(Model):
        id = CharField(primary_key=True, max_length=36)

        class Meta:
            database = db
            table_name = "user"

    class Site(Model):
        id = CharField(primary_key=True, max_length=36)

        class Meta:
            database = db
            table_name = "site"

    class ExportJob(Model):
        id = CharField(primary_key=True, max_length=36)
        user = ForeignKeyField(User, on_delete="CASCADE", index=False)
        module = CharField(max_length=20)
        format = CharField(max_length=10)
        filters = TextField()
        columns = TextField()
        status = CharField(max_length=12, default="pending")
        progress = SmallIntegerField(default=0)
        attempts = SmallIntegerField(default=0)
        expected_rows = BigIntegerField(default=0)
        row_count = BigIntegerField(null=True)
        file_name = CharField(max_length=150)
        file_size = BigIntegerField(null=True)
        file_hash = CharField(null=True, max_length=64)
        error = CharField(null=True, max_length=500)
        created_at = DateTimeField()
        started_at = DateTimeField(null=True)
        finished_at = DateTimeField(null=True)
        expires_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "export_job"
            indexes = ((("user", "created_at"), False), (("status", "finished_at"), False))

    class Import(Model):
        id = CharField(primary_key=True, max_length=36)
        site = ForeignKeyField(Site, on_delete="RESTRICT", index=False)
        module = CharField(max_length=20)
        user_id = CharField(max_length=36)
        file_name = CharField(max_length=200)
        plan = TextField()
        state = CharField(max_length=10, default="WAITING")
        process = CharField(max_length=150, default="")
        error = CharField(null=True, max_length=500)
        total_rows = BigIntegerField(default=0)
        rows_read = BigIntegerField(default=0)
        stored = BigIntegerField(default=0)
        already_there = BigIntegerField(default=0)
        bad = BigIntegerField(default=0)
        sums = TextField(default="{}")
        reasons = TextField(default="[]")
        bad_file = CharField(null=True, max_length=300)
        created_at = DateTimeField()
        heartbeat_at = DateTimeField()
        finished_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "import_run"
            indexes = ((("state", "site"), False), (("user_id", "created_at"), False))

    class ImportProfile(Model):
        id = CharField(primary_key=True, max_length=36)
        module = CharField(max_length=20)
        name = CharField(max_length=100)
        plan = TextField()
        updated_at = DateTimeField()

        class Meta:
            database = db
            table_name = "import_profile"
            indexes = ((("module", "name"), True),)

    db.create_tables([ExportJob, Import, ImportProfile])


def down(migrator, db):
    for table in reversed(TABLES):
        migrator.migrate(migrator.drop_table(table))
