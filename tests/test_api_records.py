"""One record by the API, of every module: entered, read, corrected, voided, and refused by the right code."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.models import Membership, Site
from deskops.modules import DISPATCH, EQUIPMENT, MANPOWER, MODULES, PRODUCTION, RECEIVED
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.schema import counters, references
from tests.api_contract import (
    MOMENT,
    Api,
    bad_fields,
    body_of,
    data,
    enter,
    every_module,
    exactly,
    measure_of,
    path,
    refused,
)
from tests.samples import sample


@every_module
def test_a_created_record_is_answered_and_found_at_its_location(
    module: Module, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    answer = ben.post(path(module), sample(module.name, alpha))
    record = data(answer, 201)
    assert answer.headers["Location"] == path(module, record)
    assert answer.headers["ETag"].startswith('"1-')
    found = ben.get(answer.headers["Location"])
    assert data(found) == record
    assert found.headers["ETag"] == answer.headers["ETag"]


@every_module
def test_a_record_has_the_keys_of_the_contract(module: Module, api: Api, alpha: Site) -> None:
    record = enter(api("ben"), module, alpha, notes="as weighed")
    assert record["siteId"] == alpha.id
    assert record["siteCode"] == alpha.code
    assert record["site"] == {"code": alpha.code, "name": alpha.name}
    assert record["date"] == alpha.today().isoformat()
    assert record["status"] == "ACTIVE"
    assert record["notes"] == "as weighed"
    assert record["version"] == 1
    assert record["createdBy"]
    assert MOMENT.fullmatch(record["createdAt"])
    assert MOMENT.fullmatch(record["updatedAt"])
    assert record.keys() == module.columns.keys()


@every_module
def test_what_was_read_and_sent_back_changes_nothing_but_the_version(
    module: Module, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    record = enter(ben, module, alpha)
    again = data(ben.patch(path(module, record), record))
    changing = {"version", "updatedAt"}
    assert {key: again[key] for key in again.keys() - changing} == {
        key: record[key] for key in record.keys() - changing
    }
    assert again["version"] == 2


@every_module
def test_a_correction_changes_what_was_sent_and_nothing_else(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    measure, _ = measure_of(module)
    record = enter(ben, module, alpha)
    answer = ben.patch(path(module, record), {measure: 3.25, "notes": "weighed again"})
    corrected = data(answer)
    assert answer.headers["ETag"].startswith('"2-')
    assert (corrected[measure], corrected["notes"]) == (3.25, "weighed again")
    assert corrected["date"] == record["date"]
    assert data(ben.get(path(module, record))) == corrected


@every_module
def test_numbers_are_exact_to_their_last_decimal(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    measure, places = measure_of(module)
    sent = Decimal("8.123" if places == 3 else "8.12")
    values: dict[str, Any] = {measure: float(sent)}
    record = enter(ben, module, alpha, **values)
    assert exactly(data(ben.get(path(module, record)))[measure]) == sent


@every_module
def test_one_decimal_too_many_is_refused(module: Module, api: Api, alpha: Site) -> None:
    measure, places = measure_of(module)
    value = 8 + 10 ** -(places + 1)
    assert bad_fields(api("ben").post(path(module), sample(module.name, alpha, **{measure: value}))) == {
        measure
    }


@every_module
@pytest.mark.parametrize("value", ["12", True, [12], {"t": 12}, -1, 10**9, 1e300])
def test_a_measure_that_is_no_sound_number_is_refused(
    module: Module, value: Any, api: Api, alpha: Site
) -> None:
    measure, _ = measure_of(module)
    assert bad_fields(api("ben").post(path(module), sample(module.name, alpha, **{measure: value}))) == {
        measure
    }


@every_module
def test_every_bad_field_is_told_at_once(module: Module, api: Api, alpha: Site) -> None:
    measure, _ = measure_of(module)
    bad = {"status": "GONE", "notes": "n" * 501, "date": "31-12-2025", measure: "much"}
    body = sample(module.name, alpha) | bad
    assert bad_fields(api("ben").post(path(module), body)) == {"status", "notes", "date", measure}


@every_module
def test_an_unknown_key_is_refused_and_a_read_only_one_ignored(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert bad_fields(ben.post(path(module), sample(module.name, alpha, colour="red"))) == {"colour"}
    record = enter(ben, module, alpha, id="mine", version=9, createdAt="never")
    assert record["version"] == 1
    assert record["id"] != "mine"


@every_module
def test_an_empty_body_names_every_required_field(module: Module, api: Api, alpha: Site) -> None:
    required = {field.key for field in module.schema.fields if field.required}
    assert bad_fields(api("ben").post(path(module), {})) == required


@every_module
def test_tomorrow_is_refused(module: Module, api: Api, alpha: Site) -> None:
    tomorrow = alpha.today() + timedelta(days=1)
    assert bad_fields(api("ben").post(path(module), sample(module.name, alpha, tomorrow))) == {"date"}


@every_module
def test_an_unknown_site_has_its_own_code_where_nothing_else_is_wrong(
    module: Module, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    body = sample(module.name, alpha, siteId="NOWHERE-99")
    assert refused(ben.post(path(module), body), 400, "INVALID_SITE_ID") == {"siteId": "NOWHERE-99"}
    assert "status" in bad_fields(ben.post(path(module), body | {"status": "GONE"}))


@every_module
def test_a_repeated_key_answers_the_first_record_again(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    body = sample(module.name, alpha)
    first = data(ben.post(path(module), body, Idempotency_Key="load 17"), 201)
    assert data(ben.post(path(module), body, Idempotency_Key="load 17"), 201) == first
    other = body | {"notes": "another load"}
    refused(ben.post(path(module), other, Idempotency_Key="load 17"), 409, "IDEMPOTENCY_CONFLICT")


def test_a_key_is_its_senders_own(api: Api, alpha: Site) -> None:
    body = sample("received", alpha)
    by_ben = data(api("ben").post("/api/received", body, Idempotency_Key="1"), 201)
    by_bob = data(api("bob").post("/api/received", body, Idempotency_Key="1"), 201)
    assert by_ben["id"] != by_bob["id"]


def test_an_endless_key_is_refused(api: Api, alpha: Site) -> None:
    answer = api("ben").post("/api/received", sample("received", alpha), Idempotency_Key="k" * 256)
    assert bad_fields(answer) == {"Idempotency-Key"}


@every_module
def test_an_edit_of_a_stale_version_is_refused_with_the_record_as_it_stands(
    module: Module, api: Api, alpha: Site
) -> None:
    ben, ann = api("ben"), api("ann")
    record = enter(ben, module, alpha)
    current = data(ann.patch(path(module, record), {"notes": "mine"}, If_Match='"1"'))
    answer = ben.patch(path(module, record), {"notes": "late"}, If_Match='"1"')
    assert refused(answer, 412, "EDIT_CONFLICT")["current"] == current
    stale_void = ben.open("DELETE", path(module, record), headers={"If-Match": '"1"'})
    assert refused(stale_void, 412, "EDIT_CONFLICT")["current"] == current


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "1", "*", '"7", "1"'])
def test_if_match_takes_the_version_however_it_is_written(tag: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    assert data(ben.patch(path(RECEIVED, record), {"notes": "seen"}, If_Match=tag))["version"] == 2


@pytest.mark.parametrize("tag", ['"2"', '"11"', '"abc"'])
def test_if_match_of_any_other_version_is_a_conflict(tag: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    refused(ben.patch(path(RECEIVED, record), {"notes": "seen"}, If_Match=tag), 412, "EDIT_CONFLICT")


@every_module
def test_a_voided_record_is_gone_unless_void_ones_are_asked_for(
    module: Module, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    record = enter(ben, module, alpha)
    gone = ben.delete(path(module, record), reason="typed twice")
    assert (gone.status_code, gone.data) == (204, b"")
    assert "Content-Type" not in gone.headers
    refused(ben.get(path(module, record)), 404, "NOT_FOUND")
    refused(ben.patch(path(module, record), {"notes": "back"}), 404, "NOT_FOUND")
    refused(ben.delete(path(module, record)), 404, "NOT_FOUND")
    kept = data(ben.get(path(module, record), includeVoid="true"))
    assert kept["voidReason"] == "typed twice"
    assert MOMENT.fullmatch(kept["voidedAt"])


@pytest.mark.parametrize("reason", ["r" * 501, "bell \x07", "nothing \x00"])
def test_a_reason_that_cannot_be_kept_is_refused(reason: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    assert bad_fields(ben.delete(path(RECEIVED, record), reason=reason)) == {"reason"}
    data(ben.get(path(RECEIVED, record)))


@every_module
@pytest.mark.parametrize("name", ["0", "not-there", "%00", "01a1fc90-e344-7b94-9d6c-46e4ea51ee73"])
def test_an_unknown_id_is_not_found(module: Module, name: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    for method in ("GET", "PATCH", "DELETE"):
        refused(ben.open(method, f"/api/{module.name}/{name}"), 404, "NOT_FOUND")


@every_module
def test_a_record_of_another_module_is_not_found(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, module, alpha)
    for other in MODULES.values():
        if other is not module:
            refused(ben.get(path(other, record)), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "module", [each for each in MODULES.values() if each.unique], ids=lambda each: each.name
)
def test_a_taken_key_is_refused_by_its_name(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, module, alpha)
    details = refused(ben.post(path(module), sample(module.name, alpha)), 409, "DUPLICATE_RECORD")
    assert details["id"] == record["id"]
    assert {"siteId", "date", "shift"} <= details["key"].keys()
    assert details["key"]["shift"] == "MORNING"
    assert enter(ben, module, alpha, shift="NIGHT")["shift"] == "NIGHT"


@pytest.mark.parametrize("module", [DISPATCH, RECEIVED], ids=lambda each: each.name)
def test_two_equal_loads_are_both_kept(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert enter(ben, module, alpha)["id"] != enter(ben, module, alpha)["id"]


@pytest.mark.parametrize(
    ("module", "one", "other"),
    [
        (PRODUCTION, {"quantity": 12.5}, {"qtyTon": 12.5}),
        (DISPATCH, {"vehicleId": "JED-1"}, {"vehicleRef": "JED-1"}),
        (EQUIPMENT, {"runHours": 6.5}, {"hours": 6.5}),
        (MANPOWER, {"presentCount": 14}, {"headcount": 14}),
        (MANPOWER, {"totalHours": 112}, {"hours": 112}),
        (MANPOWER, {"role": "LABORER"}, {"roleId": "ROLE_LABORER"}),
    ],
    ids=lambda each: each.name if isinstance(each, Module) else ",".join(each),
)
def test_both_names_of_a_field_are_taken(
    module: Module, one: dict[str, Any], other: dict[str, Any], api: Api, alpha: Site
) -> None:
    ben = api("ben")
    (key, value), (alias, aliased) = *one.items(), *other.items()
    body = {name: each for name, each in sample(module.name, alpha).items() if name != key}
    record = data(ben.post(path(module), body | other), 201)
    assert (
        data(ben.post(path(module), {**body, "date": yesterday(alpha), **one, **other}), 201)[key]
        == record[key]
    )
    changed = {**body, **one, alias: "SECURITY" if isinstance(value, str) else aliased + 1}
    if module is DISPATCH:
        changed[alias] = "JED-2"
    assert bad_fields(ben.post(path(module), changed)) & {key, alias}


def yesterday(site: Site) -> str:
    return (site.today() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("module", "material_type", "code"),
    [
        (PRODUCTION, "COARSE_AGGREGATE", "AGG-3/4"),
        (PRODUCTION, "AGGREGATE_BASE", "BASE-CRUSHED"),
        (DISPATCH, "FINE_SAND", "FINE-WASHED"),
        (DISPATCH, "CRUSHED_CONCRETE", "BASE-RECYCLED"),
        (RECEIVED, "CRUSHED_CONCRETE", "RAW-CONCRETE"),
        (RECEIVED, "MIXED_RUBBLE", "RAW-MIXED"),
        (RECEIVED, "RECYCLED_ASPHALT", "RAW-ASPHALT"),
    ],
    ids=lambda each: each.name if isinstance(each, Module) else each,
)
def test_a_type_alone_means_its_default_material(
    module: Module, material_type: str, code: str, api: Api, alpha: Site
) -> None:
    body = sample(module.name, alpha, materialType=material_type)
    del body["materialId"]
    record = data(api("ben").post(path(module), body), 201)
    assert record["material"]["code"] == code
    assert record["materialType"] == material_type


def test_a_material_and_a_type_that_disagree_are_refused(api: Api, alpha: Site) -> None:
    body = sample("production", alpha, materialId="AGG-3/4", materialType="FINE_SAND")
    assert bad_fields(api("ben").post("/api/production", body)) == {"materialType"}


@pytest.mark.parametrize(
    ("module", "field", "text"),
    [
        (PRODUCTION, "materialId", "Invalid material ID"),
        (EQUIPMENT, "equipmentId", "Invalid equipment ID"),
        (PRODUCTION, "operation", "Invalid operation type"),
    ],
    ids=lambda each: each.name if isinstance(each, Module) else each,
)
def test_the_texts_of_the_contract_are_kept(
    module: Module, field: str, text: str, api: Api, alpha: Site
) -> None:
    answer = api("ben").post(path(module), sample(module.name, alpha) | {field: "NONE"})
    assert refused(answer, 400, "VALIDATION_ERROR")["fields"] == {field: [text]}


def test_a_doubt_comes_beside_the_record_and_refuses_nothing(api: Api, alpha: Site) -> None:
    answer = api("ben").post("/api/received", sample("received", alpha, quantity=80))
    data(answer, 201)
    assert body_of(answer)["warnings"].keys() == {"quantity"}
    assert "warnings" not in body_of(api("ben").post("/api/received", sample("received", alpha)))


def test_loads_become_tons_only_where_a_load_has_tons(api: Api, alpha: Site) -> None:
    ben = api("ben")
    body = sample("received", alpha, materialId="RAW-MIXED", quantity=3, uom="LOAD")
    assert bad_fields(ben.post("/api/received", body)) == {"uom"}
    Material.update(tons_per_load=Decimal("18.5")).where(Material.code == "RAW-MIXED").execute()
    references.changed()
    counters.forget()
    record = data(ben.post("/api/received", body), 201)
    assert (record["quantity"], record["uom"], record["loads"]) == (55.5, "TON", 3)


def test_rates_are_computed_and_nothing_divides_by_nothing(api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert enter(ben, EQUIPMENT, alpha, runHours=1, idleHours=1, downtimeHours=1)["utilizationRate"] == 33.33
    idle: dict[str, Any] = {"runHours": 0, "idleHours": 0, "downtimeHours": 0, "downtimeReasons": []}
    assert enter(ben, EQUIPMENT, alpha, shift="NIGHT", **idle)["utilizationRate"] == 0
    assert (
        enter(ben, MANPOWER, alpha, presentCount=2, absentCount=1, totalHours=16)["attendanceRate"] == 66.67
    )
    one_in_32: dict[str, Any] = {"presentCount": 1, "absentCount": 31, "totalHours": 8}
    assert enter(ben, MANPOWER, alpha, shift="AFTERNOON", **one_in_32)["attendanceRate"] == 3.13
    nobody: dict[str, Any] = {"presentCount": 0, "absentCount": 0, "totalHours": 0}
    assert enter(ben, MANPOWER, alpha, shift="NIGHT", **nobody)["attendanceRate"] == 0


def test_a_unit_has_no_more_than_24_hours_a_day(api: Api, alpha: Site) -> None:
    ben = api("ben")
    enter(ben, EQUIPMENT, alpha, runHours=16, idleHours=0, downtimeHours=0)
    late = sample("equipment", alpha, shift="NIGHT", runHours=8.01, idleHours=0, downtimeHours=0)
    assert bad_fields(ben.post("/api/equipment", late)) == {"runHours"}
    data(ben.post("/api/equipment", late | {"runHours": 8}), 201)


def test_a_record_stays_at_its_site(api: Api, alpha: Site, beta: Site) -> None:
    ada = api("ada")
    record = enter(ada, RECEIVED, alpha)
    assert bad_fields(ada.patch(path(RECEIVED, record), {"siteId": beta.code})) == {"siteId"}
    refused(api("ann").patch(path(RECEIVED, record), {"siteId": beta.code}), 403, "FORBIDDEN")
    unknown = ada.patch(path(RECEIVED, record), {"siteId": "NOWHERE"})
    assert refused(unknown, 400, "INVALID_SITE_ID") == {"siteId": "NOWHERE"}
    assert bad_fields(ada.patch(path(RECEIVED, record), {"siteId": None})) == {"siteId"}


def test_a_record_stays_at_its_site_for_an_operator_of_both(api: Api, alpha: Site, beta: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    Membership.create(user=record["createdBy"], site=beta, role="OPERATOR")
    with database.transaction():
        counters.take([counters.PEOPLE])
    assert bad_fields(ben.patch(path(RECEIVED, record), {"siteId": beta.code})) == {"siteId"}


def test_a_site_that_is_no_longer_used_takes_no_new_record(api: Api, alpha: Site) -> None:
    ada = api("ada")
    record = enter(ada, RECEIVED, alpha)
    data(ada.patch(f"/api/sites/{alpha.code}", {"isActive": False}))
    assert bad_fields(ada.post("/api/received", sample("received", alpha))) == {"siteId"}
    assert data(ada.patch(path(RECEIVED, record), {"notes": "closed"}))["notes"] == "closed"
