"""The figures of one site: today's tons, and the stock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from flask import Response

from deskops.accounts.models import Site
from deskops.api import envelope, params
from deskops.api.completeness import OF_A_DAY, UPDATED_AT, of_a_day, updated_at
from deskops.api.operations import SITE_ERRORS, Answer, Operation, Section
from deskops.api.shapes import DAY, PERCENT, TONS, AnySchema, Shape, described, each, nullable, one, one_of
from deskops.face import identity
from deskops.insight import completeness, metrics, stock
from deskops.insight.metrics import Metric, Stock
from deskops.ledger.inputs import Inputs
from deskops.modules import DISPATCH, PRODUCTION, RECEIVED
from deskops.records.module import Module
from deskops.schema.fields import camel

METRIC: dict[str, AnySchema] = {
    "value": TONS,
    "previousValue": TONS,
    "change": PERCENT,
    "trend": one_of("up", "down", "stable"),
    "sparkline": each(TONS, minItems=7, maxItems=7),
}
BREAKDOWN = Shape(
    "StockBreakdown", dict.fromkeys(("opening", "production", "received", "dispatched", "adjustment"), TONS)
)
RESTS_ON: dict[str, AnySchema] = {"completeness": OF_A_DAY, "updatedAt": UPDATED_AT}
TODAY = Shape(
    "Metric",
    METRIC | {"asOf": DAY} | RESTS_ON,
    "Tons today against yesterday; the sparkline is seven days, today last",
)
STOCK = Shape(
    "StockMetric",
    METRIC
    | {
        "asOf": nullable(DAY),
        "breakdown": BREAKDOWN,
        "incompleteSince": described(
            nullable(DAY),
            "The first earlier day that owes inputs and has no snapshots: the value may still move",
        ),
    }
    | RESTS_ON,
    "The newest snapshot of each material, summed; `asOf` is its date, null without any. previousValue is the balance "
    "at the start of that day; the completeness is that of today's own snapshot",
)


class Figure(NamedTuple):
    """One metric: its path, how it is computed, what it is made of, and which of today's inputs that are."""

    path: str
    compute: Callable[[Site], Metric]
    summary: str
    modules: tuple[Module, ...]
    inputs: Callable[[Site, date], Inputs]
    shape: Shape = TODAY


def of_module(path: str, compute: Callable[[Site], Metric], summary: str, module: Module) -> Figure:
    """A figure of one module's tons."""

    def inputs(site: Site, day: date) -> Inputs:
        return completeness.of_days(site, [module.name], day, day)

    return Figure(path, compute, summary, (module,), inputs)


FIGURES = (
    of_module("production-today", metrics.production_today, "Tons produced today", PRODUCTION),
    of_module("received-today", metrics.received_today, "Tons received today", RECEIVED),
    of_module("dispatched-today", metrics.dispatched_today, "Tons dispatched today", DISPATCH),
    Figure(
        "inventory-current",
        metrics.inventory_current,
        "Tons in stock",
        stock.MADE_OF,
        completeness.of_stock,
        STOCK,
    ),
)


def view_of(figure: Figure) -> Callable[[], Response]:
    def view() -> Response:
        site = params.one_site(identity.actor())
        today = site.today()
        rests_on = {
            "completeness": of_a_day(figure.inputs(site, today)),
            "updatedAt": updated_at(site, figure.modules),
        }
        return envelope.one({"asOf": today} | metric_json(figure.compute(site)) | rests_on)

    return view


def metric_json(metric: Metric) -> dict[str, Any]:
    told: dict[str, Any] = {
        "value": metric.value,
        "previousValue": metric.previous_value,
        "change": metric.change,
        "trend": metric.trend,
        "sparkline": list(metric.sparkline),
    }
    if isinstance(metric, Stock):
        told |= {
            "asOf": metric.as_of,
            "breakdown": metric.breakdown,
            "incompleteSince": metric.incomplete_since,
        }
    return told


def operation(figure: Figure) -> Operation:
    return Operation(
        camel(f"read_{figure.compute.__name__}"),
        f"GET /metrics/{figure.path}",
        view_of(figure),
        figure.summary,
        Answer(one(figure.shape)),
        parameters=(params.SITE,),
        errors=SITE_ERRORS,
        tagged=True,
    )


SECTION = Section(
    "Metrics",
    "The figures of one site. Today is the site's own date, in its time zone.",
    [operation(figure) for figure in FIGURES],
)
