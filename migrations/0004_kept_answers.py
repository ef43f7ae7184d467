"""The first answers to requests with a key, kept for a day."""

from peewee import BlobField, CharField, DateTimeField, Model, SmallIntegerField, TextField


def up(migrator, db):
    class KeptAnswer(Model):
        key_hash = CharField(primary_key=True, max_length=64)
        digest = CharField(max_length=64)
        status = SmallIntegerField()
        headers = TextField()
        body = BlobField()
        created_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "kept_answer"

    db.create_tables([KeptAnswer])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("kept_answer"))
