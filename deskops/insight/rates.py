"""Rates in percent, to 2 decimals; None where there is nothing to divide by, for a chart draws a gap there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from deskops.schema.kinds import percent

Number = Decimal | int
HUNDREDTHS_OF_ALL = 10_000


def rate(part: Number, whole: Number) -> Decimal | None:
    """part ÷ whole × 100, halves away from zero."""
    return percent(part, whole) if whole else None


def difference(value: Decimal | None, target: Decimal | None) -> Decimal | None:
    """value − target, where both are there."""
    return None if value is None or target is None else value - target


def percentage_change(current: Decimal, previous: Decimal) -> Decimal:
    """(current − previous) ÷ |previous| × 100; from nothing to something is 100, from nothing to nothing 0."""
    if previous:
        return percent(current - previous, abs(previous))
    return Decimal(100) if current > 0 else Decimal(0)


def shares(parts: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Each part of the whole in percent, together exactly 100.00, or all 0 where there is no whole.

    By largest remainder (Hamilton's method): every share is cut to hundredths, and the hundredths that are left go
    to the parts that lost most, the earlier of equals first. No part may be negative.
    """
    whole = sum(parts)
    if not whole:
        return (Decimal(0),) * len(parts)
    cut = [divmod(part * HUNDREDTHS_OF_ALL, whole) for part in parts]
    hundredths = [int(share) for share, _ in cut]
    by_loss = sorted(range(len(parts)), key=lambda place: -cut[place][1])
    for place in by_loss[: HUNDREDTHS_OF_ALL - sum(hundredths)]:
        hundredths[place] += 1
    return tuple(Decimal(share).scaleb(-2) for share in hundredths)
