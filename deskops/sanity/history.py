"""What is usual at a site: the loads of a material as they were, by median and MAD.

The newest loads of a module and site are read at once, by an index, and kept for some minutes: a load entered
meanwhile changes no median.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import timedelta
from statistics import median_low
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.records import listing
from deskops.records.module import Module
from deskops.records.record import COUNTED_SQL
from deskops.schema import references

DAYS_BACK = timedelta(days=90)
MOST_LOADS = 2_000
# Of fewer nobody can say what is usual.
LEAST_LOADS = 20
KEPT_SECONDS = 300.0
MOST_KEPT = 200


class Usual(NamedTuple):
    """Of a material's loads, in kilograms: the median, and the median distance from it (MAD)."""

    median: int
    spread: int

    def is_far(self, kilograms: int) -> bool:
        """Whether a load lies far outside: |0.6745 · (x − median) ÷ MAD| > 3.5, the modified z-score.

        B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers", ASQC Quality Press 1993, p. 11 f.
        """
        return 6_745 * abs(kilograms - self.median) > 35_000 * self.spread


Book = dict[str, Usual]
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str], tuple[float, Book]] = OrderedDict()


def usual(module: Module, site_id: str, material_id: str) -> Usual | None:
    """What is usual of this material; None where too little was entered."""
    key, now = (module.name, site_id), time.monotonic()
    found = _kept.get(key)
    if found is None or now - found[0] > KEPT_SECONDS:
        found = (now, read(module, site_id))
        with _lock:
            _kept[key] = found
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return found[1].get(material_id)


def read(module: Module, site_id: str) -> Book:
    trips = "trips" if "trips" in module.schema.by_name else "1"
    since = references.by_id(Site, site_id).today() - DAYS_BACK
    found = rows(
        f"SELECT material_id, quantity, {trips} FROM {listing.table(module)}"
        f"{listing.by_index(listing.table(module) + '_in_order')} "
        f"WHERE site_id = ? AND date >= ? AND {COUNTED_SQL} "
        "ORDER BY date DESC, created_at DESC, id DESC LIMIT ?",
        (site_id, since.isoformat(), MOST_LOADS),
    )
    loads: dict[str, list[int]] = {}
    for material_id, kilograms, count in found:
        loads.setdefault(material_id, []).append(int(kilograms) // (count or 1))
    return {key: usual_of(each) for key, each in loads.items() if len(each) >= LEAST_LOADS}


def usual_of(loads: list[int]) -> Usual:
    """A tenth of the median is the least spread: where all loads are alike, not every other one is far off."""
    middle = median_low(loads)
    return Usual(middle, max(median_low([abs(one - middle) for one in loads]), middle // 10, 1))


def forget() -> None:
    """Read everything anew at the next look."""
    with _lock:
        _kept.clear()
