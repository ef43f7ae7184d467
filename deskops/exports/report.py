"""What a file holds: the rows of a list, as the table shows them, in one moment of the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from deskops.accounts.models import Site
from deskops.exports.sources import Source
from deskops.records.column import Column
from deskops.records.module import Module
from deskops.records.query import Query
from deskops.schema import references


@dataclass(frozen=True)
class Report:
    """A list to write down. `filters` are {parameter: [values]} beside the sites and the days."""

    source: Source
    query: Query
    columns: tuple[Column, ...]
    filters: dict[str, list[str]]
    count: int
    made_at: datetime

    @property
    def sites(self) -> list[Site]:
        return [references.by_id(Site, site_id) for site_id in self.query.sites]

    def batches(self) -> Iterator[Sequence[Any]]:
        """Every row, some at a time: memory stays flat."""
        return self.source.batches(self.query)


def file_name(source: Source | Module, query: Query, ending: str) -> str:
    """Such as ALASLA-29-received-2026-01-01-2026-01-31.csv; an open end of the days is not named."""
    site = references.by_id(Site, query.sites[0]).code if len(query.sites) == 1 else "sites"
    days = [str(day) for day in (query.start, query.end) if date.min < day < date.max]
    return f"{'-'.join([site, source.name, *days])}.{ending}"
