"""What every answer of the API must be, checked wherever a test reads one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.modules import LISTED, MODULES
from deskops.records import service
from deskops.records.module import Module
from tests.clients import ApiClient
from tests.reference import KEPT_AT
from tests.samples import as_read, sample

Api = Callable[..., ApiClient]
Cast = Callable[[str], Actor]

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

every_listed = pytest.mark.parametrize("module", LISTED.values(), ids=list(LISTED))
# What a chart's rows rest on, told beside them.
OF_CHARTS = {"completeness", "updatedAt"}

every_module = pytest.mark.parametrize("module", MODULES.values(), ids=list(MODULES))


def body_of(answer: TestResponse) -> dict[str, Any]:
    """The answer's JSON, which is in the envelope and on the caller's account."""
    assert answer.mimetype == "application/json", answer.text
    body = answer.get_json()
    assert MOMENT.fullmatch(body["timestamp"])
    assert all(answer.headers[name].isdigit() for name in LIMIT_HEADERS)
    return dict(body)


def data(answer: TestResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    body = body_of(answer)
    assert body.keys() <= {"data", "meta", "warnings", "timestamp", *OF_CHARTS}
    return body["data"]


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The details of an error beside the request's id, {} without any."""
    assert answer.status_code == status, answer.text
    body = body_of(answer)
    assert body.keys() == {"error", "timestamp"}
    error = body["error"]
    assert error.keys() == {"code", "message", "details"}
    assert error["code"] == code, error
    assert error["message"]
    details = dict(error["details"])
    assert details.pop("requestId") == answer.headers["X-Request-Id"]
    return details


def bad_fields(answer: TestResponse) -> set[str]:
    """The names of the fields that a 400 complains of, each with its texts."""
    fields = refused(answer, 400, "VALIDATION_ERROR")["fields"]
    assert all(isinstance(text, str) and text for texts in fields.values() for text in texts)
    return set(fields)


def measure_of(module: Module) -> tuple[str, int]:
    """The key of a number that a record of this module is about, tons or hours, and its decimals."""
    field = next(field for field in module.measures if field.kind.places)
    assert field.kind.places
    return field.key, field.kind.places


def path(module: Module, record: dict[str, Any] | None = None) -> str:
    below = next((each for each, name in KEPT_AT.items() if name == module.name), module.name)
    return f"/api/{below}" + (f"/{record['id']}" if record else "")


def enter(
    script: ApiClient, module: Module, site: Site, day: date | None = None, **values: Any
) -> dict[str, Any]:
    """A record made by the API."""
    return dict(data(script.post(path(module), sample(module.name, site, day, **values)), 201))


def fill(module: Module, site: Site, actor: Actor, count: int) -> list[str]:
    """Records on as many days, the last one today; answers their ids, newest day first."""
    today = site.today()
    bodies = [as_read(sample(module.name, site, today - timedelta(days=number))) for number in range(count)]
    return [saved.record.id for saved in service.create_many(module, bodies, actor)]


def always(site: Site) -> dict[str, str]:
    """The parameters of everything in the last ten years."""
    today = site.today()
    return {"startDate": (today - timedelta(days=3_600)).isoformat(), "endDate": today.isoformat()}


def exactly(number: object) -> Decimal:
    """A JSON number as it was written."""
    assert isinstance(number, int | float)
    return Decimal(str(number))
