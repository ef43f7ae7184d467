"""The figures of one site: today's tons, and the stock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response

from deskops.accounts.models import Site
from deskops.api import envelope, params
from deskops.api.operations import SITE_ERRORS, Answer, Operation, Section
from deskops.api.shapes import DAY, PERCENT, TONS, Shape, each, nullable, one, one_of
from deskops.face import identity
from deskops.insight import metrics
from deskops.insight.metrics import Metric, Stock
from deskops.schema.fields import camel

METRIC = {
    "value": TONS,
    "previousValue": TONS,
    "change": PERCENT,
    "trend": one_of("up", "down", "stable"),
    "sparkline": each(TONS, minItems=7, maxItems=7),
}
BREAKDOWN = Shape(
    "StockBreakdown", dict.fromkeys(("opening", "production", "received", "dispatched", "adjustment"), TONS)
)
TODAY = Shape("Metric", METRIC, "Tons today against yesterday; the sparkline is seven days, today last")
STOCK = Shape(
    "StockMetric",
    METRIC | {"asOf": nullable(DAY), "breakdown": BREAKDOWN},
    "The newest snapshot of each material, summed; `asOf` is its date, null without any",
)
METRICS: Sequence[tuple[str, Callable[[Site], Metric], str, Shape]] = (
    ("production-today", metrics.production_today, "Tons produced today", TODAY),
    ("received-today", metrics.received_today, "Tons received today", TODAY),
    ("dispatched-today", metrics.dispatched_today, "Tons dispatched today", TODAY),
    ("inventory-current", metrics.inventory_current, "Tons in stock", STOCK),
)


def view_of(compute: Callable[[Site], Metric]) -> Callable[[], Response]:
    def view() -> Response:
        site = params.one_site(identity.actor())
        return envelope.one(metric_json(compute(site)))

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
        told |= {"asOf": metric.as_of, "breakdown": metric.breakdown}
    return told


def operation(name: str, compute: Callable[[Site], Metric], summary: str, shape: Shape) -> Operation:
    return Operation(
        camel(f"read_{compute.__name__}"),
        f"GET /metrics/{name}",
        view_of(compute),
        summary,
        Answer(one(shape)),
        parameters=(params.SITE,),
        errors=SITE_ERRORS,
        tagged=True,
    )


SECTION = Section(
    "Metrics",
    "The figures of one site. Today is the site's own date, in its time zone.",
    [operation(*each_one) for each_one in METRICS],
)
