"""Kinds of values: how each is read from JSON (strictly) and from text (leniently), and written three ways.

`text` is for people, `plain` reads back through the same kind, `json` is what the API answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from deskops.errors import Message, say

EARLIEST_DAY = date(1900, 1, 1)
ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")
HUNDREDTH = Decimal("0.01")
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of value. `annotation` is its pydantic type; `control` the form control it is typed into."""

    name: str
    annotation: Any
    control: str = "text"
    places: int | None = None
    plain: Callable[[Any], str] = str
    json: Callable[[Any], Any] = lambda value: value
    tidy: Callable[[str], Any] = lambda text: text

    @property
    def is_number(self) -> bool:
        return self.places is not None


def number_text(text: str) -> str:
    """Read digits as people type them: Arabic-Indic digits, a decimal comma, thousands separated by commas."""
    text = re.sub(r"[\s_\u00a0\u202f]", "", text.translate(ARABIC_DIGITS))
    if "," in text and ("." in text or text.count(",") > 1):
        return text.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", text) else text
    return text.replace(",", ".")


def from_number(value: object) -> object:
    """JSON numbers arrive as int or Decimal; a Decimal is exact either way, and true is not 1."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def whole(value: object) -> object:
    """8.0 is a whole number too."""
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value == value.to_integral_value()
        and abs(value) < 10**18
    ):
        return int(value)
    return value


def day_text(value: object) -> object:
    """Of a datetime the first ten characters count; numbers are no dates."""
    if isinstance(value, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            pass
    if type(value) is not date:
        raise PydanticCustomError("date_type", "not a date")
    return value


def no_control_characters(text: str) -> str:
    if any(
        (ord(letter) < 32 and letter not in "\n\t") or letter in "\x7f" or "\ud800" <= letter <= "\udfff"
        for letter in text
    ):
        raise ValueError("control characters")
    return text


def one_line(text: str) -> str:
    """An entry of a list stands on a line of its own, and between semicolons where people type them."""
    if "\n" in text or ";" in text:
        raise PydanticCustomError("one_line", "more than one entry")
    return text


def lines(value: object) -> object:
    return (
        [part.strip() for part in re.split(r"[\n;]", value) if part.strip()]
        if isinstance(value, str)
        else value
    )


def decimal_json(value: Decimal) -> float | int:
    """The shortest number that reads as this decimal; whole ones without a point."""
    number = float(value)
    return int(value) if number.is_integer() else number


Line = Annotated[
    str,
    Field(strict=True),
    BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value),
    AfterValidator(no_control_characters),
]


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """part ÷ whole × 100, to 2 decimals, halves away from zero; 0 where there is nothing to divide by."""
    if not whole:
        return Decimal(0)
    return (Decimal(part) * 100 / whole).quantize(HUNDREDTH, ROUND_HALF_UP)


def decimal_kind(name: str, places: int) -> Kind:
    return Kind(
        name,
        Annotated[
            Decimal,
            Field(strict=True, allow_inf_nan=False, decimal_places=places),
            BeforeValidator(from_number),
        ],
        control="number",
        places=places,
        plain=lambda value: f"{value:.{places}f}",
        json=decimal_json,
        tidy=lambda text: decimal_from_text(number_text(text)),
    )


def decimal_from_text(text: str) -> object:
    return Decimal(text) if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?", text) else text


TONS = decimal_kind("tons", 3)
HOURS = decimal_kind("hours", 2)
PERCENT = decimal_kind("percent", 2)
VOLUME = decimal_kind("volume", 3)
DENSITY = decimal_kind("density", 3)
COUNT = Kind(
    "count",
    Annotated[int, Field(strict=True), BeforeValidator(whole)],
    control="number",
    places=0,
    tidy=lambda text: whole(decimal_from_text(number_text(text))),
)
DAY = Kind(
    "day",
    Annotated[date, Field(ge=EARLIEST_DAY), BeforeValidator(day_text)],
    control="date",
    plain=date.isoformat,
    json=date.isoformat,
    tidy=lambda text: text.translate(ARABIC_DIGITS),
)
CLOCK_TIME = Kind("clock", Annotated[Line, Field(pattern=CLOCK)], control="time", tidy=lambda text: text[:5])
TEXT = Kind("text", Line)
LONG_TEXT = Kind("long text", Line, control="textarea")
LINES = Kind(
    "lines",
    Annotated[
        tuple[Annotated[Line, Field(min_length=1, max_length=100), AfterValidator(one_line)], ...],
        Field(max_length=10),
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
    ],
    control="textarea",
    plain="; ".join,
    json=list,
    tidy=lines,
)
CHOICE = Kind(
    "choice", Annotated[str, Field(strict=True)], control="select", json=lambda value: value or None
)
REFERENCE = Kind(
    "reference",
    Annotated[str, Field(strict=True)],
    control="select",
    plain=lambda row: row.code,
    json=lambda row: row.id,
)


def moment_json(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds") + "Z"


MOMENT = Kind("moment", datetime, plain=moment_json, json=moment_json)


def adapter(kind: Kind, **bounds: Any) -> TypeAdapter[Any]:
    """A pydantic reader of this kind within these bounds (gt, ge, le, max_length …)."""
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    annotation: Any = Annotated[kind.annotation, Field(**given)] if given else kind.annotation
    return TypeAdapter(
        annotation, config=ConfigDict(arbitrary_types_allowed=True) if kind is not MOMENT else None
    )


def wrong(reader: TypeAdapter[Any], value: object) -> list[Message]:
    """What is wrong with a value that this reader is to read; nothing where it can."""
    try:
        reader.validate_python(value)
    except ValidationError as error:
        return explain(error)
    return []


TEXTS: Mapping[str, str] = {
    "greater_than": "Must be more than %(gt)s",
    "greater_than_equal": "Must be at least %(ge)s",
    "less_than": "Must be less than %(lt)s",
    "less_than_equal": "Must be at most %(le)s",
    "decimal_max_places": "At most %(decimal_places)s decimals",
    "decimal_parsing": "Must be a number",
    "decimal_type": "Must be a number",
    "is_instance_of": "Must be a number",
    "finite_number": "Must be a number",
    "int_type": "Must be a whole number",
    "int_parsing": "Must be a whole number",
    "string_too_long": "At most %(max_length)s characters",
    "string_too_short": "Must not be empty",
    "string_type": "Must be a text",
    "string_pattern_mismatch": "Must be a time of day, HH:MM",
    "too_long": "At most %(max_length)s entries",
    "one_line": "One entry holds no line break and no semicolon",
    "tuple_type": "Must be a list of texts",
    "date_type": "Must be a date, YYYY-MM-DD",
    "date_from_datetime_parsing": "Must be a date, YYYY-MM-DD",
    "date_parsing": "Must be a date, YYYY-MM-DD",
    "value_error": "Must not hold control characters",
}


def bound_text(bound: object) -> str:
    """A bound as a person reads it; pydantic tells decimal ones as Python writes them."""
    return str(bound).removeprefix("Decimal('").removesuffix("')")


def explain(error: ValidationError) -> list[Message]:
    """What pydantic found wrong with one value, in words a clerk understands, each once."""
    found: dict[str, Message] = {}
    for entry in error.errors(include_url=False):
        context = {name: bound_text(bound) for name, bound in (entry.get("ctx") or {}).items()}
        # Of a text with validators of its own pydantic says what it says of any collection.
        is_text = entry["type"] == "too_long" and isinstance(entry["input"], str)
        text = TEXTS.get("string_too_long" if is_text else entry["type"], "This value is not valid")
        message = Message(text, context) if "%" in text else say(text)
        found[str(message)] = message
    return list(found.values())
