"""The cards of the board: a figure, what it is compared with, what it still waits for, and how old it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.days.board import OPENING, Day, days_of
from deskops.errors import Message, say
from deskops.insight import age, metrics
from deskops.insight.metrics import Metric
from deskops.insight.periods import SPARKLINE_DAYS, ZERO, last_days
from deskops.ledger.standing import INPUTS
from deskops.modules import ADJUSTMENTS, DISPATCH, PRODUCTION, RECEIVED
from deskops.records.module import Module
from deskops.web import words
from deskops.web.waiting import Inputs, inputs_of, is_reported

LINE_WIDTH, LINE_HEIGHT, LINE_MARGIN = 112, 36, 3
# Tons of seven days, today the last; None where nothing was reported.
Gaps = Sequence[Decimal | None]
Place = tuple[float, float]


class Kind(NamedTuple):
    """A card: its figure of one site, the inputs it waits for, the modules whose entries make it."""

    name: str
    label: Message
    read: Callable[[Site], Metric]
    inputs: tuple[str, ...]
    modules: tuple[Module, ...]


STOCK = "inventory"
KINDS = (
    Kind(
        "production", say("Total production today"), metrics.production_today, ("production",), (PRODUCTION,)
    ),
    Kind("received", say("Received materials today"), metrics.received_today, ("received",), (RECEIVED,)),
    Kind("dispatched", say("Total dispatched today"), metrics.dispatched_today, ("dispatch",), (DISPATCH,)),
    Kind(
        STOCK,
        say("Current inventory"),
        metrics.inventory_current,
        (OPENING, *INPUTS),
        (*INPUTS.values(), ADJUSTMENTS),
    ),
)


class Figures(NamedTuple):
    """What the cards say of one site: its today, and by the name of the card the metric and its week."""

    site: Site
    today: Day
    metrics: Mapping[str, Metric]
    weeks: Mapping[str, Gaps]


class Sparkline(NamedTuple):
    """Seven days as the points of SVG lines, one for each run of days that were reported.

    There are dots for today, and for days without neighbours.
    """

    lines: list[str]
    dots: list[Place]
    spoken: str


class Card(NamedTuple):
    """A card in words; `week` tells where there is no figure, `as_of` is the day of a stock."""

    name: str
    label: str
    metric: Metric
    week: Gaps
    inputs: Inputs
    entered_at: datetime | None
    as_of: date | None

    @property
    def line(self) -> Sparkline:
        return sparkline(self.week)


def figures_of(site: Site) -> Figures:
    """As many statements as there are kinds, and a few for the week's days."""
    week = days_of(site, *last_days(site.today(), SPARKLINE_DAYS))
    found = {kind.name: kind.read(site) for kind in KINDS}
    return Figures(site, week[-1], found, {kind.name: gaps(kind, found[kind.name], week) for kind in KINDS})


def gaps(kind: Kind, metric: Metric, week: Sequence[Day]) -> Gaps:
    """The metric's seven days; none where nobody reported, or declared that there was nothing."""
    if kind.name == STOCK:
        return metric.sparkline if as_of(metric) else [None] * SPARKLINE_DAYS
    return [
        tons if tons or is_reported(day, kind.inputs) else None
        for tons, day in zip(metric.sparkline, week, strict=True)
    ]


def as_of(metric: Metric) -> date | None:
    """The day of a stock; None of other metrics, and of a site without a ledger."""
    return getattr(metric, "as_of", None)


def cards_of(found: Sequence[Figures]) -> list[Card]:
    """The four cards of these sites together; a stock is as of the oldest of its sites' days."""
    return [
        Card(
            kind.name,
            words.text(kind.label),
            total([one.metrics[kind.name] for one in found]),
            added([one.weeks[kind.name] for one in found]),
            inputs_of([(one.site, one.today) for one in found], kind.inputs),
            newest(age.entered_at(one.site.id, kind.modules) for one in found),
            min(filter(None, (as_of(one.metrics[kind.name]) for one in found)), default=None),
        )
        for kind in KINDS
    ]


def newest(moments: Iterable[datetime | None]) -> datetime | None:
    return max(filter(None, moments), default=None)


def added(weeks: Sequence[Gaps]) -> Gaps:
    """Day by day the tons of those sites that reported; None where none did."""
    if not weeks:
        return [None] * SPARKLINE_DAYS
    known = [[tons for tons in day if tons is not None] for day in zip(*weeks, strict=True)]
    return [sum(tons, ZERO) if tons else None for tons in known]


def total(found: Sequence[Metric]) -> Metric:
    """The figure of several sites together."""
    lines = zip(*(one.sparkline for one in found), strict=True)
    return Metric(
        value=sum((one.value for one in found), ZERO),
        previous_value=sum((one.previous_value for one in found), ZERO),
        sparkline=tuple(sum(tons, ZERO) for tons in lines) or (ZERO,) * SPARKLINE_DAYS,
    )


def sparkline(values: Gaps) -> Sparkline:
    """The line from zero up, so that a flat day looks flat; broken where nobody reported."""
    most = max(filter(None, values), default=ZERO)
    step = (LINE_WIDTH - 2 * LINE_MARGIN) / max(len(values) - 1, 1)
    places = [
        None if tons is None else place_of(number * step, tons, most) for number, tons in enumerate(values)
    ]
    runs = [[place for place in run if place] for is_known, run in groupby(places, key=bool) if is_known]
    dots = [run[0] for run in runs if len(run) == 1]
    if places[-1] and places[-1] not in dots:
        dots.append(places[-1])
    return Sparkline(
        [" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1],
        dots,
        ", ".join("–" if tons is None else words.number(tons, words.CARD_PLACES) for tons in values),
    )


def place_of(offset: float, tons: Decimal, most: Decimal) -> Place:
    """A point of the line; less than nothing lies on the ground."""
    share = max(float(tons / most), 0) if most > 0 else 0
    height = LINE_HEIGHT - 2 * LINE_MARGIN
    return round(LINE_MARGIN + offset, 1), round(LINE_HEIGHT - LINE_MARGIN - share * height, 1)
