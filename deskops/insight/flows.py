"""Tons day by day: through the gate, and off the crusher against the target."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight import targets
from deskops.insight.periods import every_day
from deskops.insight.rates import difference, rate
from deskops.ledger.inputs import NONE, Inputs, inputs_of, together
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED


class FlowDay(NamedTuple):
    """Tons in and out of the gate on one day; `complete` where both were reported, else a page shows a gap.

    A nil return reports too: then nothing is what moved.
    """

    date: date
    received: Decimal
    dispatched: Decimal
    received_count: int
    dispatch_count: int
    received_inputs: Inputs = NONE
    dispatch_inputs: Inputs = NONE

    @property
    def net(self) -> Decimal:
        return self.received - self.dispatched

    @property
    def complete(self) -> bool:
        return together([self.received_inputs, self.dispatch_inputs]).complete


class ProductionDay(NamedTuple):
    """Tons produced on one day, and the tons aimed at; None where there is no target."""

    date: date
    production: Decimal
    records: int
    target: Decimal | None
    inputs: Inputs = NONE

    @property
    def complete(self) -> bool:
        """Whether every shift that the site's calendar names reported."""
        return self.inputs.complete

    @property
    def variance(self) -> Decimal | None:
        """production − target, in tons."""
        return difference(self.production, self.target)

    @property
    def variance_percent(self) -> Decimal | None:
        """(production − target) ÷ target × 100; None for a target of nothing, too."""
        return None if self.target is None else rate(self.production - self.target, self.target)


def flow_trend(site: Site, start: date, end: date) -> list[FlowDay]:
    """Received against dispatched tons; a day that nobody reported is a row of zeros that is not complete."""
    received = every_day(RECEIVED, site, start, end, "quantity")
    dispatched = every_day(DISPATCH, site, start, end, "quantity")
    inputs = inputs_of(site, (RECEIVED.name, DISPATCH.name), start, end)
    told = zip(received, dispatched, inputs[RECEIVED.name], inputs[DISPATCH.name], strict=True)
    return [
        FlowDay(into.day, into.sums[0], out.sums[0], into.records, out.records, *of_day)
        for into, out, *of_day in told
    ]


def production_vs_target(site: Site, start: date, end: date) -> list[ProductionDay]:
    """Produced tons against the target in force that day; a day that nobody reported is 0 and not complete."""
    produced = every_day(PRODUCTION, site, start, end, "quantity")
    aims = targets.in_force(site, start, end)
    inputs = inputs_of(site, (PRODUCTION.name,), start, end)[PRODUCTION.name]
    return [
        ProductionDay(row.day, row.sums[0], row.records, aim.production, of_day)
        for row, aim, of_day in zip(produced, aims, inputs, strict=True)
    ]
