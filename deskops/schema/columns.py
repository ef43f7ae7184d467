"""Column types whose Python value is exact: tons, hours, days and moments, the same on both databases."""

from __future__ import annotations

import os
import threading
import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import peewee

_ids = threading.local()


def new_id() -> str:
    """A time-ordered UUID (version 7, RFC 9562): newer ids sort after older ones, also within a millisecond."""
    moment = time.time_ns()
    milliseconds, fraction = divmod(moment, 1_000_000)
    step = fraction * 4096 // 1_000_000
    if (milliseconds, step) <= getattr(_ids, "last", (0, 0)):
        milliseconds, step = _ids.last
        milliseconds, step = (milliseconds, step + 1) if step < 4095 else (milliseconds + 1, 0)
    _ids.last = (milliseconds, step)
    moment_text, random_text = f"{milliseconds:012x}", os.urandom(8).hex()
    variant = "89ab"[int(random_text[0], 16) & 3]
    return f"{moment_text[:8]}-{moment_text[8:]}-7{step:03x}-{variant}{random_text[1:4]}-{random_text[4:]}"


class IdField(peewee.CharField):
    """A primary key made by `new_id`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 36, "primary_key": True, "default": new_id} | options)


class ScaledField(peewee.BigIntegerField):
    """A Decimal kept as a whole number of its smallest unit, so that the database sums it exactly."""

    places = 0

    def db_value(self, value: Decimal | int | None) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        whole = int(scaled)
        if whole != scaled:
            raise ValueError(f"{value} has more than {self.places} decimals")
        return whole

    def python_value(self, value: int | None) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class TonsField(ScaledField):
    """Tons in Python, whole kilograms in the database."""

    places = 3


def in_tons(kilograms: int) -> Decimal:
    """Kilograms, as the database sums them, as tons."""
    return Decimal(int(kilograms)).scaleb(-TonsField.places)


def in_kilograms(tons: Decimal) -> int:
    """Tons of at most three decimals as kilograms."""
    return int(tons.scaleb(TonsField.places))


class HoursField(ScaledField):
    """Hours in Python, whole hundredths in the database."""

    places = 2


class PercentField(ScaledField):
    """Percents in Python, whole hundredths of them in the database."""

    places = 2


class VolumeField(ScaledField):
    """Cubic meters in Python, whole liters in the database."""

    places = 3


class DensityField(ScaledField):
    """Tons a cubic meter in Python, whole kilograms a cubic meter in the database."""

    places = 3


class DayField(peewee.DateField):
    """A site's operational date. Never shifted by a time zone."""

    def db_value(self, value: date | str | None) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def python_value(self, value: date | str | None) -> date | None:
        return date.fromisoformat(value) if isinstance(value, str) else value


class MomentField(peewee.DateTimeField):
    """A moment in UTC, to the microsecond, without a zone."""

    def db_value(self, value: datetime | str | None) -> str | None:
        return value.isoformat(" ", "microseconds") if isinstance(value, datetime) else value

    def python_value(self, value: datetime | str | None) -> datetime | None:
        return datetime.fromisoformat(value) if isinstance(value, str) else value


class ClockField(peewee.CharField):
    """A time of day at the site, HH:MM."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 5} | options)


class LinesField(peewee.TextField):
    """A short list of texts, one a line in the database."""

    def db_value(self, value: tuple[str, ...] | None) -> str:
        return "\n".join(value or ())

    def python_value(self, value: str | None) -> tuple[str, ...]:
        return tuple(value.split("\n")) if value else ()


def is_stored(column: peewee.Field, value: object) -> bool:
    """Whether the database could have told this of a row's column, an empty one told as -1 or an empty text."""
    if isinstance(column, peewee.IntegerField):
        return type(value) is int and abs(value) < 2**63
    if not isinstance(value, str) or any(
        letter == "\x00" or "\ud800" <= letter <= "\udfff" for letter in value
    ):
        return False
    try:
        return not isinstance(column, DayField | MomentField) or is_written(column, value)
    except ValueError:
        return False


def is_written(column: Any, text: str) -> bool:
    """Whether the column would write a day or a moment like this. Raises ValueError where it is none."""
    return bool(column.db_value(column.python_value(text)) == text)
