"""Whole lists as CSV and as JSON lines: every row of the filters, in one request, at flat memory."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops import background, config, database
from deskops.accounts.models import Site
from deskops.api import streaming
from deskops.exports import jobs
from deskops.modules import MODULES, RECEIVED
from deskops.records import listing, service
from deskops.records.module import Module
from tests.api_contract import Api, Cast, always, bad_fields, data, enter, every_module, fill, path, refused
from tests.clients import ApiClient
from tests.samples import as_read, sample

CSV, NDJSON = "text/csv", "application/x-ndjson"
Params = dict[str, Any]


def ask(script: ApiClient, module: Module, accept: str, params: Params, method: str = "GET") -> TestResponse:
    return script.open(method, path(module), query_string=params, headers={"Accept": accept})


def csv_rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def json_rows(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == NDJSON
    assert answer.text == "" or answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def every_page(script: ApiClient, module: Module, params: Params) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = 1
    while rows := data(script.get(path(module), **params, page=page)):
        found += rows
        page += 1
    return found


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "BATCH", 7)


@every_module
def test_a_list_as_json_lines_is_its_pages_put_together(
    module: Module, api: Api, cast: Cast, alpha: Site, beta: Site
) -> None:
    fill(module, alpha, cast("ada"), 25)
    fill(module, beta, cast("ada"), 20)
    script = api("ada")
    for order in ("asc", "desc"):
        params = always(alpha) | {"sortOrder": order}
        answer = ask(script, module, NDJSON, params)
        assert answer.headers["X-Total-Count"] == "45"
        assert json_rows(answer) == every_page(script, module, params)


@every_module
def test_a_list_as_csv_is_the_exported_file_of_all_columns(
    module: Module, api: Api, cast: Cast, alpha: Site, settings: config.Settings
) -> None:
    background.use(settings)
    ann, today = cast("ann"), alpha.today()
    fill(module, alpha, ann, 25)
    enter(api("ann"), module, alpha, today - timedelta(days=40), notes='=SUM(A1), "wet"\nand 雨')
    days = {"dateFrom": str(today - timedelta(days=60)), "dateTo": str(today)}
    job = jobs.create(ann, {"siteId": alpha.code, "module": module.name, "format": "csv", **days})
    jobs.run(job.id)
    answer = ask(api("ann"), module, CSV, {"siteId": alpha.code, **days})
    with jobs.open_file(jobs.get(ann, job.id)).file as exported:
        assert answer.data == exported.read()
    assert list(csv_rows(answer)[0]) == list(module.columns)
    assert len(csv_rows(answer)) == 26
    name = f"ALPHA-01-{module.name}-{days['dateFrom']}-{today}.csv"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


def test_a_stream_holds_what_its_filters_and_its_order_ask_for(
    api: Api, cast: Cast, alpha: Site, beta: Site
) -> None:
    ada, today = cast("ada"), alpha.today()
    for number in range(30):
        material = ("RAW-MIXED", "RAW-ASPHALT")[number % 2]
        day = today - timedelta(days=number % 10)
        body = sample(
            "received", alpha, day, quantity=10 + number % 4, materialId=material, source=f"Yard {number % 3}"
        )
        service.create(RECEIVED, as_read(body), ada)
    fill(RECEIVED, beta, ada, 5)
    gone = service.create(RECEIVED, as_read(sample("received", alpha)), ada).record
    service.void(RECEIVED, gone.id, ada, reason="typed twice")
    script = api("ada")
    for asked in (
        {"siteId": alpha.code},
        {"siteId": alpha.code, "materialType": "MIXED_RUBBLE", "source": "yard 1"},
        {"siteIds": f"{alpha.code},{beta.code}", "sortBy": "quantity", "sortOrder": "asc"},
        {"siteId": alpha.code, "includeVoid": "true"},
        {"siteId": beta.code, "materialType": "FINE_SAND"},
    ):
        params = always(alpha) | asked
        told = ask(script, RECEIVED, NDJSON, params)
        assert json_rows(told) == every_page(script, RECEIVED, params)
        assert told.headers["X-Total-Count"] == str(len(json_rows(told)))
        ids = [row["id"] for row in csv_rows(ask(script, RECEIVED, CSV, params))]
        assert ids == [row["id"] for row in json_rows(told)]


def test_an_empty_list_is_a_header_or_nothing(api: Api, alpha: Site) -> None:
    answer = ask(api("ben"), RECEIVED, CSV, always(alpha))
    assert answer.text == ",".join(RECEIVED.columns) + "\r\n"
    assert answer.headers["X-Total-Count"] == "0"
    assert ask(api("ben"), RECEIVED, NDJSON, always(alpha)).data == b""


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json, text/csv;q=0.9", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("text/csv", CSV),
        ("text/csv; charset=utf-8", CSV),
        ("text/csv;charset=utf-8;q=0.5, application/json; charset=utf-8", "application/json"),
        ("text/*", CSV),
        ("text/csv;q=0.2, application/x-ndjson;q=0.1, application/json;q=0", CSV),
        ("text/csv;q=0.5, application/x-ndjson", NDJSON),
        ("application/x-ndjson, */*;q=0.1", NDJSON),
    ],
)
def test_the_form_is_the_one_the_caller_likes_best(api: Api, alpha: Site, accept: str, kind: str) -> None:
    answer = ask(api("ben"), RECEIVED, accept, always(alpha))
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "Accept" in answer.headers["Vary"]


@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_what_is_wrong_is_said_in_the_envelope_before_anything_is_sent(
    api: Api, alpha: Site, beta: Site, accept: str
) -> None:
    ben = api("ben")
    days: Params = always(alpha)

    def sent(script: ApiClient = ben, **params: Any) -> TestResponse:
        return ask(script, RECEIVED, accept, params)

    assert refused(sent(startDate="2026-01-01"), 400, "MISSING_REQUIRED_PARAM")["missing"] == ["endDate"]
    refused(sent(**days, siteId="NOWHERE-9"), 400, "INVALID_SITE_ID")
    refused(sent(**days, siteId=beta.code), 403, "FORBIDDEN")
    refused(sent(startDate="2026-01-02", endDate="2026-01-01"), 400, "INVALID_DATE_RANGE")
    refused(sent(api(None), **days), 401, "UNAUTHORIZED")
    assert bad_fields(sent(**days, page=2, pageSize=50, status="GONE", colour="red")) == {
        "page",
        "pageSize",
        "status",
        "colour",
    }
    assert bad_fields(sent(**days, cursor="abc")) == {"cursor"}


def test_a_filter_without_a_column_is_named_beside_the_stream(api: Api, alpha: Site) -> None:
    answer = ask(api("ben"), RECEIVED, CSV, always(alpha) | {"shift": "NIGHT", "role": "LABORER"})
    assert answer.headers["X-Ignored-Parameters"] == "shift, role"


def test_head_tells_the_headers_alone(api: Api, cast: Cast, alpha: Site) -> None:
    fill(RECEIVED, alpha, cast("ann"), 3)
    answer = ask(api("ben"), RECEIVED, CSV, always(alpha), method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["X-Total-Count"] == "3"
    assert answer.content_type == "text/csv; charset=utf-8"


@pytest.mark.parametrize("accept", [CSV, NDJSON])
def test_a_stream_that_is_had_already_is_304_until_something_changes(
    api: Api, cast: Cast, alpha: Site, accept: str
) -> None:
    fill(RECEIVED, alpha, cast("ann"), 3)
    ben = api("ben")
    tag = ask(ben, RECEIVED, accept, always(alpha)).headers["ETag"]

    def again(kind: str) -> int:
        headers = {"Accept": kind, "If-None-Match": tag}
        return ben.open("GET", path(RECEIVED), query_string=always(alpha), headers=headers).status_code

    assert again(accept) == 304
    assert again("application/json") == 200
    enter(ben, RECEIVED, alpha)
    assert again(accept) == 200


def test_a_stream_counts_as_one_request(api: Api, cast: Cast, alpha: Site) -> None:
    fill(RECEIVED, alpha, cast("ann"), 60)
    ben = api("ben")
    before = int(ask(ben, RECEIVED, CSV, always(alpha)).headers["X-RateLimit-Remaining"])
    assert int(ask(ben, RECEIVED, NDJSON, always(alpha)).headers["X-RateLimit-Remaining"]) == before - 1


def pieces(script: ApiClient, accept: str, params: Params) -> Iterator[bytes]:
    """The answer as the server gives it out, piece by piece."""
    answer = script.client.open(
        path(RECEIVED), query_string=params, headers={**script.headers, "Accept": accept}, buffered=False
    )
    given: Any = answer.response
    return iter(given)


def test_the_header_comes_before_any_row_is_read_and_rows_come_in_batches(
    api: Api, cast: Cast, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(RECEIVED, alpha, cast("ann"), 21)
    read: list[int] = []
    fetch = listing.fetch

    def counted(*args: Any) -> Any:
        found = fetch(*args)
        read.append(len(found))
        return found

    monkeypatch.setattr(listing, "fetch", counted)
    coming = pieces(api("ben"), CSV, always(alpha))
    assert next(coming).decode() == ",".join(RECEIVED.columns) + "\r\n"
    assert read == []
    assert next(coming).count(b"\r\n") == 7
    assert len(read) == 1
    assert b"".join(coming).count(b"\r\n") == 14


def test_no_connection_is_held_while_rows_are_on_their_way(api: Api, cast: Cast, alpha: Site) -> None:
    if database.is_sqlite():
        pytest.skip("SQLite's connection is the thread's, and no read of it stays open")
    fill(RECEIVED, alpha, cast("ann"), 21)
    coming = pieces(api("ben"), NDJSON, always(alpha))
    for _ in coming:
        assert database.database.is_closed()


def test_a_row_that_is_entered_meanwhile_moves_no_other(api: Api, cast: Cast, alpha: Site) -> None:
    ids = fill(RECEIVED, alpha, cast("ann"), 30)
    ben = api("ben")
    coming = pieces(ben, NDJSON, always(alpha))
    got = [next(coming)]
    new = enter(ben, RECEIVED, alpha)["id"]
    got += coming
    told = [json.loads(line)["id"] for line in b"".join(got).splitlines()]
    assert [each for each in told if each != new] == ids


def test_a_fault_on_the_way_breaks_the_stream_off(
    api: Api, cast: Cast, alpha: Site, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    fill(RECEIVED, alpha, cast("ann"), 30)
    coming = pieces(api("ben"), CSV, always(alpha))
    next(coming), next(coming)
    monkeypatch.setattr(listing, "table", lambda module: "gone")
    with pytest.raises(Exception, match="gone"):
        next(coming)
    [line] = [each for each in caplog.records if each.message == "a list broke off on its way"]
    assert len(line.own["request_id"]) == 16


def test_a_reader_who_takes_nothing_is_let_go(api: Api, cast: Cast, alpha: Site) -> None:
    """The server's socket gives up; a page of a list waits as before."""
    fill(RECEIVED, alpha, cast("ann"), 1)
    ben = api("ben")
    for accept, seconds in ((CSV, streaming.PATIENCE_SECONDS), ("application/json", None)):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            headers, server = {**ben.headers, "Accept": accept}, {"gunicorn.socket": ours}
            ben.client.get(
                path(RECEIVED), query_string=always(alpha), headers=headers, environ_overrides=server
            )
            assert ours.gettimeout() == seconds


def test_every_module_has_both_forms(api: Api, alpha: Site) -> None:
    document = api("ben").get("/api/openapi.json").get_json()
    for name in MODULES:
        content = document["paths"][f"/api/{name}"]["get"]["responses"]["200"]["content"]
        assert {kind.partition(";")[0] for kind in content} == {"application/json", CSV, NDJSON}
