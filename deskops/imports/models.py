"""The tables of imports and of saved profiles."""

from __future__ import annotations

import json
from typing import Any

import peewee

from deskops.accounts.models import Site
from deskops.database import BaseModel, utc_now
from deskops.schema.columns import IdField, MomentField

WAITING, RUNNING, UNDOING = "WAITING", "RUNNING", "UNDOING"
DONE, UNDONE, REFUSED = "DONE", "UNDONE", "REFUSED"
UNDER_WAY = (RUNNING, UNDOING)


class Import(BaseModel):
    """One file on its way into the book, or how that went.

    WAITING for the worker, RUNNING, then DONE; or UNDOING, then UNDONE: of what it had written nothing is left;
    or REFUSED: the file has bad rows and nothing was written. `process` names who runs it (see liveness), which
    says so at `heartbeat_at`. `plan`, `sums` {measure: text} and `reasons` [[field, reason, rows]] are JSON.
    """

    id = IdField()
    site = peewee.ForeignKeyField(Site, on_delete="RESTRICT", index=False)
    module = peewee.CharField(max_length=20)
    user_id = peewee.CharField(max_length=36)
    file_name = peewee.CharField(max_length=200)
    plan = peewee.TextField()
    state = peewee.CharField(max_length=10, default=WAITING)
    process = peewee.CharField(max_length=150, default="")
    error = peewee.CharField(max_length=500, null=True)
    total_rows = peewee.BigIntegerField(default=0)
    rows_read = peewee.BigIntegerField(default=0)
    stored = peewee.BigIntegerField(default=0)
    already_there = peewee.BigIntegerField(default=0)
    bad = peewee.BigIntegerField(default=0)
    sums = peewee.TextField(default="{}")
    reasons = peewee.TextField(default="[]")
    bad_file = peewee.CharField(max_length=300, null=True)
    created_at = MomentField(default=utc_now)
    heartbeat_at = MomentField(default=utc_now)
    finished_at = MomentField(null=True)

    site_id: str

    class Meta:
        table_name = "import_run"
        indexes = ((("state", "site"), False), (("user_id", "created_at"), False))

    @property
    def is_over(self) -> bool:
        return self.state in (DONE, UNDONE, REFUSED)

    @property
    def progress(self) -> int:
        """How much of the file is read, 0–100."""
        if self.state == DONE:
            return 100
        return min(99, self.rows_read * 100 // self.total_rows) if self.total_rows else 0

    @property
    def reason_counts(self) -> list[tuple[str, str, int]]:
        """(field, reason, rows), most rows first."""
        return [(field, reason, rows) for field, reason, rows in json.loads(self.reasons)]

    @property
    def sum_texts(self) -> dict[str, str]:
        """{measure: the sum of what was stored, as a plain decimal}."""
        found: dict[str, Any] = json.loads(self.sums)
        return {name: str(value) for name, value in found.items()}


class ImportProfile(BaseModel):
    """A plan kept by a name, for the next file of the same source."""

    id = IdField()
    module = peewee.CharField(max_length=20)
    name = peewee.CharField(max_length=100)
    plan = peewee.TextField()
    updated_at = MomentField(default=utc_now)

    class Meta:
        table_name = "import_profile"
        indexes = ((("module", "name"), True),)
