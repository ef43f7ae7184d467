"""What the API takes as a body, and what it says where it is something else."""

from __future__ import annotations

import gzip
import io
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from gunicorn.http.errors import InvalidChunkSize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskops import database
from deskops.accounts.models import Site
from deskops.api import records as record_routes
from deskops.modules import RECEIVED
from deskops.modules.reference import Material
from deskops.records.module import Module
from deskops.schema import references
from tests.api_contract import Api, bad_fields, body_of, data, enter, every_module, exactly, path, refused
from tests.clients import ApiClient
from tests.samples import sample


def send(script: ApiClient, text: str | bytes, content_type: str = "application/json") -> Any:
    return script.open("POST", "/api/received", data=text, content_type=content_type)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json, text/plain", ""]
)
def test_only_json_is_taken(content_type: str, api: Api, alpha: Site) -> None:
    body = json.dumps(sample("received", alpha))
    refused(send(api("ben"), body, content_type), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_in_broken_chunks_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_options: Any, **_more: Any) -> bytes:
        raise InvalidChunkSize(b"zebra")

    monkeypatch.setattr("deskops.api.bodies.read_bytes", broken)
    refused(send(api("ben"), "{}"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_is_taken_however_it_is_spelt(content_type: str, api: Api, alpha: Site) -> None:
    data(send(api("ben"), json.dumps(sample("received", alpha)), content_type), 201)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{'siteId': 1}",
        '{"quantity": NaN}',
        '{"quantity": Infinity}',
        '{"quantity": -Infinity}',
        '{"quantity": 1e99999999999999999999}',
        '{"quantity": 1e999999999}',
        '{"trips": 1e999999999}',
        '{"trips": -1e999999999}',
        '{"trips": 1e-999999999}',
        '{"records": [{"trips": 1e999999999}]}',
        '{"quantity": ' + "9" * 5_000 + "}",
        '{"quantity": 1, "quantity": 2}',
        "[" * 100_000,
        *('{"id": ' + "[" * depth + "]" * depth + "}" for depth in (100, *range(900, 1_000, 10))),
        b'{"notes": "\xff"}',
        b"\x00",
        '{"quantity": 1}'.encode("utf-16"),
        '{"notes": "caf\xe9"}'.encode("latin-1"),
        gzip.compress(b'{"quantity": 1}', mtime=0),
        "{" + ", ".join(f'"key {number}": 0' for number in range(201)) + "}",
        '{"' + "k" * 101 + '": 0}',
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_no_sound_json_object_is_refused(text: str | bytes, api: Api, alpha: Site) -> None:
    assert "fields" not in refused(send(api("ben"), text), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "text",
    [
        "{" + "".join(f'"{number}": 0, ' for number in range(70_000)) + '"twice": 1, "twice": 2}',
        '{"records": [' + '{"a": 1, "a": 2}, ' * 50_000 + "{}]}",
        '{"' + "k" * 1_000_000 + '": 0}',
        '{"' + "k" * 500_000 + '": 0, "' + "k" * 500_000 + '": 0}',
        '{"quantity": 1.' + "0" * 1_000_000 + "1}",
    ],
    ids=["many keys", "many objects", "one long key", "two long keys", "many decimals"],
)
def test_the_largest_bodies_are_refused_in_no_time_and_few_words(text: str, api: Api, alpha: Site) -> None:
    began = time.process_time()
    answer = send(api("ben"), text)
    assert time.process_time() - began < 2
    refused(answer, 400, "VALIDATION_ERROR")
    assert len(answer.data) < 10_000


@pytest.mark.parametrize(
    "number", ["1." + "0" * 40 + "1", "0.0001", "1e-4", "1000000", "1e100", "1e400", "-0", "0", "0e5"]
)
def test_tons_are_judged_by_every_digit(number: str, api: Api, alpha: Site) -> None:
    text = json.dumps(sample("received", alpha) | {"quantity": "?"}).replace('"?"', number)
    assert bad_fields(send(api("ben"), text)) == {"quantity"}


@pytest.mark.parametrize("number", ["1.5", "0", "-1", "1e18", "1e400", "1e-400", "100001", "9" * 400, "true"])
def test_a_count_is_a_sound_whole_number(number: str, api: Api, alpha: Site) -> None:
    text = json.dumps(sample("received", alpha) | {"trips": "?"}).replace('"?"', number)
    assert bad_fields(send(api("ben"), text)) == {"trips"}


def test_an_export_is_not_asked_for_more_than_an_address_could_name(api: Api, alpha: Site) -> None:
    today = alpha.today().isoformat()
    filters = {"siteId": alpha.id, "dateRange": {"start": today, "end": today}}
    names = [str(number) for number in range(100_000)]
    for change in ({"materialType": names}, {"siteIds": [",".join(names)]}, {"vehicleId": "x" * 1_000_000}):
        body = {"format": "csv", "module": "received", "filters": filters | change}
        assert bad_fields(api("ben").post("/api/export", body)) == set(change)
    answer = api("ben").post("/api/export", body | {"filters": filters, "columns": names})
    assert bad_fields(answer) == {"columns"}
    assert len(answer.data) < 1_000


@every_module
@pytest.mark.parametrize("values", [{}, {"status": "CANCELLED"}, {"notes": "as weighed"}])
def test_a_body_that_was_read_is_taken_back(
    module: Module, values: dict[str, Any], api: Api, alpha: Site
) -> None:
    """With every key an answer has: those of a void, which are null, and the warnings beside it."""
    ben = api("ben")
    required = {field.key for field in module.schema.fields if field.required}
    least = {key: value for key, value in sample(module.name, alpha).items() if key in required}
    record = enter_body(ben, module, least | values)
    assert {"voidedAt", "voidReason", "createdBy", "siteCode"} <= record.keys()
    again = data(ben.patch(path(module, record), record | {"warnings": {"quantity": ["many"]}}))
    changing = {"version", "updatedAt"}
    assert {key: again[key] for key in again.keys() - changing} == {
        key: record[key] for key in record.keys() - changing
    }


def test_loads_that_were_read_are_taken_back(api: Api, alpha: Site) -> None:
    Material.update(tons_per_load=Decimal("18.5")).where(Material.code == "RAW-MIXED").execute()
    with database.transaction():
        references.changed()
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha, materialId="RAW-MIXED", quantity=3, uom="LOAD")
    again = data(ben.patch(path(RECEIVED, record), record))
    assert (again["quantity"], again["uom"], again["loads"]) == (55.5, "TON", 3)


def test_a_quantity_in_tons_is_no_longer_so_many_loads(api: Api, alpha: Site) -> None:
    Material.update(tons_per_load=Decimal("18.5")).where(Material.code == "RAW-MIXED").execute()
    with database.transaction():
        references.changed()
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha, materialId="RAW-MIXED", quantity=3, uom="LOAD")
    noted = data(ben.patch(path(RECEIVED, record), {"notes": "Wet"}))
    assert (noted["quantity"], noted["loads"]) == (55.5, 3)
    weighed = data(ben.patch(path(RECEIVED, record), {"qtyTon": 52}))
    assert (weighed["quantity"], weighed["loads"]) == (52, None)


