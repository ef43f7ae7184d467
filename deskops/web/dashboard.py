"""The board: four cards and the flow of tons, of one site or of all that the reader may see; live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from deskops.accounts.models import Site
from deskops.errors import Message, say
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.insight import metrics
from deskops.insight.flows import FlowDay, flow_trend
from deskops.insight.metrics import Metric
from deskops.insight.periods import days
from deskops.web import fragments, moving, words
from deskops.web.records import VIEW_FORM
from deskops.web.scope import Scope, read_scope

CARDS: tuple[tuple[str, Message, Callable[[Site], Metric]], ...] = (
    ("production", say("Total production today"), metrics.production_today),
    ("received", say("Received materials today"), metrics.received_today),
    ("dispatched", say("Total dispatched today"), metrics.dispatched_today),
    ("inventory", say("Current inventory"), metrics.inventory_current),
)
LINE_WIDTH, LINE_HEIGHT, LINE_MARGIN = 112, 36, 3


@dataclass(frozen=True)
class Card:
    """A figure with its comparison. `is_known` is False where there is nothing to compute it from."""

    name: str
    label: str
    metric: Metric
    line: Sparkline
    is_known: bool = True


@dataclass(frozen=True)
class Sparkline:
    """Seven days as points of an SVG line, the last one apart for its dot."""

    points: str
    last: tuple[float, float]
    spoken: str


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/", "home", home)
    pages.add_url_rule("/dashboard", "dashboard", show)


def home() -> Response:
    return redirect(url_for("web.dashboard"))  # type: ignore[return-value]


def show() -> Response:
    """The board; for a script only its fragment, kept while nothing changes."""
    scope = read_scope(request.args, identity.actor())
    seen = state_of(scope.sites)
    key = (
        "board",
        url(scope),
        scope.start,
        scope.end,
        seen,
        str(words.locale()),
        *(site.id for site in scope.sites),
    )
    html = fragments.kept.get(key, lambda: board_html(scope))
    if not fragments.is_fragment():
        return fragments.answer(render_template("dashboard/page.html", scope=scope, board=html, seen=seen))
    response = fragments.answer(html)
    if request.headers.get("HX-Trigger") == VIEW_FORM:
        response.headers["HX-Push-Url"] = url(scope)
    return response


def url(scope: Scope) -> str:
    return url_for("web.dashboard", **scope.params)


def board_html(scope: Scope) -> str:
    flow = summed_flow(scope)
    return render_template(
        "dashboard/_board.html",
        scope=scope,
        cards=[card(name, label, read, scope.sites) for name, label, read in CARDS],
        flow=flow,
        chart=chart(flow),
        sites=by_site(scope),
        moving=moving.texts_of(scope.sites),
        url=url(scope),
        scope_url=lambda site: url(replace(scope, site=site)),
    )


def card(name: str, label: Message, read: Callable[[Site], Metric], sites: Sequence[Site]) -> Card:
    found = [read(site) for site in sites]
    is_known = any(getattr(one, "as_of", True) for one in found)
    metric = total(found)
    return Card(name, words.text(label), metric, sparkline(metric.sparkline), is_known)


def total(found: Sequence[Metric]) -> Metric:
    """The figure of several sites together."""
    if len(found) == 1:
        return found[0]
    lines = zip(*(one.sparkline for one in found), strict=True)
    return Metric(
        value=sum((one.value for one in found), Decimal(0)),
        previous_value=sum((one.previous_value for one in found), Decimal(0)),
        sparkline=tuple(sum(tons, Decimal(0)) for tons in lines) or (Decimal(0),) * 7,
    )


def sparkline(values: Sequence[Decimal]) -> Sparkline:
    """The line from zero up, so that a flat day looks flat and an empty week lies on the ground."""
    most = max(values, default=Decimal(0)) or Decimal(1)
    step = (LINE_WIDTH - 2 * LINE_MARGIN) / max(len(values) - 1, 1)
    height = LINE_HEIGHT - 2 * LINE_MARGIN
    places = [
        (
            round(LINE_MARGIN + index * step, 1),
            round(LINE_HEIGHT - LINE_MARGIN - float(value / most) * height, 1),
        )
        for index, value in enumerate(values)
    ]
    spoken = ", ".join(words.number(value, words.CARD_PLACES) for value in values)
    return Sparkline(" ".join(f"{x},{y}" for x, y in places), places[-1], spoken)


def summed_flow(scope: Scope) -> list[FlowDay]:
    """The flow of all sites in view, day by day."""
    by_day: dict[Any, list[FlowDay]] = {day: [] for day in days(scope.start, scope.end)}
    for site in scope.sites:
        for row in flow_trend(site, scope.start, scope.end):
            by_day[row.date].append(row)
    return [summed_day(day, rows) for day, rows in by_day.items()]


def summed_day(day: Any, rows: Sequence[FlowDay]) -> FlowDay:
    return FlowDay(
        day,
        sum((row.received for row in rows), Decimal(0)),
        sum((row.dispatched for row in rows), Decimal(0)),
        sum(row.received_count for row in rows),
        sum(row.dispatch_count for row in rows),
    )


def chart(flow: Iterable[FlowDay]) -> dict[str, Any]:
    """What the chart's script draws. A flow nobody reported is a gap, and so is the net of an incomplete day."""
    rows = list(flow)
    return {
        "days": [words.day(row.date) for row in rows],
        "received": [float(row.received) if row.received_count else None for row in rows],
        "dispatched": [float(row.dispatched) if row.dispatch_count else None for row in rows],
        "net": [float(row.net) if row.complete else None for row in rows],
    }


def by_site(scope: Scope) -> list[tuple[Site, list[Metric]]]:
    """Each site's own figures of today, where several are in view."""
    if len(scope.sites) < 2:
        return []
    return [(site, [read(site) for _, _, read in CARDS[:3]]) for site in scope.sites]
