"""Every code of the reference is provoked, and a request that is wrong in several ways is told the first of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import peewee
import pytest
from flask import Flask

from deskops import errors
from deskops.accounts import people
from deskops.accounts.actor import OwnLimits
from deskops.accounts.models import BLOCK, Site
from deskops.api import SECTIONS
from deskops.database import utc_now
from deskops.exports.models import ExportJob
from deskops.insight import metrics
from deskops.ledger.standing import Standing, set_standing
from deskops.modules import OPENINGS, PRODUCTION, RECEIVED
from deskops.records import listing
from deskops.schema import counters, references
from tests import reference, sound
from tests.api_contract import Api, always, body_of, data, enter, refused
from tests.clients import ApiClient
from tests.conftest import user_of
from tests.samples import sample

ROWS = {
    reference.marked(row["code"])[0]: row
    for row in reference.table("| code | status | when | details |", "## Errors")
}


class Scene(NamedTuple):
    """What a provocation has at hand."""

    api: Api
    app: Flask
    site: Site
    monkeypatch: pytest.MonkeyPatch

    def spent(self) -> ApiClient:
        """A script of Ann's that has made the one request its token may make in a minute."""
        user, once = user_of("ann"), OwnLimits(1, 1)
        _, secret = people.add_token(
            user, "spent", scope="write", sites=(), expires_in_days=None, own_limits=once
        )
        script = ApiClient(self.app.test_client(), secret)
        data(script.get("/api/sites"))
        return script

    def export(self, **values: Any) -> str:
        """The path of an export of Ben's, in this state."""
        body = sound.export_body(self.site, flat=True)
        made = data(self.api("ben").post("/api/export", body), 201)["jobId"]
        if values:
            ExportJob.update(**values).execute()
        return f"/api/export/{made}/download"

    def list(self, nick: str = "ben", **params: str) -> Any:
        return self.api(nick).get("/api/received", **params)

    def break_down(self, target: object, name: str, problem: Exception) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise problem

        self.monkeypatch.setattr(target, name, broken)


def taken_twice(scene: Scene) -> Any:
    enter(scene.api("ben"), PRODUCTION, scene.site)
    return scene.api("ben").post("/api/production", sample("production", scene.site))


def today_of(site: Site) -> str:
    return f"/api/days/{site.code}/{site.today()}"


def key_of_another_body(scene: Scene) -> Any:
    ben = scene.api("ben")
    data(ben.post("/api/received", sample("received", scene.site), Idempotency_Key="gate 1"), 201)
    return ben.post("/api/received", sample("received", scene.site, quantity=1), Idempotency_Key="gate 1")


def changed_since(scene: Scene) -> Any:
    ben = scene.api("ben")
    record = enter(ben, RECEIVED, scene.site)
    return ben.patch(f"/api/received/{record['id']}", {"notes": "late"}, If_Match='"7"')


def closed_through_today(scene: Scene) -> Any:
    today = scene.site.today()
    set_standing(scene.site.id, Standing(today, today))
    return scene.api("ben").post("/api/received", sample("received", scene.site))


def more_than_there_is(scene: Scene) -> Any:
    Site.update(stock_policy=BLOCK).where(Site.id == scene.site.id).execute()
    references.changed()
    counters.forget()
    for module in (OPENINGS, PRODUCTION, RECEIVED):
        enter(scene.api("ann"), module, scene.site, materialId="AGG-3/4", quantity=1)
    return scene.api("ben").post("/api/dispatch", sample("dispatch", scene.site, materialId="AGG-3/4"))


def broken_database(scene: Scene) -> Any:
    scene.break_down(listing, "count", LOCKED)
    return scene.list(**always(scene.site))


def broken_program(scene: Scene) -> Any:
    scene.break_down(metrics, "dashboard", ZeroDivisionError())
    return scene.api("ben").get("/api/dashboard/metrics", siteId=scene.site.code)


LOCKED = peewee.OperationalError("database is locked")
BACKWARDS = {"startDate": "2026-02-02", "endDate": "2026-02-01"}
PROVOKED: dict[str, Callable[[Scene], Any]] = {
    "UNAUTHORIZED": lambda scene: scene.api(None).get("/api/sites"),
    "RATE_LIMIT_EXCEEDED": lambda scene: scene.spent().get("/api/sites"),
    "FORBIDDEN": lambda scene: scene.api("vera").post("/api/received", sample("received", scene.site)),
    "MISSING_REQUIRED_PARAM": lambda scene: scene.list(endDate="2026-01-01"),
    "INVALID_SITE_ID": lambda scene: scene.list(siteId="NOWHERE", **always(scene.site)),
    "INVALID_DATE_RANGE": lambda scene: scene.list(**BACKWARDS),
    "INVALID_PAGE_SIZE": lambda scene: scene.list(**always(scene.site), pageSize="101"),
    "VALIDATION_ERROR": lambda scene: scene.list(**always(scene.site), colour="red"),
    "NOT_FOUND": lambda scene: scene.api("ben").get("/api/nothing"),
    "METHOD_NOT_ALLOWED": lambda scene: scene.api("ben").open("PUT", "/api/received"),
    "DUPLICATE_RECORD": taken_twice,
    "DAY_CLOSED": closed_through_today,
    "DAY_BLOCKED": lambda scene: scene.api("ann").post(f"{today_of(scene.site)}/close", {}),
    "INSUFFICIENT_STOCK": more_than_there_is,
    "IDEMPOTENCY_CONFLICT": key_of_another_body,
    "EDIT_CONFLICT": changed_since,
    "PAYLOAD_TOO_LARGE": lambda scene: scene.api("ben").open(
        "POST", "/api/received", data=b" " * (1024 * 1024 + 1), content_type="application/json"
    ),
    "UNSUPPORTED_MEDIA_TYPE": lambda scene: scene.api("ben").open("POST", "/api/received", data=b"{}"),
    "FORMAT_UNAVAILABLE": lambda scene: scene.api("ben").post(
        "/api/export", sound.export_body(scene.site, flat=True) | {"format": "pbix"}
    ),
    "EXPORT_NOT_READY": lambda scene: scene.api("ben").get(scene.export()),
    "EXPORT_EXPIRED": lambda scene: scene.api("ben").get(
        scene.export(status="completed", expires_at=utc_now() - timedelta(seconds=1))
    ),
    "EXPORT_JOB_FAILED": lambda scene: scene.api("ben").get(scene.export(status="failed", error="No space")),
    "DATABASE_ERROR": broken_database,
    "INTERNAL_ERROR": broken_program,
}


