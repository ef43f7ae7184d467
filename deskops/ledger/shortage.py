"""Stock that a change takes below zero, or further below: of the day it is dated, or of any later one."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from datetime import date
from itertools import accumulate
from typing import Any, NamedTuple

from deskops.errors import InsufficientStock, say
from deskops.ledger.chain import Base, base_of, closings
from deskops.modules.reference import Material
from deskops.records.module import Change
from deskops.schema import references
from deskops.schema.columns import in_kilograms, in_tons


class Shortage(NamedTuple):
    """The first day at whose end there is less than nothing of a material, in kilograms."""

    material_id: str
    day: date
    closing: int

    @property
    def error(self) -> InsufficientStock:
        material, missing = references.by_id(Material, self.material_id), in_tons(-self.closing)
        text = say(
            "Not enough %(material)s: on %(day)s %(missing)s t would be missing",
            material=material.name,
            day=self.day,
            missing=missing,
        )
        return InsufficientStock(
            text, materialId=material.id, materialCode=material.code, date=self.day, missing=missing
        )


def shortage_of(
    site_id: str, material_id: str, by_day: Mapping[date, int], first_day: date, *, is_made: bool
) -> Shortage | None:
    """What a change of so many kilograms, day by day, leaves short: one that is made already, or is to be."""
    base = base_of(site_id, material_id, max(min(by_day), first_day), first_day)
    # What is dated before the material's own opening is in no balance.
    days = sorted(day for day in by_day if day >= base.since)
    more = list(accumulate(by_day[day] for day in days))
    if min(more, default=0) >= 0:
        return None
    # A day that lost its only load is told by what lay there before.
    for day, told in closings(site_id, material_id, base, days):
        place = bisect(days, day) - 1
        if place < 0 or more[place] >= 0:
            continue
        closing = told if is_made else told + more[place]
        if closing < 0:
            return Shortage(material_id, day, closing)
    return None


def shortages_of_opening(change: Change, first_day: date) -> list[Shortage]:
    """What an opening leaves short, made or not: it takes the place of whatever its material's balance began with."""
    one = change.after or change.before
    assert one is not None
    openings = [opening for opening in change if opening is not None and opening.is_counted]
    materials = sorted({opening.__data__["material"] for opening in openings})
    found = (shortage_of_opening(one.site_id, material_id, change, first_day) for material_id in materials)
    return [short for short in found if short is not None]


def shortage_of_opening(site_id: str, material_id: str, change: Change, first_day: date) -> Shortage | None:
    then, now = (base_by(opening, material_id, first_day) for opening in change)
    was = closings(site_id, material_id, then, [then.since])
    days = [day for day, _ in was]
    for day, closing in closings(site_id, material_id, now, [now.since]):
        place = bisect(days, day) - 1
        # Before its balance began there was none.
        if closing < min(was[place][1] if place >= 0 else 0, 0):
            return Shortage(material_id, day, closing)
    return None


def base_by(opening: Any, material_id: str, first_day: date) -> Base:
    """Where a material's balance begins by this opening; without one with what moved since the first day."""
    if opening is None or not opening.is_counted or opening.__data__["material"] != material_id:
        return Base(first_day, 0, False, True)
    return Base(opening.date, in_kilograms(opening.quantity), True, True)
