"""Charts as a page holds them: days, and series of values of which None is a gap. One script draws them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from deskops.web import words

BAR, LINE = "bar", "line"
# How the bar of a day is shaded: the name of its colour, or that its day is not complete.
AIMED, NEAR, FAR, OPEN = "good", "near", "far", "open"


class Series(NamedTuple):
    """One line or row of bars. `color` and `shades` (one for each value, where they differ) name series colours.

    `dashed` tells for each value whether the line to it is dashed; an aim is dashed all along.
    """

    label: str
    form: str
    color: str
    values: list[Decimal | None]
    shades: Sequence[str] = ()
    dashed: Sequence[bool] = ()
    is_aim: bool = False

    def drawn(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "form": self.form,
            "color": self.color,
            "data": [None if value is None else float(value) for value in self.values],
            "shades": list(self.shades),
            "dashed": list(self.dashed),
            "isAim": self.is_aim,
        }


class Chart(NamedTuple):
    """A chart in a page: `name` makes the ids of its parts, `spoken` is its text for who does not see it."""

    name: str
    title: str
    spoken: str
    days: Sequence[date]
    series: list[Series]
    gaps: str = ""

    @property
    def is_empty(self) -> bool:
        return all(value is None for one in self.series for value in one.values if not one.is_aim)

    @property
    def shades(self) -> set[str]:
        """The shades of bars that the legend explains."""
        return {
            shade
            for one in self.series
            for shade, value in zip(one.shades, one.values, strict=False)
            if value is not None
        }

    def drawn(self) -> dict[str, Any]:
        """What the script draws."""
        return {
            "days": [words.day(day) for day in self.days],
            "series": [one.drawn() for one in self.series],
        }
