"""The snapshots as rows: a material over one stored day, with the columns that they are answered and exported by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import repeat
from typing import Any, NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.ledger.chain import COLUMNS as TONS_COLUMNS
from deskops.ledger.gaps import incomplete_since_of
from deskops.ledger.models import InventorySnapshot
from deskops.modules import RECEIVED
from deskops.modules.reference import Material
from deskops.records.column import Column
from deskops.records.row_writing import Form
from deskops.records.totals import as_days
from deskops.schema import kinds, references
from deskops.schema.columns import in_tons

read_moment: Any = InventorySnapshot.created_at.python_value
NAME, TITLE = "inventory", "Inventory"


class Snapshot(NamedTuple):
    """A material's tons over one stored day of a site.

    `incomplete_since` is the first earlier day that owes inputs and has no snapshots: this one may still move.
    """

    site: Site
    material: Material
    incomplete_since: date | None
    date: date
    opening: Decimal
    production: Decimal
    received: Decimal
    dispatched: Decimal
    adjustment: Decimal
    closing: Decimal
    created_at: datetime
    updated_at: datetime

    @property
    def id(self) -> str:
        """The same for as long as the book stands: there is one snapshot of a site, day and material."""
        return f"{self.site.id}/{self.date}/{self.material.id}"


def of_records(*keys: str) -> list[Column]:
    """Columns that a snapshot has as records have them."""
    return [RECEIVED.columns[key] for key in keys]


COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        *of_records("date", "siteId", "site", "materialId", "material"),
        *(Column(name, name.capitalize(), "t", kinds.TONS, (name,)) for name in TONS_COLUMNS),
        Column("incompleteSince", "Incomplete since", "", kinds.DAY, ("incomplete_since",)),
        *of_records("materialType", "uom", "id", "siteCode", "createdAt", "updatedAt"),
    )
}


def snapshots(
    site: Site, start: date, end: date, materials: Collection[str] | None = None, *, newest_first: bool = True
) -> list[Snapshot]:
    """The rows of the stored days of a range, day by day, the materials of a day in the list's order.

    `materials` are the ids of those wanted; None for all.
    """
    order = {material.id: place for place, material in enumerate(references.every(Material))}
    wanted = order.keys() if materials is None else materials
    found = rows(
        f"SELECT date, material_id, created_at, updated_at, {', '.join(TONS_COLUMNS)} FROM inventory_snapshot "
        f"WHERE site_id = ? AND material_id IN ({', '.join('?' * len(wanted))}) AND date BETWEEN ? AND ?",
        (site.id, *wanted, start.isoformat(), end.isoformat()),
    )
    found.sort(key=lambda row: order[row[1]])
    found.sort(key=lambda row: row[0], reverse=newest_first)
    told = list(as_days([row[0] for row in found]))
    since = incomplete_since_of(site, list(dict.fromkeys(told)))
    return [
        Snapshot._make(
            (
                site,
                references.by_id(Material, row[1]),
                since[day],
                day,
                *map(in_tons, row[4:]),
                *map(read_moment, row[2:4]),
            )
        )
        for day, row in zip(told, found, strict=True)
    ]


def count(sites: Iterable[str], start: date, end: date, materials: Collection[str] | None = None) -> int:
    """How many snapshots the stored days of these sites have."""
    wanted = [material.id for material in references.every(Material)] if materials is None else [*materials]
    marks = ", ".join("?" * len(wanted))
    sql = (
        "SELECT COUNT(*) FROM inventory_snapshot "
        f"WHERE site_id = ? AND material_id IN ({marks}) AND date BETWEEN ? AND ?"
    )
    of_sites = [rows(sql, (site_id, *wanted, start.isoformat(), end.isoformat())) for site_id in sites]
    return sum(int(found[0][0]) for found in of_sites)


class SnapshotWriter:
    """Writes snapshots in these columns: `cells` answers one tuple for each."""

    def __init__(self, columns: Sequence[Column], form: Form) -> None:
        self._columns, self._form = columns, form

    def cells(self, found: Sequence[Snapshot]) -> Iterator[tuple[Any, ...]]:
        if not found:
            return iter(())
        return zip(*(self._written(column, found) for column in self._columns), strict=True)

    def _written(self, column: Column, found: Sequence[Snapshot]) -> Iterable[Any]:
        write = self._form.cell_of(column.kind)
        if not column.of:
            return repeat(write(column.value_of()), len(found))
        values = [getattr(row, column.of[0]) for row in found]
        if column.kind.is_number:
            return map(write, values)
        # A few days and materials stand in many rows.
        written = {value: write(column.value_of(value)) for value in set(values)}
        return map(written.__getitem__, values)
