"""Closings of days: each is a row for ever, with what it was reopened for."""

from __future__ import annotations

import peewee

from deskops.accounts.models import Site
from deskops.database import BaseModel, utc_now
from deskops.schema.columns import DayField, IdField, MomentField


class DayClosing(BaseModel):
    """One closing of one day. `overridden` are the blockers it was closed in spite of, `reason` why, as JSON.

    `figures` is {material id: closing in kilograms} as it stood, as JSON; `sequence` and `hash` are those of its
    entry in the site's audit chain.
    """

    id = IdField()
    site = peewee.ForeignKeyField(Site, on_delete="RESTRICT", index=False)
    date = DayField()
    closed_at = MomentField(default=utc_now)
    closed_by = peewee.CharField(max_length=36)
    reason = peewee.CharField(max_length=500, null=True)
    overridden = peewee.TextField(default="[]")
    figures = peewee.TextField(default="{}")
    sequence = peewee.BigIntegerField()
    hash = peewee.CharField(max_length=64)
    reopened_at = MomentField(null=True)
    reopened_by = peewee.CharField(max_length=36, null=True)
    reopen_reason = peewee.CharField(max_length=500, null=True)

    class Meta:
        table_name = "day_closing"
        indexes = ((("site", "date", "closed_at"), False),)
