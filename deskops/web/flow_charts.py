"""The charts of the board: through the gate, and off the crusher against the target; a gap where nobody reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import gettext

from deskops.accounts.models import Site
from deskops.errors import say
from deskops.insight.flows import FlowDay, ProductionDay, flow_trend, production_vs_target
from deskops.insight.periods import ZERO
from deskops.insight.rates import rate
from deskops.ledger.inputs import Inputs, together
from deskops.web import words
from deskops.web.charts import AIMED, BAR, FAR, LINE, NEAR, OPEN, Chart, Series
from deskops.web.scope import Scope
from deskops.web.waiting import listed

NEAR_SHARE = Decimal("0.8")


class Flow(NamedTuple):
    """Tons through the gate of all sites in view on one day; None where nobody reported, or not all did."""

    date: date
    received: Decimal | None
    dispatched: Decimal | None
    loads_in: int
    loads_out: int
    inputs: Inputs

    @property
    def net(self) -> Decimal | None:
        if not self.inputs.complete or self.received is None or self.dispatched is None:
            return None
        return self.received - self.dispatched


class Produced(NamedTuple):
    """Tons produced by all sites in view on one day, and aimed at: None where one of them has no target."""

    date: date
    tons: Decimal | None
    target: Decimal | None
    inputs: Inputs

    @property
    def percent(self) -> Decimal | None:
        """tons ÷ target × 100."""
        return None if self.tons is None or not self.target else rate(self.tons, self.target)

    @property
    def shade(self) -> str:
        """By how much of the target is met: all, 80 % or more, less; an outline while inputs are missing."""
        if self.inputs.missing:
            return OPEN
        if self.tons is None or not self.target:
            return "production"
        if self.tons >= self.target:
            return AIMED
        return NEAR if self.tons >= self.target * NEAR_SHARE else FAR


def by_day(scope: Scope, read: Callable[[Site, date, date], Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows of every site in view, side by side for each day."""
    return list(zip(*(read(site, scope.start, scope.end) for site in scope.sites), strict=True))


def flows(scope: Scope) -> list[Flow]:
    return [flow_of(rows) for rows in by_day(scope, flow_trend)]


def flow_of(rows: Sequence[FlowDay]) -> Flow:
    into = [row.received for row in rows if row.received_count or row.received_inputs.there]
    out = [row.dispatched for row in rows if row.dispatch_count or row.dispatch_inputs.there]
    return Flow(
        rows[0].date,
        sum(into, ZERO) if into else None,
        sum(out, ZERO) if out else None,
        sum(row.received_count for row in rows),
        sum(row.dispatch_count for row in rows),
        together(inputs for row in rows for inputs in (row.received_inputs, row.dispatch_inputs)),
    )


def productions(scope: Scope) -> list[Produced]:
    return [produced_of(rows) for rows in by_day(scope, production_vs_target)]


def produced_of(rows: Sequence[ProductionDay]) -> Produced:
    known = [row.production for row in rows if row.records or row.inputs.there]
    aims = [row.target for row in rows if row.target is not None]
    return Produced(
        rows[0].date,
        sum(known, ZERO) if known else None,
        sum(aims, ZERO) if len(aims) == len(rows) else None,
        together(row.inputs for row in rows),
    )


def flow_chart(rows: Sequence[Flow], scope: Scope) -> Chart:
    return Chart(
        "flow",
        gettext("Flow: received and dispatched"),
        gettext(
            "Tons received and dispatched a day, %(start)s to %(end)s; the same numbers are in the table",
            start=words.day(scope.start),
            end=words.day(scope.end),
        ),
        [row.date for row in rows],
        [
            Series(gettext("Received"), BAR, "received", [row.received for row in rows]),
            Series(gettext("Dispatched"), BAR, "dispatched", [row.dispatched for row in rows]),
            Series(gettext("Net"), LINE, "net", [row.net for row in rows]),
        ],
        gaps(rows),
    )


def production_chart(rows: Sequence[Produced], scope: Scope) -> Chart:
    aims = [row.target for row in rows]
    target = [Series(gettext("Target"), LINE, "target", aims, is_aim=True)] if any(aims) else []
    tons, shades = [row.tons for row in rows], [row.shade for row in rows]
    return Chart(
        "production",
        gettext("Production against the target") if target else gettext("Production"),
        gettext(
            "Tons produced a day, %(start)s to %(end)s; the same numbers are in the table",
            start=words.day(scope.start),
            end=words.day(scope.end),
        ),
        [row.date for row in rows],
        [*target, Series(gettext("Production"), BAR, "production", tons, shades)],
        gaps(rows),
    )


def gaps(rows: Iterable[Flow | Produced]) -> str:
    """Which days still miss inputs, the newest first; "" where none does. A day off misses nothing."""
    found = [words.day(row.date) for row in rows if row.inputs.missing]
    return words.text(say("Not complete: %(days)s", days=listed(found[::-1]))) if found else ""
