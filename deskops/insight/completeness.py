"""What a figure rests on: how many of the inputs that it is made of are there, and which are not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from deskops.accounts.models import Site
from deskops.ledger.inputs import Inputs, inputs_of, together
from deskops.ledger.standing import INPUTS, standing

OPENING = "opening"


def of_days(site: Site, names: Collection[str], start: date, end: date) -> Inputs:
    """The inputs of these modules over a range of days."""
    found = inputs_of(site, names, start, end)
    return together(day for of_module in found.values() for day in of_module)


def of_stock(site: Site, day: date) -> Inputs:
    """The inputs that the snapshots of a day wait for: the opening balance, and one of each flow."""
    inputs = of_days(site, INPUTS, day, day)
    if not inputs.expected:
        return inputs
    first_day = standing(site.id).first_day
    begun = first_day is not None and first_day <= day
    return together([Inputs(int(begun), 1, () if begun else ((OPENING, ""),)), inputs])
