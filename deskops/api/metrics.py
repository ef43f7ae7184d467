"""The figures of one site: today's tons, and the stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response

from deskops.accounts.models import Site
from deskops.api import envelope, params
from deskops.face import identity
from deskops.insight import metrics
from deskops.insight.metrics import Metric, Stock

METRICS: Mapping[str, Callable[[Site], Metric]] = {
    "production-today": metrics.production_today,
    "received-today": metrics.received_today,
    "dispatched-today": metrics.dispatched_today,
    "inventory-current": metrics.inventory_current,
}


def add_routes(blueprint: Blueprint) -> None:
    for name, compute in METRICS.items():
        blueprint.add_url_rule(f"/metrics/{name}", f"read_{compute.__name__}", view_of(compute))


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
