"""Loads and tons: counts of loads become tons by the tons per load of the site, the material and the day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.models import Site
from deskops.modules import DISPATCH, FACTORS, PRODUCTION, RECEIVED
from deskops.modules.reference import Material
from deskops.records import service
from deskops.records.module import Module
from deskops.schema import counters, references
from tests.api_contract import Api, Cast, bad_fields, data, enter, path, refused
from tests.clients import ApiClient
from tests.samples import sample

of_loads = pytest.mark.parametrize("module", [PRODUCTION, DISPATCH, RECEIVED], ids=lambda one: one.name)


def weigh(script: ApiClient, site: Site, tons: float, days_ago: int, **values: Any) -> dict[str, Any]:
    """A dated weight of a load, of AGG-3/4 unless said otherwise."""
    day = site.today() - timedelta(days=days_ago)
    return enter(script, FACTORS, site, day, **{"materialId": "AGG-3/4", "tonsPerLoad": tons, **values})


def in_loads(module: Module, site: Site, count: Any, days_ago: int = 0, **values: Any) -> dict[str, Any]:
    day = site.today() - timedelta(days=days_ago)
    return sample(module.name, site, day, materialId="AGG-3/4", quantity=count, uom="LOAD") | values


def tons_and_loads(record: dict[str, Any]) -> tuple[float, int | None, str]:
    return record["quantity"], record["loads"], record["uom"]


@of_loads
def test_a_load_weighs_what_held_on_its_day(module: Module, api: Api, alpha: Site) -> None:
    ann, ben = api("ann"), api("ben")
    weigh(ann, alpha, 18.5, 20)
    weigh(ann, alpha, 20.25, 10)
    weights = {
        days_ago: tons_and_loads(data(ben.post(path(module), in_loads(module, alpha, 3, days_ago)), 201))
        for days_ago in (20, 11, 10, 0)
    }
    assert weights == {
        20: (55.5, 3, "TON"),
        11: (55.5, 3, "TON"),
        10: (60.75, 3, "TON"),
        0: (60.75, 3, "TON"),
    }
    before = ben.post(path(module), in_loads(module, alpha, 3, 21))
    assert refused(before, 400, "VALIDATION_ERROR")["fields"].keys() == {"uom"}


def test_a_weight_is_its_sites_own_and_else_the_materials(api: Api, alpha: Site, beta: Site) -> None:
    ada = api("ada")
    Material.update(tons_per_load=Decimal("15.125")).where(Material.code == "AGG-3/4").execute()
    references.changed()
    counters.forget()
    weigh(ada, alpha, 20, 5)
    for site, tons in ((alpha, 40), (beta, 30.25)):
        record = data(ada.post(path(RECEIVED), in_loads(RECEIVED, site, 2)), 201)
        assert tons_and_loads(record) == (tons, 2, "TON")
    before = data(ada.post(path(RECEIVED), in_loads(RECEIVED, alpha, 2, 6)), 201)
    assert before["quantity"] == 30.25


def test_another_weight_never_changes_tons_that_stand(api: Api, alpha: Site) -> None:
    ann = api("ann")
    first = weigh(ann, alpha, 20, 10)
    record = data(ann.post(path(RECEIVED), in_loads(RECEIVED, alpha, 2, 5)), 201)
    weigh(ann, alpha, 25, 5)
    data(ann.patch(path(FACTORS, first), {"tonsPerLoad": 30}))
    assert ann.delete(path(FACTORS, first), reason="wrong").status_code == 204
    assert data(ann.get(path(RECEIVED, record))) == record
    # Neither does a correction of something else.
    corrected = data(ann.patch(path(RECEIVED, record), {"notes": "seen"}))
    assert tons_and_loads(corrected) == (40, 2, "TON")


def test_a_void_weight_holds_no_more(api: Api, alpha: Site) -> None:
    ann = api("ann")
    weigh(ann, alpha, 20, 10)
    wrong = weigh(ann, alpha, 200, 5)
    assert ann.delete(path(FACTORS, wrong), reason="a slipped digit").status_code == 204
    assert data(ann.post(path(RECEIVED), in_loads(RECEIVED, alpha, 1)), 201)["quantity"] == 20


@of_loads
def test_a_type_counted_in_loads_means_its_default_material(module: Module, api: Api, alpha: Site) -> None:
    ann = api("ann")
    weigh(ann, alpha, 18, 5, materialId="RAW-CONCRETE")
    weigh(ann, alpha, 22, 5, materialId="BASE-RECYCLED")
    body = in_loads(module, alpha, 2, materialType="CRUSHED_CONCRETE")
    del body["materialId"]
    record = data(ann.post(path(module), body), 201)
    expected = ("RAW-CONCRETE", 36) if module is RECEIVED else ("BASE-RECYCLED", 44)
    assert (record["material"]["code"], record["quantity"], record["loads"]) == (*expected, 2)
    unknown = ann.post(path(module), body | {"materialType": "GOLD"})
    assert bad_fields(unknown) >= {"materialType"}


def test_a_correction_counts_in_loads_of_what_the_record_has(api: Api, alpha: Site) -> None:
    ann = api("ann")
    weigh(ann, alpha, 20, 10)
    weigh(ann, alpha, 10, 10, materialId="FINE-WASHED")
    record = enter(ann, RECEIVED, alpha, materialId="AGG-3/4")
    corrected = data(ann.patch(path(RECEIVED, record), {"uom": "LOAD", "quantity": 4}))
    assert tons_and_loads(corrected) == (80, 4, "TON")
    by_type = {"uom": "LOAD", "quantity": 4, "materialType": "FINE_SAND"}
    assert tons_and_loads(data(ann.patch(path(RECEIVED, record), by_type))) == (40, 4, "TON")
    # As read, with the count alone changed: what it held before does not speak against it.
    again = data(ann.get(path(RECEIVED, record))) | {"uom": "LOAD", "quantity": 5}
    assert tons_and_loads(data(ann.patch(path(RECEIVED, record), again))) == (50, 5, "TON")


def test_tons_that_are_corrected_drop_the_count_of_loads(api: Api, alpha: Site) -> None:
    ann = api("ann")
    weigh(ann, alpha, 20, 10)
    record = data(ann.post(path(RECEIVED), in_loads(RECEIVED, alpha, 2)), 201)
    same = data(ann.patch(path(RECEIVED, record), {"quantity": 40}))
    assert tons_and_loads(same) == (40, 2, "TON")
    weighed = data(ann.patch(path(RECEIVED, record), {"qtyTon": 41.35}))
    assert tons_and_loads(weighed) == (41.35, None, "TON")
    told = data(ann.patch(path(RECEIVED, record), {"quantity": 42, "loads": 2, "uom": "TON"}))
    assert tons_and_loads(told) == (42, 2, "TON")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"quantity": 1.5}, {"quantity"}),
        ({"quantity": 0}, {"quantity"}),
        ({"quantity": True}, {"quantity"}),
        ({"quantity": "3"}, set()),
        ({"quantity": 3.0}, set()),
        ({"uom": "BARROW"}, {"uom"}),
        ({"loads": 4}, {"loads"}),
        ({"loads": 3}, set()),
        ({"materialId": "NONE"}, {"materialId"}),
        ({"materialId": "FINE-WASHED"}, {"uom"}),
        ({"date": "yesterday"}, {"date"}),
        ({"quantity": 60_000}, {"quantity"}),
    ],
    ids=str,
)
def test_what_is_no_count_of_loads_is_told_by_its_own_name(
    values: dict[str, Any], told: set[str], api: Api, alpha: Site
) -> None:
    ann = api("ann")
    weigh(ann, alpha, 20, 5)
    answer = ann.post(path(RECEIVED), in_loads(RECEIVED, alpha, 3) | values)
    if told:
        assert bad_fields(answer) == told
    else:
        assert tons_and_loads(data(answer, 201)) == (60, 3, "TON")


def test_many_at_once_count_in_loads_too(api: Api, alpha: Site) -> None:
    ann = api("ann")
    weigh(ann, alpha, 20, 5)
    bodies = [in_loads(DISPATCH, alpha, count, count) for count in (1, 2)]
    records = data(ann.post("/api/dispatch/bulk", {"records": bodies}), 201)
    assert [tons_and_loads(record) for record in records] == [(20, 1, "TON"), (40, 2, "TON")]
    bodies.append(in_loads(DISPATCH, alpha, 1, 6))
    rows = refused(ann.post("/api/dispatch/bulk", {"records": bodies}), 400, "VALIDATION_ERROR")["rows"]
    assert {index: set(fields) for index, fields in rows.items()} == {"2": {"uom"}}


def test_a_form_counts_in_loads_as_it_is_typed(api: Api, alpha: Site, cast: Cast) -> None:
    weigh(api("ann"), alpha, 18.5, 5)
    typed = {name: str(value) for name, value in in_loads(RECEIVED, alpha, "٣").items()}
    record = service.create(RECEIVED, typed, cast("ben"), strict=False).record
    assert (record.quantity, record.loads) == (Decimal("55.500"), 3)


def test_a_weight_is_found_by_an_index(alpha: Site) -> None:
    sql = (
        "SELECT tons_per_load FROM load_factor WHERE site_id = '1' AND material_id = '2' "
        "AND date <= '2026-01-01' AND voided_at IS NULL AND status <> 'CANCELLED' ORDER BY date DESC LIMIT 1"
    )
    if not database.is_sqlite():
        pytest.skip("PostgreSQL reads a table of few rows as it is")
    plan = " ".join(str(row) for row in database.rows(f"EXPLAIN QUERY PLAN {sql}"))
    assert "USING INDEX" in plan
    assert "SCAN" not in plan
