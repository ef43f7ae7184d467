"""A load, or a shift's production, far outside what is usual of the material at this site; a twin of one.

Far outside is a modified z-score over 3.5 (`history.Usual.is_far`), a trip at a time. Where the tenth of the figure,
or ten times it, would be usual, a digit slipped or a point is in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

from deskops.database import rows, utc_now
from deskops.errors import Problem, say
from deskops.modules import ADJUSTMENTS, DISPATCH, PRODUCTION, RECEIVED
from deskops.records import listing
from deskops.records.module import Module
from deskops.records.record import COUNTED_SQL, Record
from deskops.sanity.history import Usual, usual
from deskops.schema.columns import in_kilograms, in_tons

WEIGHED = (RECEIVED, DISPATCH, PRODUCTION)
# Of these the book may hold two that are alike: only the moment tells a second load from a second click.
MAY_REPEAT = (RECEIVED, DISPATCH, ADJUSTMENTS)
TWINS_WITHIN = timedelta(minutes=10)
MOST_TWINS = 20
# What makes two loads of one weight two: where both say it, and say it differently.
TELLS_APART = ("vehicle", "time", "reference", "kind")


def far_outside(module: Module, record: Record, _before: Record | None) -> Iterator[Problem]:
    """Far from what is usual, or ten times too much or too little."""
    if module not in WEIGHED:
        return
    values = record.__data__
    trips, kilograms = values.get("trips") or 1, in_kilograms(values["quantity"])
    known = usual(module, record.site_id, values["material"])
    if known is None or not known.is_far(kilograms // trips):
        return
    meant = slipped(known, kilograms, trips)
    if meant is not None:
        yield doubt(say("A digit may have slipped: did you mean %(tons)s t?", tons=in_tons(meant)))
    else:
        yield doubt(
            say("Far from the usual: half of them weigh less than %(tons)s t", tons=in_tons(known.median))
        )


def slipped(known: Usual, kilograms: int, trips: int) -> int | None:
    """What was meant, where a tenth of it or ten times as much is usual."""
    for meant in (kilograms // 10, kilograms * 10):
        if not known.is_far(meant // trips):
            return meant
    return None


def twin(module: Module, record: Record, before: Record | None) -> Iterator[Problem]:
    """The same site, day, material and tons, entered within the last ten minutes by anybody."""
    if module not in MAY_REPEAT or before is not None:
        return
    values: Any = record.__data__
    since = Record.created_at.db_value(utc_now() - TWINS_WITHIN)
    key = (
        record.site_id,
        in_kilograms(values["quantity"]),
        since,
        record.date.isoformat(),
        values["material"],
    )
    told = tells_apart(module)
    if any(is_alike(values, dict(zip(told, other, strict=True))) for other in rows(twins_sql(module), key)):
        yield doubt(say("The same was entered minutes ago: is this a second one?"))


@cache
def tells_apart(module: Module) -> list[str]:
    return [name for name in TELLS_APART if name in module.schema.by_name]


@cache
def twins_sql(module: Module) -> str:
    """Found by the index that lists sort tons by: few rows have these tons and are so young."""
    table = listing.table(module)
    columns = ", ".join(module.schema.by_name[name].column.column_name for name in tells_apart(module))
    return (
        f"SELECT {columns} FROM {table}{listing.by_index(table + '_by_quantity')} "
        "WHERE site_id = ? AND quantity = ? AND created_at >= ? AND date = ? AND material_id = ? "
        f"AND {COUNTED_SQL} LIMIT {MOST_TWINS}"
    )


def is_alike(values: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(str(values[name]) == str(said) for name, said in other.items() if said and values[name])


def doubt(message: Any) -> Problem:
    return Problem("quantity", message, soft=True)
