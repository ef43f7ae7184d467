"""The five figures of a site's day, each against the day before."""

from __future__ import annotations

from typing import Any

from flask import Response

from deskops.api import envelope, params
from deskops.api.operations import SITE_ERRORS, Answer, Operation, Section
from deskops.api.shapes import PERCENT, TONS, JsonSchema, Shape, one
from deskops.face import identity
from deskops.insight import metrics
from deskops.insight.metrics import Metric


def compared(name: str, unit: JsonSchema, told: str) -> Shape:
    return Shape(name, {"current": unit, "previous": unit, "percentageChange": PERCENT}, told)


IN_TONS = compared("TonsCompared", TONS, "Tons today and yesterday, and the change in percent")
IN_PERCENT = compared(
    "PercentCompared", PERCENT, "A percentage today and yesterday, and its change in percent"
)
DASHBOARD = Shape(
    "Dashboard",
    {
        "totalProduction": IN_TONS,
        "totalDispatched": IN_TONS,
        "totalReceived": IN_TONS,
        "equipmentUtilization": IN_PERCENT,
        "currentInventoryStatus": IN_TONS,
    },
)


def read_dashboard_metrics() -> Response:
    site = params.one_site(identity.actor())
    found = metrics.dashboard(site)
    return envelope.one(
        {
            "totalProduction": compared_json(found.production),
            "totalDispatched": compared_json(found.dispatched),
            "totalReceived": compared_json(found.received),
            "equipmentUtilization": compared_json(found.utilization),
            "currentInventoryStatus": compared_json(found.stock),
        }
    )


def compared_json(metric: Metric) -> dict[str, Any]:
    return {
        "current": metric.value,
        "previous": metric.previous_value,
        "percentageChange": metric.change,
    }


SECTION = Section(
    "Dashboard",
    "A site's day at a glance. Today is the site's own date, in its time zone.",
    (
        Operation(
            "readDashboardMetrics",
            "GET /dashboard/metrics",
            read_dashboard_metrics,
            "Today's five figures against yesterday's",
            Answer(one(DASHBOARD)),
            "Utilization is run ÷ all hours of the site's machines.",
            parameters=(params.SITE,),
            errors=SITE_ERRORS,
            tagged=True,
        ),
    ),
)
