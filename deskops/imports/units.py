"""Units a file may have its weights in. What is converted is rounded half up to the kilogram."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from deskops.errors import say
from deskops.schema import kinds

TONS = "t"
KILOGRAMS: dict[str, Decimal] = {
    TONS: Decimal(1000),
    "kg": Decimal(1),
    "lb": Decimal("0.45359237"),
    "short-ton": Decimal("907.18474"),
}
TOO_LITTLE = say("Less than half a kilogram, the smallest weight that is kept")
LARGEST = Decimal("1e15")


class TooLittle(ValueError):
    """More than nothing, and less than half a kilogram."""


def in_tons(text: str, unit: str) -> str:
    """The weight in tons, as text; what is no number stays as it is. Raises TooLittle."""
    number = kinds.decimal_from_text(kinds.number_text(text))
    if unit == TONS or not isinstance(number, Decimal) or abs(number) > LARGEST:
        return text
    kilograms = (number * KILOGRAMS[unit]).quantize(Decimal(1), ROUND_HALF_UP)
    if kilograms == 0 and number != 0:
        raise TooLittle
    return f"{kilograms.scaleb(-3):f}"
