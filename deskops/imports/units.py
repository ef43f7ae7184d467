"""Numbers and units as files have them. What is converted is rounded half up to the kilogram."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from deskops.errors import Message, say
from deskops.schema import kinds

TONS = "t"
KILOGRAMS: dict[str, Decimal] = {
    TONS: Decimal(1000),
    "kg": Decimal(1),
    "lb": Decimal("0.45359237"),
    "short-ton": Decimal("907.18474"),
}
POINT, COMMA = "point", "comma"
DECIMALS = (POINT, COMMA)
TOO_LITTLE = say("Less than half a kilogram, the smallest weight that is kept")
TWO_MEANINGS = "%(given)s may be thousands or a fraction: say whether decimals stand after a point or a comma"
LARGEST = Decimal("1e15")


class Unreadable(ValueError):
    """A text that stands for no value: `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def with_point(text: str, decimal: str) -> str:
    """A number with its decimals after a point; `decimal` is where the file has them, "" where that was not said.

    Raises Unreadable for 2,260 where it was not said: that may be two thousand, or two and a quarter.
    """
    if decimal == POINT:
        return text.replace(",", "")
    if decimal == COMMA:
        return text.replace(".", "").replace(",", ".")
    if re.fullmatch(r"\s*[-+]?[1-9]\d{0,2},\d{3}\s*", text):
        raise Unreadable(say(TWO_MEANINGS, given=text.strip()))
    return text


def in_tons(text: str, unit: str) -> str:
    """The weight in tons, as text; what is no number stays as it is. Raises Unreadable."""
    number = kinds.decimal_from_text(kinds.number_text(text))
    if unit == TONS or not isinstance(number, Decimal) or abs(number) > LARGEST:
        return text
    kilograms = (number * KILOGRAMS[unit]).quantize(Decimal(1), ROUND_HALF_UP)
    if kilograms == 0 and number != 0:
        raise Unreadable(TOO_LITTLE)
    return f"{kilograms.scaleb(-3):f}"
