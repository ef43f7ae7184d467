"""Messages, numbers and dates as a reader sees them: the one place of the pages that words values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import parse_pattern
from flask import Flask
from flask_babel import Babel, get_locale, gettext

from deskops.errors import Message
from deskops.schema import kinds
from deskops.schema.kinds import Kind

# Shown decimals where they differ from the stored ones: a rate of 93.75 reads as 93.8.
SHOWN_PLACES = {kinds.PERCENT: 1}
CARD_PLACES = 2


def register(app: Flask) -> None:
    """Give the templates the words of this module. The pages speak English until a translation is there."""
    Babel(app, default_locale="en", locale_selector=lambda: "en")
    app.jinja_env.filters.update(
        number=number,
        percent=percent,
        day=day,
        text=text,
        plain_name=plain_name,
        moment=moment,
        weekday=weekday,
        signed=signed,
        file_size=file_size,
    )
    app.context_processor(lambda: {"locale": locale()})


def locale() -> Locale:
    return get_locale() or Locale("en")


def text(message: object) -> str:
    """A message, or a declared label, in the reader's language, with its values formatted."""
    if not isinstance(message, Message):
        return str(gettext(str(message))) if message else ""
    template = str(gettext(message.text))
    return (
        template % {name: worded(value) for name, value in message.params.items()}
        if message.params
        else template
    )


def texts(messages: Iterable[object]) -> list[str]:
    return [text(message) for message in messages]


def worded(value: object) -> str:
    """A message's parameter, by its type."""
    if isinstance(value, Message):
        return text(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | Decimal):
        return number(value)
    return day(value) if isinstance(value, date) else str(value)


def number(value: Decimal | int, places: int | None = None) -> str:
    """With the locale's separators; `places` decimals, or as many as the value has."""
    if places is None:
        exponent = value.normalize().as_tuple().exponent if isinstance(value, Decimal) else 0
        places = max(0, -exponent) if isinstance(exponent, int) else 0
    elif isinstance(value, Decimal):
        # Halves go up, as whoever checks a figure by hand expects; Babel alone would take 81.25 for 81.2.
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return str(_pattern(places).apply(value, locale()))


@lru_cache(maxsize=16)
def _pattern(places: int) -> Any:
    return parse_pattern("#,##0" + ("." + "0" * places if places else ""))


def percent(value: Decimal, signed: bool = False) -> str:
    """A rate as stored (93.75 for 93.75 %), to one decimal."""
    shown = number(abs(value) if signed else value, SHOWN_PLACES[kinds.PERCENT])
    sign = ("+" if value > 0 else "−" if value < 0 else "") if signed else ""
    return f"{sign}{shown}\u00a0%"


def signed(tons: Decimal) -> str:
    """Tons that went up or down."""
    sign = "+" if tons > 0 else "−" if tons < 0 else ""
    return f"{sign}{number(abs(tons), kinds.TONS.places)}"


def day(value: date) -> str:
    return _day(value.date() if isinstance(value, datetime) else value, str(locale()))


@lru_cache(maxsize=8_192)
def _day(value: date, language: str) -> str:
    return str(format_date(value, format="medium", locale=language))


def file_size(size: int) -> str:
    """A count of bytes, in the unit that leaves few digits."""
    shown, unit = Decimal(size), "B"
    for larger in ("kB", "MB", "GB"):
        if shown < 1000:
            break
        shown, unit = shown / 1000, larger
    return f"{number(shown, 0 if unit == 'B' else 1)}\u00a0{unit}"


def moment(value: datetime) -> str:
    return f"{day(value)} {clock(value)}"


def clock(value: datetime) -> str:
    return str(format_time(value, format="short", locale=locale()))


def weekday(value: date) -> str:
    """A day with the name of its weekday."""
    return str(format_skeleton("yMMMEd", value, locale=locale()))


def day_of_year(value: date) -> str:
    """A day of these weeks: its year goes without saying."""
    return str(format_skeleton("MMMd", value, locale=locale()))


def value_text(kind: Kind, value: Any, choices: Mapping[str, str] | None = None) -> str:
    """A stored value of this kind for people; empty for nothing."""
    if value is None or value in ("", ()):
        return ""
    if kind.is_number:
        return number(value, SHOWN_PLACES.get(kind, kind.places))
    if kind is kinds.DAY:
        return day(value)
    if kind is kinds.MOMENT:
        return moment(value)
    if kind is kinds.CHOICE:
        return text((choices or {}).get(value) or plain_name(value))
    return str(value) if not isinstance(value, tuple) else kind.plain(value)


def plain_name(code: str) -> str:
    """COARSE_AGGREGATE as people write it: Coarse aggregate."""
    return str(gettext(code.replace("_", " ").capitalize()))
