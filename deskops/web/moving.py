"""While an import writes, the figures of its site are on the move: pages say so."""

from __future__ import annotations

from collections.abc import Sequence

from deskops.accounts.models import Site
from deskops.errors import say
from deskops.imports import jobs
from deskops.modules import MODULES
from deskops.schema import references
from deskops.web import words


def texts_of(sites: Sequence[Site]) -> list[str]:
    """One sentence for each import that runs at these sites just now."""
    return [
        words.text(
            say(
                "An import of %(module)s is running at %(site)s (%(progress)s %%): the figures are on the move",
                module=words.text(MODULES[run.module].title),
                site=references.by_id(Site, run.site_id).name,
                progress=run.progress,
            )
        )
        for run in jobs.running([site.id for site in sites])
    ]
