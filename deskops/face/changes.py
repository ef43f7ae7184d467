"""How a reader sees that nothing changed."""

from __future__ import annotations

from collections.abc import Sequence

from deskops.accounts.models import Site
from deskops.schema import counters


def state_of(sites: Sequence[Site]) -> str:
    """A text that changes with every change at these sites, of the lists, and when the day of any of them ends."""
    changes = counters.version([counters.LISTS, *(site.id for site in sites)])
    return f"{changes}/{'.'.join(site.today().isoformat() for site in sites)}"
