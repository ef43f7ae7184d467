"""The figures on the cards: today's against yesterday's, and the stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from deskops.accounts.models import Site
from deskops.insight import stock
from deskops.insight.periods import SPARKLINE_DAYS, ZERO, every_day, last_days
from deskops.insight.rates import percentage_change
from deskops.insight.utilization import rate_of
from deskops.ledger.chain import COLUMNS
from deskops.ledger.gaps import incomplete_since
from deskops.modules import DISPATCH, EQUIPMENT, PRODUCTION, RECEIVED
from deskops.modules.equipment import HOURS
from deskops.records.module import Module

STABLE_BELOW = Decimal("0.005")
OPENING, *_, CLOSING = COLUMNS


@dataclass(frozen=True)
class Metric:
    """A value today and yesterday, the change in percent, and the values of seven days, oldest first, today last."""

    value: Decimal
    previous_value: Decimal
    sparkline: tuple[Decimal, ...]

    @cached_property
    def change(self) -> Decimal:
        return percentage_change(self.value, self.previous_value)

    @property
    def trend(self) -> str:
        """up, down, or stable where the change is under 0.005 percent."""
        if abs(self.change) < STABLE_BELOW:
            return "stable"
        return "up" if self.change > 0 else "down"


@dataclass(frozen=True)
class Stock(Metric):
    """The newest snapshot of each material, summed: the parts add up to the value; `as_of` is its date.

    `incomplete_since` is the first earlier day that owes inputs and has no snapshots: the value may still move.
    """

    as_of: date | None = None
    breakdown: dict[str, Decimal] = field(default_factory=dict)
    incomplete_since: date | None = None


@dataclass(frozen=True)
class Dashboard:
    """The five figures of a site's today, each against yesterday's."""

    production: Metric
    dispatched: Metric
    received: Metric
    utilization: Metric
    stock: Stock


def of_days(values: Sequence[Decimal]) -> Metric:
    """The metric of seven days' values, today's the last."""
    return Metric(values[-1], values[-2], tuple(values))


def tons_today(module: Module, site: Site) -> Metric:
    """A module's tons of the site's own today."""
    week = every_day(module, site, *last_days(site.today(), SPARKLINE_DAYS), "quantity")
    return of_days([row.sums[0] for row in week])


def production_today(site: Site) -> Metric:
    return tons_today(PRODUCTION, site)


def received_today(site: Site) -> Metric:
    return tons_today(RECEIVED, site)


def dispatched_today(site: Site) -> Metric:
    return tons_today(DISPATCH, site)


def utilization_today(site: Site) -> Metric:
    """Run ÷ all hours of the site's machines in percent; a day without hours is 0."""
    week = every_day(EQUIPMENT, site, *last_days(site.today(), SPARKLINE_DAYS), *HOURS)
    return of_days([rate_of(row) or ZERO for row in week])


def inventory_current(site: Site) -> Stock:
    """The stock of the site as of its newest stored day, against the start of that day.

    Nothing, as of no day, for as long as no day is stored.
    """
    week = last_days(site.today(), SPARKLINE_DAYS)
    found = stock.stock_days(site, week[0])
    newest = found[-1] if found else None
    parts = newest.parts if newest else dict.fromkeys(COLUMNS, ZERO)
    return Stock(
        parts[CLOSING],
        parts[OPENING],
        tuple(stock.carried(found, *week)),
        newest.date if newest else None,
        {name: parts[name] for name in COLUMNS if name != CLOSING},
        incomplete_since(site, newest.date) if newest else None,
    )


def dashboard(site: Site) -> Dashboard:
    return Dashboard(
        production_today(site),
        dispatched_today(site),
        received_today(site),
        utilization_today(site),
        inventory_current(site),
    )
