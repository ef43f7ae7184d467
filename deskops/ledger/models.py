"""The tables of the ledger. They hold nothing that the records do not say: `rebuild` makes them anew."""

from __future__ import annotations

import peewee

from deskops.database import BaseModel
from deskops.schema.columns import DayField, MomentField, TonsField


class SiteLedger(BaseModel):
    """Where the ledger of a site stands: the day of its first opening balance, and the newest closed day."""

    site_id = peewee.CharField(max_length=36, primary_key=True)
    first_day = DayField(null=True)
    closed_through = DayField(null=True)


class SnapshotDay(BaseModel):
    """A day of a site whose four inputs are there, so that its snapshots are stored."""

    site_id = peewee.CharField(max_length=36)
    date = DayField()

    class Meta:
        table_name = "snapshot_day"
        primary_key = peewee.CompositeKey("site_id", "date")


class InventorySnapshot(BaseModel):
    """A material's stock over one stored day: closing = opening + production + received − dispatched + adjustment."""

    site_id = peewee.CharField(max_length=36)
    material_id = peewee.CharField(max_length=36)
    date = DayField()
    opening = TonsField()
    production = TonsField()
    received = TonsField()
    dispatched = TonsField()
    adjustment = TonsField()
    closing = TonsField()
    created_at = MomentField()
    updated_at = MomentField()

    class Meta:
        table_name = "inventory_snapshot"
        # One material's days lie side by side: a change to one moves all that follow.
        primary_key = peewee.CompositeKey("site_id", "material_id", "date")
        indexes = ((("site_id", "date"), False),)


# The index above, by the name that the migration gave it.
BY_DAY = "inventorysnapshot_site_id_date"
