"""How old a site's figures are: the moment of the newest entry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from deskops.database import rows
from deskops.records.module import Module
from deskops.schema.columns import MomentField

read = MomentField().python_value


def entered_at(site_id: str, modules: Iterable[Module]) -> datetime | None:
    """When the newest record of these modules was entered at the site, in UTC; one look into an index for each."""
    newest = [
        rows(f"SELECT MAX(created_at) FROM {module.model._meta.table_name} WHERE site_id = ?", (site_id,))
        for module in modules
    ]
    return max((moment for found in newest if (moment := read(found[0][0]))), default=None)
