"""The mass balance: does what came in, less what went out, lie on the ground?

What a yard takes in has gone out or lies there: input = output + accumulation (conservation of mass; Himmelblau and
Riggs, Basic Principles and Calculations in Chemical Engineering). For each material, a stream, and in total:

    in                 received + production
    out                dispatched + feed that the crusher consumed
    change of stock    stock at the end − stock at the start
    unexplained        in − out − change of stock        over 0 tons are missing, under 0 there are more than came

The other adjustments (survey correction, moisture, loss, opening correction) are no flows but what the book itself
says of a difference: they stand apart. Where both stocks are the book's, unexplained is those adjustments with the
other sign and nothing else, for then the book is held against itself.

A stock is the surveyed one where the material was measured within NEAR_DAYS of that moment, else the book's. A survey
of another day is rolled to the moment by the flows between, without those adjustments: so unexplained is what went
astray between two surveys, whatever days are asked for.

The band is the errors of the surveys together, taken as independent of each other: the root of the sum of their
squares (JCGM 100:2008, the GUM, 5.1.2). Weighed loads and the book have no error told, and add none.

The yield is production ÷ feed. In total both sides of the conversion are counted, the feed as out and what was made
of it as in: what is lost in crushing is told by the yield, and is not unexplained.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.insight.ground import A_DAY, Ends, Surveyed, surveyed
from deskops.insight.masses import Moved, Span, begun, book_stock, moved, together
from deskops.insight.periods import ZERO
from deskops.insight.rates import rate
from deskops.ledger.inputs import due_days
from deskops.ledger.standing import stored_days
from deskops.modules.reference import Material
from deskops.modules.survey import KILOGRAM
from deskops.schema import references

BOOK, SURVEY = "BOOK", "SURVEY"
WITHIN, OUTSIDE = "WITHIN", "OUTSIDE"


class Stock(NamedTuple):
    """Tons at the end of a day, as the book has them and as they were surveyed."""

    book: Decimal
    survey: Surveyed | None = None

    @property
    def source(self) -> str:
        return BOOK if self.survey is None else SURVEY

    @property
    def tons(self) -> Decimal:
        """The surveyed tons; without a survey the book's."""
        return self.book if self.survey is None else self.survey.tons


class Figures(NamedTuple):
    """What moved, the stocks before and after it, and the error of each survey that told one of them."""

    moved: Moved
    opening: Decimal
    closing: Decimal
    errors: tuple[Decimal, ...]

    @property
    def change(self) -> Decimal:
        return self.closing - self.opening

    @property
    def unexplained(self) -> Decimal:
        return self.moved.net - self.change

    @property
    def band(self) -> Decimal | None:
        """How far the surveys' error reaches either way, to the kilogram; None where nothing was surveyed."""
        if not self.errors:
            return None
        return sum((error * error for error in self.errors), ZERO).sqrt().quantize(KILOGRAM, ROUND_HALF_UP)

    @property
    def verdict(self) -> str | None:
        """Whether the surveys' error alone can be the reason; None where nothing was surveyed."""
        if self.band is None:
            return None
        return WITHIN if abs(self.unexplained) <= self.band else OUTSIDE


class Stream(NamedTuple):
    """One material over the days of the period that its book has, from `since` on."""

    material: Material
    since: date
    moved: Moved
    opening: Stock
    closing: Stock

    @property
    def figures(self) -> Figures:
        surveys = (self.opening.survey, self.closing.survey)
        errors = tuple(one.error for one in surveys if one is not None)
        return Figures(self.moved, self.opening.tons, self.closing.tons, errors)

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say of it."""
        held = (self.opening.book, self.opening.tons, self.closing.book, self.closing.tons)
        return any(held) or self.moved.is_any


class Balance(NamedTuple):
    """A site's balance. `since` is the first day of the period that the ledger has, None where it has none of it.

    `missing` are its days that are due and not whole yet: their figures may still grow.
    """

    site: Site
    start: date
    end: date
    since: date | None
    streams: list[Stream]
    missing: list[date]

    @property
    def last(self) -> date:
        """The day at whose end the stock is told: the last one of the period that is not still to come."""
        return min(self.end, self.site.today())

    @property
    def total(self) -> Figures:
        found = [stream.figures for stream in self.streams]
        return Figures(
            together([one.moved for one in found]),
            sum((one.opening for one in found), ZERO),
            sum((one.closing for one in found), ZERO),
            tuple(error for one in found for error in one.errors),
        )

    @property
    def surveyed(self) -> int:
        """How many streams were surveyed at both ends: of those nothing is taken from the book."""
        return sum(bool(one.opening.survey and one.closing.survey) for one in self.streams)


def crushing_yield(all_moved: Moved) -> Decimal | None:
    """production ÷ feed × 100; None where no feed was told, over 100 where not all of it was."""
    return rate(all_moved.production, all_moved.feed)


def mass_balance(site: Site, start: date, end: date) -> Balance:
    """The balance of the days from `start` to `end`, both included, as far as the ledger has them and they are over."""
    last = min(end, site.today())
    begins = begun(site)
    since = {key: max(start, one.day) for key, one in begins.items() if max(start, one.day) <= last}
    if not since:
        return Balance(site, start, end, None, [], [])
    flows = moved(site, {key: Span(day, last) for key, day in since.items()})
    opened, closed = surveyed(site, {key: Ends(day - A_DAY, last) for key, day in since.items()})
    before = {key: one.tons for key, one in begins.items()} | book_stock(site, start - A_DAY)
    after = book_stock(site, last)
    streams = [
        Stream(
            material,
            since[material.id],
            flows[material.id],
            Stock(before[material.id], opened.get(material.id)),
            Stock(after.get(material.id, ZERO), closed.get(material.id)),
        )
        for material in references.every(Material)
        if material.id in since
    ]
    first = min(since.values())
    told = [stream for stream in streams if stream.is_told]
    return Balance(site, start, end, first, told, missing_days(site, first, last))


def missing_days(site: Site, start: date, end: date) -> list[date]:
    """The days of the range that owe inputs and do not have them all, in order."""
    return sorted(due_days(site, start, end) - stored_days(site.id, start, end))
