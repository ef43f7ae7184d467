"""The rows behind the charts of one site."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from deskops.api import envelope, params
from deskops.face import identity
from deskops.insight.charts import FlowDay, flow_trend


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/charts/flow-trend", "read_flow_trend", read_flow_trend)


def read_flow_trend() -> Response:
    """Received against dispatched tons, a row for each day, ascending."""
    asked = params.site_days(identity.actor())
    rows = flow_trend(asked.site, asked.start, asked.end)
    return envelope.answer({"data": [flow_json(row) for row in rows]})


def flow_json(row: FlowDay) -> dict[str, Any]:
    return {
        "date": row.date,
        "received": row.received,
        "dispatched": row.dispatched,
        "net": row.net,
        "receivedCount": row.received_count,
        "dispatchCount": row.dispatch_count,
        "complete": row.complete,
    }
