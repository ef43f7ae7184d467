"""How a reader sees that nothing changed."""

from __future__ import annotations

from collections.abc import Sequence

from deskops.accounts.models import Site
from deskops.schema import counters


def state_of(sites: Sequence[Site]) -> str:
    """A text that changes with every change at these sites, of the lists, and when a day or a shift of any is over."""
    changes = counters.version([counters.LISTS, *(site.id for site in sites)])
    return f"{changes}/{'.'.join(map(clock_of, sites))}"


def clock_of(site: Site) -> str:
    """The site's own date, and how many of its shifts have begun: what is due is missing from then on."""
    time = f"{site.now():%H:%M}"
    return f"{site.today().isoformat()}-{sum(start <= time for start in site.shift_starts.split())}"
