"""Stock that would fall below zero, at a site whose policy is to warn."""

from __future__ import annotations

from collections.abc import Iterator

from deskops.accounts.models import WARN, Site
from deskops.errors import Problem
from deskops.ledger.keeping import STOCKED
from deskops.ledger.preview import shortages
from deskops.records.module import Change, Module
from deskops.records.record import Record
from deskops.schema import references


def below_zero(module: Module, record: Record, before: Record | None) -> Iterator[Problem]:
    """Less than nothing of a material at the end of the day, or of a later one."""
    if module not in STOCKED or references.by_id(Site, record.site_id).stock_policy != WARN:
        return
    for one in shortages(module, Change(before, record)):
        yield Problem("quantity", one.error.message, soft=True)
