"""What the API takes as a body, and what it says where it is something else."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from gunicorn.http.errors import InvalidChunkSize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskops.accounts.models import Site
from deskops.api import records as record_routes
from tests.api_contract import Api, body_of, data, exactly, refused
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
        '{"quantity": ' + "9" * 5_000 + "}",
        '{"quantity": 1, "quantity": 2}',
        "[" * 100_000,
        *('{"id": ' + "[" * depth + "]" * depth + "}" for depth in (100, *range(900, 1_000, 10))),
        b'{"notes": "\xff"}',
        b"\x00",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_no_sound_json_object_is_refused(text: str | bytes, api: Api, alpha: Site) -> None:
    assert "fields" not in refused(send(api("ben"), text), 400, "VALIDATION_ERROR")


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
    details = refused(answer, 500, "INTERNAL_ERROR")
    assert details.keys() == {"requestId"}
    assert details["requestId"]
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
