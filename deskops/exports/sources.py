"""What files are made of: the records of each module, and the snapshots of the stock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol

import peewee

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.insight import inventory
from deskops.insight.inventory import Snapshot, SnapshotWriter
from deskops.ledger.models import InventorySnapshot
from deskops.modules import MODULES, RECEIVED
from deskops.records import listing
from deskops.records.column import Column
from deskops.records.module import Module
from deskops.records.query import Params, Query, read_query
from deskops.records.row_writing import Form, RowWriter
from deskops.schema import references
from deskops.schema.fields import Field, Filter

# Some thousand snapshots of a site: memory stays flat.
DAYS_AT_ONCE = timedelta(days=60)
ONE_DAY = timedelta(days=1)

Filters = Mapping[str, tuple[Field, Filter]]


class Writer(Protocol):
    """Writes rows of a source in some columns: one tuple of cells for each."""

    def cells(self, rows: Sequence[Any], /) -> Iterator[tuple[Any, ...]]: ...


@dataclass(frozen=True, eq=False)
class Source:
    """One kind of rows. `read` makes their question of a list's parameters, `batches` tells them some at a time."""

    name: str
    title: str
    columns: Mapping[str, Column]
    filters: Filters
    read: Callable[[Params, Actor], Query]
    count: Callable[[Query], int]
    batches: Callable[[Query], Iterator[Sequence[Any]]]
    writer: Callable[[Sequence[Column], Form], Writer]


def of_module(module: Module) -> Source:
    return Source(
        module.name,
        module.title,
        module.columns,
        module.filters,
        partial(read_query, module),
        lambda query: listing.count(module, query),
        partial(listing.walk, module),
        partial(RowWriter, module),
    )


class Snapshots(NamedTuple):
    """What the question to a list is read by."""

    name: str
    filters: Filters
    sortable: Mapping[str, peewee.Field]
    model: type[InventorySnapshot]


SNAPSHOTS = Snapshots(
    inventory.NAME,
    {"materialType": RECEIVED.filters["materialType"]},
    {"date": InventorySnapshot.date},
    InventorySnapshot,
)


def count_snapshots(query: Query) -> int:
    return inventory.count(query.sites, query.start, query.end, query.chosen.get("material"))


def batches_of_snapshots(query: Query) -> Iterator[list[Snapshot]]:
    """Day by day in the query's order, of a day site by site."""
    sites = [references.by_id(Site, site_id) for site_id in query.sites]
    newest_first = query.order.descending
    start, end = query.start, query.end
    while start <= end:
        if newest_first:
            first, last = max(start, end - DAYS_AT_ONCE), end
            end = first - ONE_DAY
        else:
            first, last = start, min(end, start + DAYS_AT_ONCE)
            start = last + ONE_DAY
        wanted = query.chosen.get("material")
        found = [
            row
            for site in sites
            for row in inventory.snapshots(site, first, last, wanted, newest_first=newest_first)
        ]
        if found:
            yield sorted(found, key=lambda row: row.date, reverse=newest_first)


INVENTORY = Source(
    inventory.NAME,
    inventory.TITLE,
    inventory.COLUMNS,
    SNAPSHOTS.filters,
    partial(read_query, SNAPSHOTS),
    count_snapshots,
    batches_of_snapshots,
    SnapshotWriter,
)
SOURCES: dict[str, Source] = {
    source.name: source for source in (*map(of_module, MODULES.values()), INVENTORY)
}
