"""A book kept in a dictionary: what lists of it hold, and what may not be written into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from deskops.records.module import Module

DAYS = 4
MOST_HUNDREDTHS = 2_400
HOURS = ("runHours", "idleHours", "downtimeHours")
CHOICES: dict[str, tuple[str, ...]] = {
    "status": ("ACTIVE", "PENDING", "COMPLETED", "CANCELLED"),
    "shift": ("MORNING", "NIGHT"),
    "materialType": ("COARSE_AGGREGATE", "FINE_SAND", "MAT002", "MAT016"),
    "operation": ("CRU-PRO", "SEG-OP"),
    "equipmentId": ("EQ001", "EQ006"),
    "equipmentType": ("CRUSHING_SCREENING", "EARTH_MOVING"),
    "role": ("LABORER", "SECURITY"),
}
TEXTS = {"source": ("harb", "pit", "zebra"), "vehicleId": ("jed", "22"), "notes": ("wet", "x")}
# The keys of a record that a filter looks at, where they are not the filter's own name.
LOOKS_AT = {"materialType": ("materialType", "materialId"), "equipmentType": ("type",)}

tons = st.integers(1, 999_999_999).map(lambda kilograms: Decimal(kilograms).scaleb(-3))
hours = st.integers(0, 900).map(lambda hundredths: Decimal(hundredths).scaleb(-2))
# What a step may write into a field; a module takes those it has.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "shift": st.sampled_from(["MORNING", "NIGHT", None]),
    "status": st.sampled_from(CHOICES["status"]),
    "notes": st.sampled_from(["wet sand", "X", None]),
    "materialId": st.sampled_from(["MAT002", "MAT010", "MAT016"]),
    "operation": st.sampled_from(CHOICES["operation"]),
    "quantity": tons,
    "source": st.sampled_from(["Old harbour", "North pit", None]),
    "vehicleId": st.sampled_from(["JED-2210", "MAK-7", None]),
    "trips": st.sampled_from([1, 3, None]),
    "equipmentId": st.sampled_from(CHOICES["equipmentId"]),
    "role": st.sampled_from(CHOICES["role"]),
    # So many hours that nobody's corrected head count makes them too long.
    "presentCount": st.integers(5, 40),
    "absentCount": st.integers(0, 9),
    **dict.fromkeys(HOURS, hours),
}


@dataclass(frozen=True)
class Question:
    """A list as drawn: sites by number (none: all), the days ago it runs from and to, filters and order."""

    sites: tuple[int, ...] = ()
    days_ago: tuple[int, int] = (DAYS - 1, 0)
    filters: Mapping[str, tuple[str, ...]] | None = None
    sort: str = "date"
    descending: bool = True
    size: int = 100
    include_void: bool = False


def some_of(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    """One value of a text filter, one or two of any other."""
    choices = st.sampled_from(CHOICES.get(name) or TEXTS[name])
    most = 2 if name in CHOICES else 1
    return st.lists(choices, min_size=1, max_size=most, unique=True).map(tuple)


QUESTIONS = st.builds(
    Question,
    sites=st.sampled_from([(), (0,), (1,), (0, 1)]),
    days_ago=st.sampled_from([(DAYS - 1, 0), (0, 0), (2, 1)]),
    filters=st.fixed_dictionaries({}, optional={name: some_of(name) for name in (*CHOICES, *TEXTS)}),
    sort=st.sampled_from(["date", "createdAt", "quantity", "runHours", "presentCount"]),
    descending=st.booleans(),
    size=st.sampled_from([1, 2, 3, 7, 100]),
    include_void=st.booleans(),
)


@dataclass
class Row:
    """A record as the API last answered it; `entered` is its place among all entries."""

    told: dict[str, Any]
    entered: tuple[str, str]

    @property
    def is_live(self) -> bool:
        return self.told["voidedAt"] is None

    @property
    def is_counted(self) -> bool:
        return self.is_live and self.told["status"] != "CANCELLED"

    def is_picked(self, params: Mapping[str, Any], names: Iterable[str]) -> bool:
        return all(picks(name, params[name], self.told) for name in names if name in params)


def picks(name: str, values: Sequence[str], told: Mapping[str, Any]) -> bool:
    if name in TEXTS:
        return values[0] in str(told[name] or "").lower()
    return any(told[key] in values for key in LOOKS_AT.get(name, (name,)))


class Rows(dict[str, Row]):
    """All records of a module by their id."""

    def __init__(self, module: Module) -> None:
        super().__init__()
        self.module = module

    @property
    def live(self) -> list[Row]:
        return [row for row in self.values() if row.is_live]

    def listed(self, params: Mapping[str, Any], sites: Sequence[str]) -> list[Row]:
        """What a list by these parameters holds, in its order."""
        found = [
            row
            for row in self.values()
            if row.told["siteId"] in sites
            and params["startDate"] <= row.told["date"] <= params["endDate"]
            and (row.is_live or params["includeVoid"] == "true")
            and row.is_picked(params, self.module.filters)
        ]
        key = params["sortBy"]
        return sorted(
            found,
            key=lambda row: (0 if key == "createdAt" else row.told[key], row.entered),
            reverse=params["sortOrder"] == "desc",
        )

    def refusals(self, wanted: Sequence[Mapping[str, Any]], beside: Row | None) -> set[str]:
        """The codes that stand against writing these values, in place of the row beside."""
        taken: set[tuple[Any, ...]] = set()
        booked: dict[tuple[Any, ...], int] = {}
        for row in self.values():
            if row.is_counted and row is not beside:
                taken.add(self.unique_key(row.told))
                booked[unit_day(row.told)] = booked.get(unit_day(row.told), 0) + all_hours(row.told)
        codes: set[str] = set()
        for one in wanted:
            if all_hours(one) > MOST_HUNDREDTHS:
                codes.add("VALIDATION_ERROR")
            if one["status"] == "CANCELLED":
                continue
            if self.module.unique and self.unique_key(one) in taken:
                codes.add("DUPLICATE_RECORD")
            booked[unit_day(one)] = booked.get(unit_day(one), 0) + all_hours(one)
            if booked[unit_day(one)] > MOST_HUNDREDTHS:
                codes.add("VALIDATION_ERROR")
            taken.add(self.unique_key(one))
        return codes

    def unique_key(self, told: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(told[self.module.schema.by_name[name].key] for name in self.module.unique)


def unit_day(told: Mapping[str, Any]) -> tuple[Any, ...]:
    return told["siteId"], told["date"], told.get("equipmentId")


def all_hours(told: Mapping[str, Any]) -> int:
    """The hours of a machine's log, in hundredths; 0 of any other record."""
    return sum(int(Decimal(str(told.get(name) or 0)) * 100) for name in HOURS)