@pytest.fixture
def scene(api: Api, app: Flask, alpha: Site, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(api, app, alpha, monkeypatch)


def test_every_code_of_any_operation_has_its_row_and_its_provocation() -> None:
    declared: set[type[errors.DeskOpsError]] = {errors.MethodNotAllowed}
    for section in SECTIONS:
        for operation in section.operations:
            declared |= set(section.errors_of(operation))
    assert {one.code: str(one.status) for one in declared} == {
        code: row["status"] for code, row in ROWS.items()
    }
    assert ROWS.keys() == PROVOKED.keys()


@pytest.mark.parametrize("code", PROVOKED)
def test_a_code_comes_with_its_status_and_the_details_of_its_row(code: str, scene: Scene) -> None:
    answer = PROVOKED[code](scene)
    listed = reference.marked(ROWS[code]["details"])
    details = refused(answer, int(ROWS[code]["status"]), code)
    assert details.keys() <= {name.rstrip("?") for name in listed}
    assert details.keys() >= {name for name in listed if not name.endswith("?")}
    if code == "RATE_LIMIT_EXCEEDED":
        assert int(answer.headers["Retry-After"]) == details["retryAfter"] >= 1


FOREIGN = "BETA-02"
UNKNOWN = "NOWHERE"
CHARTS = [row["route"].strip("`") for row in reference.routes().values() if "/charts/" in row["route"]]
SITE_DAYS = ["/api/received", "/api/production", "/api/equipment", *CHARTS]


def test_no_sign_in_comes_before_too_many_requests(scene: Scene) -> None:
    scene.spent()
    refused(scene.api(None).get("/api/sites"), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("where", SITE_DAYS)
def test_too_many_requests_come_before_a_foreign_site(where: str, scene: Scene) -> None:
    refused(scene.spent().get(where, siteId=FOREIGN), 429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize("where", SITE_DAYS)
@pytest.mark.parametrize(
    ("first", "params"),
    [
        ("FORBIDDEN", {"siteId": FOREIGN}),
        ("FORBIDDEN", {"siteId": FOREIGN, **BACKWARDS, "colour": "red"}),
        ("MISSING_REQUIRED_PARAM", {"siteId": UNKNOWN}),
        ("MISSING_REQUIRED_PARAM", {"siteId": UNKNOWN, "endDate": "zebra", "colour": "red"}),
        ("INVALID_SITE_ID", {"siteId": UNKNOWN, **BACKWARDS}),
        ("INVALID_SITE_ID", {"siteId": UNKNOWN, **BACKWARDS, "endDate": "zebra", "colour": "red"}),
        ("INVALID_DATE_RANGE", {"siteId": "ALPHA-01", **BACKWARDS, "colour": "red"}),
        ("VALIDATION_ERROR", {"siteId": "ALPHA-01", "startDate": "zebra", "endDate": "2026-01-01"}),
    ],
)
def test_what_is_wrong_in_two_ways_is_told_the_first(
    where: str, first: str, params: dict[str, str], scene: Scene
) -> None:
    answer = scene.api("ben").get(where, **params)
    refused(answer, int(ROWS[first]["status"]), first)


@pytest.mark.parametrize("where", ["/api/metrics/production-today", "/api/dashboard/metrics"])
def test_a_figure_is_judged_in_the_same_order(where: str, scene: Scene) -> None:
    ben = scene.api("ben")
    refused(ben.get(where, siteId=FOREIGN, colour="red"), 403, "FORBIDDEN")
    refused(ben.get(where, colour="red"), 400, "MISSING_REQUIRED_PARAM")
    refused(ben.get(where, siteId=UNKNOWN, colour="red"), 400, "INVALID_SITE_ID")
    refused(ben.get(where, siteId="ALPHA-01", colour="red"), 400, "VALIDATION_ERROR")


def test_an_unknown_site_in_a_body_is_told_only_where_nothing_else_is_wrong(scene: Scene) -> None:
    ben = scene.api("ben")
    alone = sample("received", scene.site) | {"siteId": UNKNOWN}
    refused(ben.post("/api/received", alone), 400, "INVALID_SITE_ID")
    answer = ben.post("/api/received", alone | {"quantity": -1})
    assert refused(answer, 400, "VALIDATION_ERROR")["fields"].keys() == {"siteId", "quantity"}
    refused(ben.post("/api/received", alone | {"siteId": FOREIGN, "quantity": -1}), 403, "FORBIDDEN")


def test_every_body_of_an_error_names_its_request(scene: Scene) -> None:
    for code in ("UNAUTHORIZED", "NOT_FOUND", "INTERNAL_ERROR"):
        answer = PROVOKED[code](scene)
        assert body_of(answer)["error"]["details"]["requestId"] == answer.headers["X-Request-Id"]
