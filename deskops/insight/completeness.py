"""What a figure rests on: how many of the inputs that it is made of are there, and which are not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from deskops.accounts.models import Site
from deskops.ledger.inputs import WHOLE_DAY, Inputs, Missing, awaited, inputs_of, together
from deskops.ledger.standing import INPUTS, standing

OPENING = "opening"


def of_days(site: Site, names: Collection[str], start: date, end: date) -> Inputs:
    """The inputs of these modules over a range of days."""
    found = inputs_of(site, names, start, end)
    return together(day for of_module in found.values() for day in of_module)


def of_stock(site: Site, day: date) -> Inputs:
    """The inputs of a day's stock: the opening balance, and those of each flow; none where the day owes nothing."""
    inputs = of_days(site, INPUTS, day, day)
    return together([opening(site, day), inputs]) if inputs.expected else inputs


def awaited_by_stock(site: Site, day: date) -> tuple[Missing, ...]:
    """What the snapshots of a day wait for, whether or not the day owes it."""
    return opening(site, day).missing + awaited(site, day)


def opening(site: Site, day: date) -> Inputs:
    """There from the day of the site's first opening balance on."""
    first_day = standing(site.id).first_day
    begun = first_day is not None and first_day <= day
    return Inputs(int(begun), 1, () if begun else ((OPENING, WHOLE_DAY),))
