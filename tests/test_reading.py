"""Reading values: strict as JSON has them, lenient as people type them, exact always."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.modules import EQUIPMENT, MANPOWER, PRODUCTION, RECEIVED
from deskops.schema import kinds
from deskops.schema.columns import TonsField, new_id
from deskops.schema.reading import Reading
from tests.samples import as_read, sample

Cast = Callable[[str], Actor]


def read(module: Any, site: Site, strict: bool = True, **values: Any) -> Reading:
    body = as_read(sample(module.name, site)) | values
    return module.schema.read({key: value for key, value in body.items() if value is not ...}, strict=strict)


def told(reading: Reading) -> dict[str, str]:
    return {problem.field: str(problem.message) for problem in reading.problems}


@pytest.mark.parametrize(
    ("typed", "tons"),
    [
        ("12.5", "12.5"),
        ("12,5", "12.5"),
        ("1,234.5", "1234.5"),
        ("1 234,5", "1234.5"),
        ("١٢٫٥", "12.5"),
        (" ٢٠ ", "20"),
        (".5", "0.5"),
        ("1e2", "100"),
    ],
)
def test_tons_are_read_as_people_type_them(alpha: Site, typed: str, tons: str) -> None:
    assert read(PRODUCTION, alpha, strict=False, quantity=typed).values["quantity"] == Decimal(tons)


@pytest.mark.parametrize(
    "typed", ["twelve", "1.2.3", "1,2,3", "12 t", "--1", "NaN", "Infinity", "0x10", "1e9999"]
)
def test_what_is_no_number_is_told(alpha: Site, typed: str) -> None:
    assert "quantity" in told(read(PRODUCTION, alpha, strict=False, quantity=typed))


@pytest.mark.parametrize(
    "sent", ["12.5", True, False, [], {}, Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400")]
)
def test_json_numbers_are_numbers(alpha: Site, sent: Any) -> None:
    assert "quantity" in told(read(PRODUCTION, alpha, quantity=sent))


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Decimal("0"), "Must be at least 0.001"),
        (Decimal("0.0004"), "At most 3 decimals"),
        (Decimal("1000000"), "Must be at most 999999.999"),
        (Decimal("1.0001"), "At most 3 decimals"),
    ],
)
def test_limits_of_tons(alpha: Site, quantity: Decimal, text: str) -> None:
    assert text in [str(problem.message) for problem in read(PRODUCTION, alpha, quantity=quantity).problems]


def test_a_count_takes_no_half_people(alpha: Site) -> None:
    assert told(read(MANPOWER, alpha, presentCount=Decimal("30.5"))) == {
        "presentCount": "Must be a whole number"
    }
    assert read(MANPOWER, alpha, presentCount=Decimal("30.0")).values["present_count"] == 30


def test_an_unknown_key_is_told_in_json_and_passed_over_in_a_form(alpha: Site) -> None:
    assert told(read(PRODUCTION, alpha, colour="red")) == {"colour": "There is no field by this name"}
    assert told(read(PRODUCTION, alpha, strict=False, quantity="1", csrf_token="x")) == {}


def test_two_names_may_agree_and_may_not_differ(alpha: Site) -> None:
    assert not read(PRODUCTION, alpha, quantity=3, qtyTon=3).problems
    assert told(read(PRODUCTION, alpha, quantity=3, qtyTon=4)) == {
        "quantity": "Given by two names with different values"
    }


def test_a_material_type_stands_for_its_default(alpha: Site) -> None:
    def chosen(module: Any, material_type: str) -> str:
        reading = read(module, alpha, materialId=..., materialType=material_type)
        return reading.values["material"].code

    assert chosen(PRODUCTION, "CRUSHED_CONCRETE") == "BASE-RECYCLED"
    assert chosen(RECEIVED, "CRUSHED_CONCRETE") == "RAW-CONCRETE"
    assert chosen(PRODUCTION, "COARSE_AGGREGATE") == "AGG-3/4"
    assert chosen(PRODUCTION, "AGGREGATE_BASE") == "BASE-CRUSHED"
    assert chosen(PRODUCTION, "FINE_SAND") == "FINE-WASHED"
    assert chosen(RECEIVED, "MIXED_RUBBLE") == "RAW-MIXED"
    assert chosen(RECEIVED, "RECYCLED_ASPHALT") == "RAW-ASPHALT"


def test_a_material_and_its_type_must_agree(alpha: Site) -> None:
    assert not read(PRODUCTION, alpha, materialId="AGG-3/8", materialType="COARSE_AGGREGATE").problems
    assert "materialType" in told(read(PRODUCTION, alpha, materialId="AGG-3/8", materialType="FINE_SAND"))


def test_loads_without_tons_per_load_are_refused_with_the_cure(alpha: Site) -> None:
    problems = told(read(RECEIVED, alpha, quantity=3, uom="LOAD"))
    assert "tons per load" in problems["uom"]


def test_an_empty_optional_is_null_and_an_empty_required_is_told(alpha: Site) -> None:
    reading = read(PRODUCTION, alpha, strict=False, quantity="1", shift="", notes=" ", operation="")
    assert (reading.values["shift"], reading.values["notes"], reading.values["operation"]) == (
        "",
        None,
        "CRU-PRO",
    )
    assert told(read(PRODUCTION, alpha, quantity=None)) == {"quantity": "This field is required"}


@pytest.mark.parametrize("notes", ["a\x00b", "\x1b[31m", "\ud800", "x" * 501])
def test_texts_are_plain_and_short(alpha: Site, notes: str) -> None:
    assert "notes" in told(read(PRODUCTION, alpha, notes=notes))


@pytest.mark.parametrize(
    "day",
    [
        0,
        1700000000,
        True,
        "yesterday",
        "2026-13-01",
        "1899-12-31",
        "2026-1-1",
        "20260101",
        "2026-W01-1",
        None,
    ],
)
def test_only_dates_are_dates(alpha: Site, day: Any) -> None:
    assert "date" in told(read(PRODUCTION, alpha, date=day))


def test_reasons_are_a_list_in_json_and_lines_in_a_form(alpha: Site) -> None:
    assert read(EQUIPMENT, alpha, downtimeReasons=["Belt", "Oil"]).values["downtime_reasons"] == (
        "Belt",
        "Oil",
    )
    form = {
        "siteId": alpha.code,
        "date": "2026-03-02",
        "equipmentId": "EQ001",
        "downtimeReasons": "Belt\nOil ; Wear",
    }
    assert EQUIPMENT.schema.read(form, strict=False).values["downtime_reasons"] == ("Belt", "Oil", "Wear")
    for one in ("Belt", ["Belt\nOil"], ["Belt; Oil"], [""], ["Belt"] * 11):
        assert "downtimeReasons" in told(read(EQUIPMENT, alpha, downtimeReasons=one))


@given(st.integers(min_value=1, max_value=999_999_999))
def test_tons_survive_every_way_they_are_written(kilograms: int) -> None:
    tons = Decimal(kilograms).scaleb(-3)
    column = TonsField()
    assert column.python_value(column.db_value(tons)) == tons
    assert kinds.TONS.tidy(kinds.TONS.plain(tons)) == tons
    assert Decimal(repr(kinds.TONS.json(tons))) == tons


def test_a_column_refuses_what_it_cannot_hold_exactly() -> None:
    with pytest.raises(ValueError, match="more than 3 decimals"):
        TonsField().db_value(Decimal("0.0001"))


def test_ids_sort_as_they_were_made() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert all(one[14] == "7" and one[19] in "89ab" for one in ids[:100])
