"""The figures on the cards: today's tons against yesterday's, and the stock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from deskops.accounts.models import Site
from deskops.insight.periods import SPARKLINE_DAYS, days, last_days
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED
from deskops.records import totals
from deskops.records.module import Module
from deskops.schema.kinds import percent

ZERO = Decimal(0)
STABLE_BELOW = Decimal("0.005")


@dataclass(frozen=True)
class Metric:
    """Tons today and yesterday, the change in percent, and seven days of tons, oldest first, today last."""

    value: Decimal
    previous_value: Decimal
    sparkline: tuple[Decimal, ...]

    @property
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
    """The newest snapshot of each material, summed: the parts add up to the value; `as_of` is its date."""

    as_of: date | None = None
    breakdown: dict[str, Decimal] = field(default_factory=dict)


def percentage_change(current: Decimal, previous: Decimal) -> Decimal:
    """(current − previous) ÷ |previous| × 100, to 2 decimals; from nothing to something is 100."""
    if previous:
        return percent(current - previous, abs(previous))
    return Decimal(100) if current > 0 else ZERO


def tons_today(module: Module, site: Site) -> Metric:
    """A module's tons of the site's own today."""
    start, today = last_days(site.today(), SPARKLINE_DAYS)
    by_day = totals.by_day(module, site.id, start, today, "quantity")
    sparkline = tuple(by_day.get(day, (0, ZERO))[1] for day in days(start, today))
    yesterday = by_day.get(today - timedelta(days=1), (0, ZERO))[1]
    return Metric(value=sparkline[-1], previous_value=yesterday, sparkline=sparkline)


def production_today(site: Site) -> Metric:
    return tons_today(PRODUCTION, site)


def received_today(site: Site) -> Metric:
    return tons_today(RECEIVED, site)


def dispatched_today(site: Site) -> Metric:
    return tons_today(DISPATCH, site)


def inventory_current(_site: Site) -> Stock:
    """The stock of the site: nothing, as of no day, for as long as no opening balance was entered."""
    parts = ("opening", "production", "received", "dispatched", "adjustment")
    return Stock(ZERO, ZERO, (ZERO,) * SPARKLINE_DAYS, breakdown=dict.fromkeys(parts, ZERO))
