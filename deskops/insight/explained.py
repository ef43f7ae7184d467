"""Where each ton of a material came from: the balance last stored before a day, and each line entered since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight.periods import ZERO
from deskops.ledger.chain import FLOWS, read_day
from deskops.ledger.reckoning import newest_rows, own_openings, questions, starts_of
from deskops.ledger.standing import standing
from deskops.modules import ADJUSTMENTS
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.query import Query
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

    A few statements and lines, however long the newest stored day before lies back.
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
    for query in questions(site.id, starts_of(since, entered), day):
        for module, sign in FLOWS.values():
            for material_id, line in lines_of(module, sign, query):
                found.setdefault(material_id, Explanation(None, None, ZERO, [])).lines.append(line)
    for one in found.values():
        one.lines.sort(key=lambda line: line.end)
    return found


def lines_of(module: Module, sign: int, query: Query) -> Iterator[tuple[str, Line]]:
    """(material id, line): the old days in one line, each later day in its own; adjustments by kind."""
    apart = ("material", "kind") if module is ADJUSTMENTS else ("material",)
    columns = [module.schema.by_name[name].column.column_name for name in apart]
    sums = ["MIN(CASE WHEN records > 0 THEN date END)", "MAX(CASE WHEN records > 0 THEN date END)"]
    sums += ["SUM(records)", "SUM(quantity)"]
    old = query.end - timedelta(days=DAYS_APART)
    told = totals.counted(module, replace(query, end=old), columns, sums, apart=apart)
    young = replace(query, start=max(query.start, old + timedelta(days=1)))
    told += totals.counted(module, young, [*columns, "date"], sums, apart=apart)
    for material_id, *rest in told:
        start, end, records, kilograms = rest[-4:]
        kind = rest[0] if module is ADJUSTMENTS else ""
        yield (
            material_id,
            Line(module, kind, read_day(start), read_day(end), int(records), sign * in_tons(kilograms)),
        )
