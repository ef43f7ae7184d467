"""Keeping the sites: their names and places, their calendar, and what follows from it for their days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskops.accounts import people
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.database import transaction
from deskops.ledger.models import InventorySnapshot
from deskops.ledger.rescheduling import reschedule
from deskops.modules import calendar
from deskops.schema import counters


def save_site(sent: Mapping[str, Any], actor: Actor, site: Site | None = None) -> Site:
    """Add a site, or change the given keys of one: those of `people.save_site`, and of its calendar.

    Raises Forbidden, ValidationFailed, DuplicateRecord.
    """
    others = {key: value for key, value in sent.items() if key not in calendar.KEYS}
    columns = calendar.read_calendar(sent)
    if site is None:
        return people.save_site(others, actor, also=columns)
    with transaction():
        counters.take([site.id])
        before = Site.get_by_id(site.id)
        saved = people.save_site(others, actor, site, also=columns)
        reschedule(before, saved)
    return saved


def count_snapshots(site: Site) -> int:
    """How many snapshots of its stock a site has: one a material and stored day."""
    return int(InventorySnapshot.select().where(InventorySnapshot.site_id == site.id).count())
