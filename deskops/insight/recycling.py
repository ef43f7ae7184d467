"""How much of what a site receives can be recycled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight import targets
from deskops.insight.periods import ZERO, every_day
from deskops.insight.rates import difference, rate
from deskops.ledger.inputs import NONE, Inputs, days_between, inputs_of
from deskops.modules import RECEIVED
from deskops.modules.reference import Material
from deskops.schema import references

LEAST_AVERAGED, MOST_AVERAGED = 2, 90
Tons = tuple[Decimal, Decimal]


class RecyclingDay(NamedTuple):
    """Received tons of one day, those of recyclable materials among them, and the target in percent.

    `rate` and `moving_average` are percents, None where nothing was received.
    """

    date: date
    recycled: Decimal
    received: Decimal
    rate: Decimal | None
    target: Decimal
    moving_average: Decimal | None = None
    inputs: Inputs = NONE

    @property
    def complete(self) -> bool:
        return self.inputs.complete

    @property
    def variance(self) -> Decimal | None:
        """rate − target, in points."""
        return difference(self.rate, self.target)


def recycling_rate(site: Site, start: date, end: date, average: int = 0) -> list[RecyclingDay]:
    """Recyclable among all received tons, a row for each day.

    With `average`, each row also has the moving average of that many days, the day itself the last one: their
    recyclable tons ÷ their received tons, so that a busy day weighs more than a quiet one. The days before `start`
    are read for it, so a day's average is the same in whatever range it is asked for.
    """
    first = start - timedelta(days=max(average - 1, 0))
    recyclable = [row.id for row in references.every(Material) if row.is_recyclable]
    all_of_it = every_day(RECEIVED, site, first, end, "quantity")
    recycled = every_day(RECEIVED, site, first, end, "quantity", where={"material": recyclable})
    tons = [(part.sums[0], whole.sums[0]) for part, whole in zip(recycled, all_of_it, strict=True)]
    asked = tons[(start - first).days :]
    averages: Iterable[Decimal | None] = moving_averages(tons, average) if average else [None] * len(asked)
    aims = targets.in_force(site, start, end)
    inputs = inputs_of(site, (RECEIVED.name,), start, end)[RECEIVED.name]
    told = zip(days_between(start, end), asked, aims, averages, inputs, strict=True)
    return [
        RecyclingDay(day, part, whole, rate(part, whole), aim.recycling, mean, of_day)
        for day, (part, whole), aim, mean, of_day in told
    ]


def moving_averages(tons: Sequence[Tons], width: int) -> Iterator[Decimal | None]:
    """The rate of every `width` neighbouring days together, from the first whole window on."""
    recycled = sum((part for part, _ in tons[: width - 1]), ZERO)
    received = sum((whole for _, whole in tons[: width - 1]), ZERO)
    for last in range(width - 1, len(tons)):
        recycled += tons[last][0]
        received += tons[last][1]
        yield rate(recycled, received)
        recycled -= tons[last - width + 1][0]
        received -= tons[last - width + 1][1]