def enter_body(script: ApiClient, module: Module, body: dict[str, Any]) -> dict[str, Any]:
    return dict(data(script.post(path(module), body), 201))


def test_a_byte_order_mark_is_no_harm(api: Api, alpha: Site) -> None:
    data(send(api("ben"), json.dumps(sample("received", alpha)).encode("utf-8-sig")), 201)


def test_a_body_over_one_mebibyte_is_refused(api: Api, alpha: Site) -> None:
    largest = 1024 * 1024
    body = json.dumps(sample("received", alpha))
    data(send(api("ben"), body.ljust(largest)), 201)
    refused(send(api("ben"), body.ljust(largest + 1)), 413, "PAYLOAD_TOO_LARGE")


def test_a_body_that_does_not_tell_its_length_is_not_cut(api: Api, alpha: Site) -> None:
    largest = 1024 * 1024
    body = json.dumps(sample("received", alpha)).encode()

    def stream(sent: bytes) -> Any:
        chunked = {"wsgi.input_terminated": True}
        return api("ben").open(
            "POST",
            "/api/received",
            input_stream=io.BytesIO(sent),
            content_type="application/json",
            environ_overrides=chunked,
        )

    data(stream(body.ljust(largest)), 201)
    refused(stream(body.ljust(largest + 1)), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("tons", ["0.001", "0.1", "0.3", "12.345", "999999.999", "1e1", "1.0E+2", "100.000"])
def test_a_number_is_kept_as_it_was_written(tons: str, api: Api, alpha: Site) -> None:
    text = json.dumps(sample("received", alpha) | {"quantity": "?"}).replace('"?"', tons)
    assert exactly(data(send(api("ben"), text), 201)["quantity"]) == Decimal(tons)


@pytest.mark.parametrize("text", ["\x00", "a\x1bb", "\ud800"])
def test_a_text_that_cannot_be_kept_is_refused(text: str, api: Api, alpha: Site) -> None:
    answer = send(api("ben"), json.dumps(sample("received", alpha, source=text)))
    assert refused(answer, 400, "VALIDATION_ERROR")["fields"].keys() == {"source"}


def test_a_name_that_is_no_text_is_refused_without_harm(api: Api, alpha: Site) -> None:
    answer = send(api("ben"), json.dumps(sample("received", alpha) | {"\ud800\x00": 1}))
    assert refused(answer, 400, "VALIDATION_ERROR")["fields"]
    for name in (["ALPHA-01"], {"id": 1}, 7, True, "\x00", "\ud800"):
        answer = send(api("ben"), json.dumps(sample("received", alpha) | {"siteId": name}))
        assert answer.status_code == 400, name
        assert body_of(answer)["error"]["code"] in ("VALIDATION_ERROR", "INVALID_SITE_ID")


def test_arabic_and_emoji_come_back_as_they_went(api: Api, alpha: Site) -> None:
    record = data(send(api("ben"), json.dumps(sample("received", alpha, source="الردم القديم 🚛"))), 201)
    assert record["source"] == "الردم القديم 🚛"


def test_a_fault_says_its_request_and_nothing_of_the_inside(
    app: Flask, api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError("the secret inside")

    monkeypatch.setattr(record_routes, "read_batch", break_down)
    answer = api("ben").post("/api/received/bulk", {"records": []})
    assert refused(answer, 500, "INTERNAL_ERROR") == {}
    assert "secret" not in answer.text
    assert "ZeroDivisionError" in caplog.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["siteId", "date", "materialId", "materialType", "quantity", "uom", "time", "trips", "status"]
        ),
        json_values,
        min_size=1,
    )
)
def test_no_value_of_any_field_is_a_fault(api: Api, alpha: Site, strange: dict[str, Any]) -> None:
    answer = send(api("ben"), json.dumps(sample("received", alpha) | strange))
    assert answer.status_code in (201, 400), answer.text
