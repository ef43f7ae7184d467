"""Logs: one line for each request, the same id in the line, the header and the error, and nobody's secrets."""

from __future__ import annotations

import http.client
import io
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import peewee
import pytest
from flask import Flask, Response

from deskops import database, logs
from deskops.accounts.models import Site, Token
from deskops.exports import jobs, making
from deskops.exports.models import ExportJob
from deskops.logs import JsonLine, RequestUnsaid, said_by, told
from tests.api_contract import Api, data, refused
from tests.conftest import user_of
from tests.samples import sample
from tests.test_up import Start, start

__all__ = ["start"]

RECEIVED = "/api/received"
# Every one of these is somebody's: none may be in any line.
MARKS = ("Quarrymark", "quarrymark", "QUARRYMARK")


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged since the test began, as the program writes it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


Lines = Callable[[], list[dict[str, Any]]]


def requests_of(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"] == "deskops.request"]


def test_each_request_leaves_one_line(lines: Lines, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = data(ben.post(RECEIVED, sample("received", alpha)), 201)
    answer = ben.get(f"{RECEIVED}/{record['id']}")
    created, read = requests_of(lines)
    assert (created["method"], created["route"], created["status"]) == ("POST", RECEIVED, 201)
    assert (read["method"], read["route"]) == ("GET", f"{RECEIVED}/<uuid:record_id>")
    assert read["status"] == answer.status_code == 200
    assert read["bytes"] == len(answer.data)
    assert 0 < read["ms"] < 10_000
    assert read["user"] == user_of("ben").id
    assert read["token"] == Token.get().id
    assert read["request_id"] == answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{16}", read["request_id"])
    assert read.keys() == {
        *("time", "level", "logger", "message", "request_id"),
        *("method", "route", "status", "bytes", "user", "token", "ms"),
    }


def test_the_line_of_a_refused_request_names_its_code(lines: Lines, api: Api, alpha: Site) -> None:
    ben = api("ben")
    ben.post(RECEIVED, sample("received", alpha) | {"quantity": -1})
    ben.get("/api/no-such-path")
    assert [line["code"] for line in requests_of(lines)] == ["VALIDATION_ERROR", "NOT_FOUND"]


def test_a_page_leaves_one_line_too(lines: Lines, browse: Callable[..., Any]) -> None:
    browser = browse("ben")
    answer = browser.get("/received", period="today")
    line = requests_of(lines)[-1]
    assert line["route"].endswith(":name>")
    assert (line["user"], line["token"]) == (user_of("ben").id, None)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    browser.get("/static/nothing.css")
    assert requests_of(lines)[-1]["status"] == 404


def test_a_stream_is_noted_when_it_has_ended(
    lines: Lines, app: Flask, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.view_functions, "api.hello", lambda: Response(iter(["a", "b"])))
    answer = app.test_client().get("/api/hello", buffered=False)
    assert requests_of(lines) == []
    assert answer.text == "ab"
    answer.close()
    (line,) = requests_of(lines)
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_a_file_is_noted_with_its_size(lines: Lines, app: Flask, fresh_book: None) -> None:
    with closing(app.test_client().get("/static/vendor/VENDORED.toml")) as answer:
        (line,) = requests_of(lines)
        assert (line["status"], line["bytes"]) == (200, len(answer.data))


@pytest.mark.parametrize(
    ("method", "where", "body", "status", "code"),
    [
        ("GET", "/api/nothing", None, 404, "NOT_FOUND"),
        ("PUT", RECEIVED, None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", RECEIVED, b"{", 400, "VALIDATION_ERROR"),
        ("POST", RECEIVED, b"x" * 2_000_000, 413, "PAYLOAD_TOO_LARGE"),
        ("GET", f"{RECEIVED}?startDate=2026-01-01", None, 400, "MISSING_REQUIRED_PARAM"),
        ("POST", "/api/sites", b"{}", 403, "FORBIDDEN"),
    ],
)
def test_every_error_carries_the_id_of_its_request(
    *,
    method: str,
    where: str,
    body: bytes | None,
    status: int,
    code: str,
    lines: Lines,
    api: Api,
    alpha: Site,
) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    answer = api("ben").open(method, where, data=body, headers=headers)
    refused(answer, status, code)
    told_id = answer.get_json()["error"]["details"]["requestId"]
    assert told_id == answer.headers["X-Request-Id"] == requests_of(lines)[-1]["request_id"]


def test_an_error_that_is_given_before_any_view_carries_it_too(
    lines: Lines, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera = api("vera")

    def away() -> None:
        raise peewee.OperationalError("database is locked")

    monkeypatch.setattr(database, "open_connection", away)
    answer = vera.client.get("/api/sites", headers=vera.headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "DATABASE_ERROR")
    told_id = answer.get_json()["error"]["details"]["requestId"]
    assert told_id == answer.headers["X-Request-Id"]
    failed = next(line for line in lines() if line["level"] == "ERROR")
    assert failed["request_id"] == told_id
    assert "OperationalError: database is locked" in failed["exception"]


def test_an_error_page_shows_the_id(browse: Callable[..., Any]) -> None:
    answer = browse("ben").get("/no/such/page")
    assert answer.status_code == 404
    assert answer.headers["X-Request-Id"] in answer.text


def marked(site: Site) -> dict[str, Any]:
    """A body in which every text is marked."""
    texts = dict.fromkeys(("vehicleId", "source", "notes"), "Quarrymark 7")
    return sample("received", site) | texts


def test_nothing_that_is_sent_is_in_any_line(
    lines: Lines, app: Flask, api: Api, browse: Callable[..., Any], alpha: Site
) -> None:
    ben, nobody = api("ben"), api(None)
    body = marked(alpha)
    record = data(ben.post(RECEIVED, body, Idempotency_Key="quarrymark-1"), 201)
    ben.post(RECEIVED, body | {"notes": "other"}, Idempotency_Key="quarrymark-1")
    ben.patch(f"{RECEIVED}/{record['id']}", {"notes": "Quarrymark 8"}, If_Match='"quarrymark"')
    ben.delete(f"{RECEIVED}/{record['id']}", reason="Quarrymark 9")
    for bad in (
        {"quarrymark": 1},
        {"quantity": "Quarrymark"},
        {"siteId": "QUARRYMARK"},
        {"date": "Quarrymark"},
    ):
        assert ben.post(RECEIVED, body | bad).status_code == 400
    ben.open("POST", RECEIVED, data=b'{"notes": "Quarrymark', headers={"Content-Type": "application/json"})
    ben.get(f"{RECEIVED}/quarrymark")
    ben.get("/api/Quarrymark/quarrymark@yard.test", q="Quarrymark")
    ben.get(RECEIVED, startDate="Quarrymark", endDate="Quarrymark", q="Quarrymark", siteId="QUARRYMARK")
    ben.get(RECEIVED, cursor="Quarrymark")
    ben.open("QUARRYMARK", RECEIVED)
    nobody.open("GET", "/api/sites", headers={"Authorization": "Bearer dops_Quarrymark"})
    nobody.open("GET", "/api/sites", headers={"Authorization": "Basic Quarrymark", "Cookie": "a=Quarrymark"})
    nobody.open("GET", "/api/sites", headers={"User-Agent": "Quarrymark", "Referer": "http://Quarrymark/"})
    nobody.get("/api/sites", token="dops_Quarrymark")
    browser = browse(None)
    browser.get("/signin", next="/quarrymark")
    browser.post("/signin", {"email": "quarrymark@yard.test", "password": "Quarrymark"})
    browser.post("/Quarrymark", {"notes": "Quarrymark"})
    clerk = browse("ben")
    clerk.post("/received", dict.fromkeys(("quantity", "source", "notes"), "Quarrymark"))
    clerk.get("/received", q="Quarrymark")
    assert len(requests_of(lines)) > 20
    assert not [line for line in lines() if any(mark in json.dumps(line) for mark in MARKS)]
    emails_and_tokens = re.compile(r"@|dops_|Moderator|Operator|" + re.escape(str(record["id"])))
    assert not [line for line in lines() if emails_and_tokens.search(json.dumps(line))]


def break_with(fault: BaseException) -> Callable[..., Any]:
    def broken(*_: Any, **__: Any) -> Any:
        try:
            raise KeyError(MARKS[0])
        except KeyError as cause:
            raise fault from cause

    return broken


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ValueError("Quarrymark is no number"), "ValueError"),
        (RuntimeError("of Quarrymark@yard.test with dops_quarrymark"), "RuntimeError"),
        (
            OSError(28, "No space left on device", "/tmp/Quarrymark.csv"),
            "OSError: [Errno 28] No space left on device",
        ),
        (peewee.IntegrityError("UNIQUE constraint failed: user.email\nDETAIL: (Quarrymark)"), "user.email"),
        (peewee.DataError('invalid input syntax for type integer: "Quarrymark"'), "DataError"),
        (peewee.ProgrammingError('no such column "Quarrymark"'), "ProgrammingError: no such column …"),
    ],
)
def test_a_fault_is_told_with_its_place_and_without_its_values(
    fault: BaseException,
    said: str,
    *,
    lines: Lines,
    api: Api,
    browse: Callable[..., Any],
    alpha: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ben, clerk = api("ben"), browse("ben")
    monkeypatch.setattr("deskops.records.service.create", break_with(fault))
    by_script = ben.post(RECEIVED, marked(alpha))
    by_page = clerk.post("/received", {"quantity": "5", "source": "Quarrymark"})
    assert by_script.status_code == by_page.status_code == 500
    for answer in (by_script, by_page):
        failed = next(
            line
            for line in lines()
            if line["level"] == "ERROR" and line["request_id"] == answer.headers["X-Request-Id"]
        )
        assert said in failed["exception"]
        assert "in broken" in failed["exception"]
        assert "KeyError\nwhich led to" in failed["exception"]
        assert not any(mark in answer.text for mark in MARKS)
    assert not [line for line in lines() if any(mark in json.dumps(line) for mark in MARKS)]


def test_a_failed_job_is_told_the_same_way(
    lines: Lines, api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"dateFrom": "2026-01-01", "dateTo": "2026-01-31"}
    wanted = {"format": "csv", "module": "received", "siteId": alpha.code} | days
    job = data(api("ben").post("/api/export", wanted), 201)["jobId"]
    monkeypatch.setattr(making, "make", break_with(ValueError("Quarrymark")))
    jobs.run(job)
    assert ExportJob.get().status == "failed"
    failed = next(line for line in lines() if line["level"] == "ERROR")
    assert failed["job"] == job
    assert "ValueError" in failed["exception"]
    assert not any(mark in json.dumps(failed) for mark in MARKS)


def test_a_message_of_a_library_is_searched_for_secrets(lines: Lines) -> None:
    log = logging.getLogger("some.library")
    log.warning("%s asked with Bearer dops_quarrymark", "quarrymark@yard.test")
    log.warning("redis://:Quarrymark@host failed", extra={"facts": {"problem": "password=Quarrymark"}})
    first, second = lines()
    assert first["message"] == "<email> asked with Bearer <secret>"
    assert (second["message"], second["problem"]) == ("redis://<secret>@host failed", "password=<secret>")


def test_a_chain_of_faults_is_told_in_order() -> None:
    try:
        break_with(ZeroDivisionError("division by zero"))()
    except ZeroDivisionError as fault:
        text = told(fault)
    assert (
        text.index("KeyError")
        < text.index("which led to")
        < text.index("ZeroDivisionError: division by zero")
    )
    assert said_by("KeyError", "'Quarrymark'") == "KeyError"


@pytest.mark.parametrize(
    ("message", "args", "told_as"),
    [
        ("Invalid request from ip=203.0.113.9: Quarrymark", (), "Invalid request"),
        ("Error handling request %s %s", ("GET", "/?q=Quarrymark"), "Error handling request"),
        ("WORKER TIMEOUT (pid:%s)", (7,), "WORKER TIMEOUT (pid:7)"),
    ],
)
def test_the_web_server_says_nothing_of_the_request(
    message: str, args: tuple[Any, ...], told_as: str
) -> None:
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, message, args, None)
    assert RequestUnsaid().filter(record)
    assert record.getMessage() == told_as
    assert logs.configuration("INFO")["loggers"]["gunicorn.error"]["filters"] == ["request unsaid"]


def test_the_running_program_writes_lines_and_no_secret(start: Start) -> None:
    running = start(DEMO="0").ready()
    port = urlsplit(running.address).port or 0
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as asking:
        asking.request(
            "GET", "/api/quarrymark?token=Quarrymark", headers={"Authorization": "Bearer Quarrymark"}
        )
        answer = asking.getresponse()
        answer.read()
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as asking:
        asking.sendall(b"GET /?token=Quarrymark QUARRYMARK\r\n\r\n")
        assert b"400" in asking.recv(1000)
    request_id = str(answer.headers["X-Request-Id"])
    running.until(lambda: request_id in running.text and "Invalid request" in running.text)
    line = json.loads(next(line for line in running.said if request_id in line))
    assert (line["route"], line["status"], line["user"]) == (None, 401, None)
    assert not any(mark in running.text for mark in MARKS)
