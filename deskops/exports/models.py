"""The table of export jobs."""

from __future__ import annotations

import json

import peewee

from deskops.accounts.models import User
from deskops.database import BaseModel, utc_now
from deskops.schema.columns import IdField, MomentField

PENDING, PROCESSING, COMPLETED, FAILED = "pending", "processing", "completed", "failed"
ACTIVE = (PENDING, PROCESSING)


class ExportJob(BaseModel):
    """One file that somebody asked for: a module's records under a list's filters.

    `filters` are the list's parameters, as JSON {name: [values]}, its sites by their ids; `columns` the record keys
    in the order wanted, as JSON. `expected_rows` is the count at the request, `row_count` what the file holds.
    `progress` is rows written of rows counted, 0–100. `attempts` counts how often a worker began it.
    """

    id = IdField()
    user = peewee.ForeignKeyField(User, on_delete="CASCADE", index=False)
    module = peewee.CharField(max_length=20)
    format = peewee.CharField(max_length=10)
    filters = peewee.TextField()
    columns = peewee.TextField()
    status = peewee.CharField(max_length=12, default=PENDING)
    progress = peewee.SmallIntegerField(default=0)
    attempts = peewee.SmallIntegerField(default=0)
    expected_rows = peewee.BigIntegerField(default=0)
    row_count = peewee.BigIntegerField(null=True)
    file_name = peewee.CharField(max_length=150)
    file_size = peewee.BigIntegerField(null=True)
    file_hash = peewee.CharField(max_length=64, null=True)
    error = peewee.CharField(max_length=500, null=True)
    created_at = MomentField(default=utc_now)
    started_at = MomentField(null=True)
    finished_at = MomentField(null=True)
    expires_at = MomentField(null=True)

    user_id: str

    class Meta:
        table_name = "export_job"
        indexes = ((("user", "created_at"), False), (("status", "finished_at"), False))

    @property
    def params(self) -> dict[str, list[str]]:
        """The list's parameters: {name: [values]}."""
        return dict(json.loads(self.filters))

    @property
    def column_keys(self) -> list[str]:
        return list(json.loads(self.columns))

    @property
    def site_ids(self) -> list[str]:
        return self.params["siteId"]

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ACTIVE

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= utc_now()

    @property
    def is_ready(self) -> bool:
        """Whether there is a file to download."""
        return self.status == COMPLETED and not self.is_expired
