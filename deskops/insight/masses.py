"""What moved of each material over some days, and what the book says was there before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.insight.periods import ZERO
from deskops.ledger.chain import read_day
from deskops.ledger.reckoning import reckoned_day
from deskops.ledger.standing import standing
from deskops.modules import ADJUSTMENTS, DISPATCH, PRODUCTION, RECEIVED
from deskops.modules.adjustment import FEED, KINDS
from deskops.modules.reference import Material
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.query import Query
from deskops.records.record import COUNTED_SQL
from deskops.schema import references
from deskops.schema.columns import in_tons

# What the book says of a difference, beside the feed, which is a flow.
EXPLAINING = tuple(kind for kind, _ in KINDS if kind != FEED)
NOTHING_ADJUSTED: Mapping[str, Decimal] = dict.fromkeys(EXPLAINING, ZERO)


class Span(NamedTuple):
    """Days, both ends included."""

    first: date
    last: date


class Moved(NamedTuple):
    """Tons of one material over some days; `feed` is what the crusher took, `adjusted` are signed, by kind."""

    received: Decimal = ZERO
    production: Decimal = ZERO
    dispatched: Decimal = ZERO
    feed: Decimal = ZERO
    adjusted: Mapping[str, Decimal] = NOTHING_ADJUSTED

    @property
    def into(self) -> Decimal:
        """received + production"""
        return self.received + self.production

    @property
    def out(self) -> Decimal:
        """dispatched + feed consumed"""
        return self.dispatched + self.feed

    @property
    def net(self) -> Decimal:
        """What the flows alone add to the stock: in − out."""
        return self.into - self.out

    @property
    def adjustment(self) -> Decimal:
        """What the book explains beside the flows, signed."""
        return sum(self.adjusted.values(), ZERO)

    @property
    def is_any(self) -> bool:
        return any((self.received, self.production, self.dispatched, self.feed, *self.adjusted.values()))


class Begun(NamedTuple):
    """The first day of a material's book, and the tons at its start."""

    day: date
    tons: Decimal


NOTHING = Moved()


def moved(site: Site, spans: Mapping[str, Span]) -> dict[str, Moved]:
    """{material id: what moved} over each one's span; four statements for each span that differs from the others."""
    by_span: dict[Span, list[str]] = {}
    for material_id, span in spans.items():
        if span.first <= span.last:
            by_span.setdefault(span, []).append(material_id)
    found = dict.fromkeys(spans, NOTHING)
    for span, material_ids in by_span.items():
        found |= moved_within(site, span, material_ids)
    return found


def moved_within(site: Site, span: Span, material_ids: list[str]) -> dict[str, Moved]:
    query = Query((site.id,), span.first, span.last, {"material": frozenset(material_ids)})
    received, produced, dispatched = (tons_of(module, query) for module in (RECEIVED, PRODUCTION, DISPATCH))
    adjusted = totals.counted(
        ADJUSTMENTS, query, ["material_id", "kind"], ["SUM(quantity)"], apart=("material", "kind")
    )
    kinds = {(material_id, kind): in_tons(stored) for material_id, kind, stored in adjusted}
    return {
        one: Moved(
            received.get(one, ZERO),
            produced.get(one, ZERO),
            dispatched.get(one, ZERO),
            -kinds.get((one, FEED), ZERO),
            {kind: kinds.get((one, kind), ZERO) for kind in EXPLAINING},
        )
        for one in material_ids
    }


def together(found: Sequence[Moved]) -> Moved:
    """The sums of these."""
    return Moved(
        sum((one.received for one in found), ZERO),
        sum((one.production for one in found), ZERO),
        sum((one.dispatched for one in found), ZERO),
        sum((one.feed for one in found), ZERO),
        {kind: sum((one.adjusted[kind] for one in found), ZERO) for kind in EXPLAINING},
    )


def tons_of(module: Module, query: Query) -> dict[str, Decimal]:
    """{material id: tons} of what counts."""
    found = totals.counted(module, query, ["material_id"], ["SUM(quantity)"], apart=("material",))
    return {material_id: in_tons(stored) for material_id, stored in found}


def begun(site: Site) -> dict[str, Begun]:
    """{material id: where its book begins}: its own opening, else nothing on the site's first day; {} before any."""
    first_day = standing(site.id).first_day
    if first_day is None:
        return {}
    found = rows(
        f"SELECT material_id, date, quantity FROM opening WHERE site_id = ? AND {COUNTED_SQL}", (site.id,)
    )
    openings = {material_id: Begun(read_day(day), in_tons(stored)) for material_id, day, stored in found}
    return {one.id: openings.get(one.id, Begun(first_day, ZERO)) for one in references.every(Material)}


def book_stock(site: Site, day: date) -> dict[str, Decimal]:
    """{material id: tons at the end of the day}, stored or not, of those that have a balance by then."""
    return {material_id: in_tons(row[-1]) for material_id, row in reckoned_day(site.id, day).items()}
