"""Which rows of a module that holds from a day on are in force: of targets and of tons per load."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from deskops.accounts.models import Site
from deskops.modules.factor import FACTORS
from deskops.modules.target import TARGETS
from deskops.records import listing
from deskops.records.module import Module
from deskops.records.query import Query

HOLDING = (TARGETS, FACTORS)


def in_force(module: Module, sites: Sequence[Site]) -> frozenset[str]:
    """The ids of the rows of which something holds today, at each site by its own date.

    What a newer row does not name stays as an older one has it, so that several may hold at once.
    """
    found: set[str] = set()
    for site in sites:
        told: set[tuple[Any, str]] = set()
        query = Query(sites=(site.id,), start=date.min, end=site.today())
        for batch in listing.walk(module, query):
            for record in map(module.model.from_row, batch):
                says = {
                    (record.__data__.get("material"), one.name)
                    for one in module.measures
                    if getattr(record, one.name) is not None
                }
                found |= {record.id} if says - told else set()
                told |= says
    return frozenset(found)
