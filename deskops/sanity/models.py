"""Reviews: doubtful entries that wait for somebody else to look at them."""

from __future__ import annotations

import peewee

from deskops.accounts.models import Site
from deskops.database import BaseModel, utc_now
from deskops.schema.columns import DayField, IdField, MomentField


class Review(BaseModel):
    """A record with doubts: `doubts` is [[field, template, parameters]] as JSON, `reason` why it was kept.

    It waits until `cleared_at`; `outcome` says how it ended: CLEARED by a person, CORRECTED or VOIDED with its record.
    """

    id = IdField()
    site = peewee.ForeignKeyField(Site, on_delete="RESTRICT", index=False)
    date = DayField()
    module = peewee.CharField(max_length=20)
    record_id = peewee.CharField(max_length=36, index=True)
    doubts = peewee.TextField()
    reason = peewee.CharField(max_length=500, null=True)
    raised_at = MomentField(default=utc_now)
    raised_by = peewee.CharField(max_length=36)
    cleared_at = MomentField(null=True)
    cleared_by = peewee.CharField(max_length=36, null=True)
    outcome = peewee.CharField(max_length=10, null=True)
    remark = peewee.CharField(max_length=500, null=True)


Review.add_index(
    Review.index(Review.site, Review.date, name="review_open", where=peewee.SQL("cleared_at IS NULL"))
)
