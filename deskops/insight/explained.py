"""Where each ton of a material came from: the balance last stored before a day, and each line entered since."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight.periods import ZERO
from deskops.ledger.chain import FLOWS
from deskops.ledger.reckoning import newest_rows, own_openings
from deskops.ledger.standing import standing
from deskops.modules import ADJUSTMENTS
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.totals import DayTotal
from deskops.schema.columns import in_tons

# Lines of so many days stand by themselves; what is older stands together, by module.
DAYS_APART = 14


class Line(NamedTuple):
    """What some records of a module put into the stock, or took from it as negative tons.

    `kind` is that of an adjustment; the records are dated from `start` to `end`.
    """

    module: Module
    kind: str
    start: date
    end: date
    records: int
    tons: Decimal


class Explanation(NamedTuple):
    """A balance: tons at the end of the stored day `stored`, or entered by hand for the start of `entered`; and lines.

    Both days are None where the material began with nothing. base + all lines = closing.
    """

    stored: date | None
    entered: date | None
    base: Decimal
    lines: list[Line]

    @property
    def closing(self) -> Decimal:
        return self.base + sum((line.tons for line in self.lines), ZERO)


def explained(site: Site, day: date) -> dict[str, Explanation]:
    """{material id: why its closing of this day is what it is}; nothing before the ledger began.

    Constant statements: the newest stored day before, and the daily totals since.
    """
    first_day = standing(site.id).first_day
    if first_day is None or day < first_day:
        return {}
    stored, rows = newest_rows(site.id, day - timedelta(days=1)) or (None, {})
    since = first_day if stored is None else stored + timedelta(days=1)
    entered = own_openings(site.id, since)
    found = {
        material_id: Explanation(stored, None, in_tons(row[-1]), []) for material_id, row in rows.items()
    }
    for material_id, (begun, kilograms) in entered.items():
        if begun <= day:
            found[material_id] = Explanation(None, begun, in_tons(kilograms), [])
    for module, sign in FLOWS.values():
        for row in moves(module, site, since, day):
            material_id, *_ = row.group
            if material_id in entered and row.day < entered[material_id][0]:
                continue
            of_material = found.setdefault(material_id, Explanation(None, None, ZERO, []))
            add(of_material.lines, line_of(module, row, sign), day - timedelta(days=DAYS_APART))
    for one in found.values():
        one.lines.sort(key=lambda line: line.end)
    return found


def moves(module: Module, site: Site, start: date, end: date) -> list[DayTotal]:
    """The counted tons by day and material, adjustments by kind too."""
    by = ("material", "kind") if module is ADJUSTMENTS else ("material",)
    return totals.by_day(module, site.id, start, end, ("quantity",), by=by)


def line_of(module: Module, row: DayTotal, sign: int) -> Line:
    kind = row.group[1] if len(row.group) > 1 else ""
    return Line(module, kind, row.day, row.day, row.records, sign * row.sums[0])


def add(lines: list[Line], line: Line, old: date) -> None:
    """Append the line; one of an old day is added to what stands together already."""
    for place, other in enumerate(lines):
        if line.end <= old and (other.module, other.kind) == (line.module, line.kind):
            lines[place] = line._replace(
                start=other.start, records=other.records + line.records, tons=other.tons + line.tons
            )
            return
    lines.append(line)
