"""The rows behind the charts, one for each day of the range."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from deskops.accounts.models import Site
from deskops.insight.periods import days
from deskops.modules import DISPATCH, RECEIVED
from deskops.records import totals

NOTHING = (0, Decimal(0))


@dataclass(frozen=True)
class FlowDay:
    """Tons in and out of the gate on one day; `complete` where both were reported, else a page shows a gap."""

    date: date
    received: Decimal
    dispatched: Decimal
    received_count: int
    dispatch_count: int

    @property
    def net(self) -> Decimal:
        return self.received - self.dispatched

    @property
    def complete(self) -> bool:
        return bool(self.received_count and self.dispatch_count)


def flow_trend(site: Site, start: date, end: date) -> list[FlowDay]:
    """Received against dispatched tons; a day without records is a row of zeros that is not complete."""
    received = totals.by_day(RECEIVED, site.id, start, end, "quantity")
    dispatched = totals.by_day(DISPATCH, site.id, start, end, "quantity")
    rows = []
    for day in days(start, end):
        loads_in, tons_in = received.get(day, NOTHING)
        loads_out, tons_out = dispatched.get(day, NOTHING)
        rows.append(FlowDay(day, tons_in, tons_out, loads_in, loads_out))
    return rows
