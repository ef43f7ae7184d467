"""Exports by the API, under both names: asked for, watched, downloaded, and refused by the right code."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops.accounts.models import Site
from deskops.database import utc_now
from deskops.exports import jobs
from deskops.exports.models import ExportJob
from deskops.modules import RECEIVED
from deskops.records.module import Module
from tests.api_contract import (
    MOMENT,
    Api,
    always,
    bad_fields,
    body_of,
    data,
    enter,
    every_module,
    path,
    refused,
)
from tests.clients import ApiClient


def download(script: ApiClient, url: str) -> TestResponse:
    """The whole file, read and let go of."""
    answer = script.get(url)
    assert answer.status_code == 200, answer.text
    assert len(answer.data) == answer.content_length
    answer.close()
    return answer


both_names = pytest.mark.parametrize("name", ["export", "exports"])


def wanted(site: Site, module: str = "received", **values: Any) -> dict[str, Any]:
    days = always(site)
    filters = {"siteId": site.code, "dateRange": {"start": days["startDate"], "end": days["endDate"]}}
    return {"format": "csv", "module": module, "filters": filters, "columns": []} | values


def flat(site: Site) -> dict[str, Any]:
    days = always(site)
    return {
        "siteId": site.id,
        "module": "received",
        "dateFrom": days["startDate"],
        "dateTo": days["endDate"],
        "format": "csv",
    }


def ready(api: Api, site: Site, **values: Any) -> dict[str, Any]:
    """The status of a finished export of Ben's."""
    job = data(api("ben").post("/api/export", wanted(site, **values)), 201)
    jobs.run(job["jobId"])
    return dict(data(api("ben").get(f"/api/export/{job['jobId']}/status")))


@both_names
def test_an_export_is_asked_for_watched_and_downloaded(name: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    enter(ben, RECEIVED, alpha, quantity=18.04)
    answer = ben.post(f"/api/{name}", wanted(alpha, columns=["date", "quantity", "source"]))
    job = data(answer, 201)
    assert job.keys() == {"jobId", "status", "estimatedTimeMs", "createdAt"}
    assert job["status"] == "pending"
    assert job["estimatedTimeMs"] > 0
    assert MOMENT.fullmatch(job["createdAt"])
    waiting = data(ben.get(answer.headers["Location"]))
    assert (waiting["status"], waiting["progress"]) == ("pending", 0)
    assert "downloadUrl" not in waiting
    refused(ben.get(f"/api/{name}/{job['jobId']}/download"), 409, "EXPORT_NOT_READY")
    jobs.run(job["jobId"])
    done = data(ben.get(f"/api/{name}/{job['jobId']}/status"))
    assert (done["status"], done["progress"], done["recordCount"]) == ("completed", 100, 1)
    assert MOMENT.fullmatch(done["expiresAt"])
    file = download(ben, done["downloadUrl"])
    assert file.content_type == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert file.headers["X-RateLimit-Limit"]
    assert len(file.data) == done["fileSize"] == file.content_length
    assert hashlib.sha256(file.data).hexdigest() == done["fileHash"]
    rows = list(csv.reader(io.StringIO(file.text)))
    assert len(rows) == 2
    assert rows[1] == [alpha.today().isoformat(), "18.040", "Old harbour"]


@every_module
def test_the_file_has_what_the_list_has(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    today = alpha.today()
    for back in range(3):
        enter(ben, module, alpha, today - timedelta(days=back))
    done = ready(api, alpha, module=module.name, columns=["id"])
    listed = data(ben.get(path(module), **always(alpha)))
    assert done["recordCount"] == 3
    rows = list(csv.reader(io.StringIO(download(ben, done["downloadUrl"]).text)))
    assert [row[0] for row in rows[1:]] == [record["id"] for record in listed]


def test_list_and_file_show_the_same_tons(api: Api, alpha: Site) -> None:
    ben = api("ben")
    for tons in (0.1, 0.2, 999.999):
        enter(ben, RECEIVED, alpha, quantity=tons)
    done = ready(api, alpha, columns=["quantity"])
    rows = list(csv.reader(io.StringIO(download(ben, done["downloadUrl"]).text)))
    assert sum(Decimal(row[0]) for row in rows[1:]) == Decimal("1000.299")


@both_names
def test_the_flat_body_is_taken_too(name: str, api: Api, alpha: Site) -> None:
    data(api("ben").post(f"/api/{name}", flat(alpha)), 201)


@both_names
def test_the_list_has_ones_own_newest_first(name: str, api: Api, alpha: Site) -> None:
    first, second = (data(api("ben").post("/api/export", flat(alpha)), 201)["jobId"] for _ in range(2))
    answer = api("ben").get(f"/api/{name}")
    assert [job["jobId"] for job in data(answer)] == [second, first]
    assert body_of(answer)["meta"] == {"page": 1, "pageSize": 2, "totalCount": 2, "totalPages": 1}
    assert data(api("ann").get(f"/api/{name}")) == []


@both_names
def test_anothers_job_is_forbidden_and_an_unknown_one_not_found(name: str, api: Api, alpha: Site) -> None:
    job = data(api("ben").post("/api/export", flat(alpha)), 201)["jobId"]
    for what in ("status", "download"):
        refused(api("ann").get(f"/api/{name}/{job}/{what}"), 403, "FORBIDDEN")
        refused(api("ben").get(f"/api/{name}/{alpha.id}/{what}"), 404, "NOT_FOUND")
        refused(api("ben").get(f"/api/{name}/none/{what}"), 404, "NOT_FOUND")


def test_a_read_token_makes_its_own_exports(api: Api, alpha: Site) -> None:
    script = api("vera", scope="read")
    job = data(script.post("/api/export", flat(alpha)), 201)["jobId"]
    jobs.run(job)
    assert download(script, f"/api/export/{job}/download").data


def test_the_sixth_active_export_waits(api: Api, alpha: Site) -> None:
    ben = api("ben")
    for _ in range(5):
        data(ben.post("/api/export", flat(alpha)), 201)
    answer = ben.post("/api/export", flat(alpha))
    details = refused(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert details["limit"] == 5
    assert int(answer.headers["Retry-After"]) == details["retryAfter"] >= 1
    data(api("ann").post("/api/export", flat(alpha)), 201)
    jobs.run(data(ben.get("/api/export"))[0]["jobId"])
    data(ben.post("/api/export", flat(alpha)), 201)


def test_a_file_is_gone_after_its_day(api: Api, alpha: Site) -> None:
    done = ready(api, alpha)
    ExportJob.update(expires_at=utc_now() - timedelta(seconds=1)).execute()
    refused(api("ben").get(done["downloadUrl"]), 410, "EXPORT_EXPIRED")
    assert "downloadUrl" not in data(api("ben").get(f"/api/export/{done['jobId']}/status"))


def test_a_failed_export_says_so(api: Api, alpha: Site) -> None:
    ben = api("ben")
    job = data(ben.post("/api/export", flat(alpha)), 201)["jobId"]
    ExportJob.update(status="failed", error="The disk is full").execute()
    assert data(ben.get(f"/api/export/{job}/status"))["error"] == "The disk is full"
    refused(ben.get(f"/api/export/{job}/download"), 500, "EXPORT_JOB_FAILED")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"module": "gold"}, "module"),
        ({"format": "docx"}, "format"),
        ({"columns": ["date", "colour"]}, "columns"),
        ({"filters": None}, "filters"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_bad_request_is_refused_by_its_field(
    change: dict[str, Any], field: str, api: Api, alpha: Site
) -> None:
    assert field in bad_fields(api("ben").post("/api/export", wanted(alpha) | change))


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\x07"])
def test_a_filter_that_is_no_text_is_refused(text: str, api: Api, alpha: Site) -> None:
    asked = wanted(alpha)
    asked["filters"] = {**asked["filters"], "vehicleId": text}
    assert bad_fields(api("ben").post("/api/export", asked)) == {"vehicleId"}


def test_a_format_that_is_not_here_is_unavailable_and_no_fault_of_the_server(
    api: Api, alpha: Site, caplog: pytest.LogCaptureFixture
) -> None:
    refused(api("ben").post("/api/export", wanted(alpha, format="pdf")), 503, "FORMAT_UNAVAILABLE")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_foreign_site_is_not_exported(api: Api, beta: Site) -> None:
    refused(api("ben").post("/api/export", wanted(beta)), 403, "FORBIDDEN")
    unknown = wanted(beta)
    unknown["filters"]["siteId"] = "NOWHERE"
    refused(api("ben").post("/api/export", unknown), 400, "INVALID_SITE_ID")


def test_a_foreign_site_is_told_before_anything_else_is_judged(api: Api, alpha: Site, beta: Site) -> None:
    ben = api("ben")
    refused(ben.post("/api/export", {"filters": {"siteIds": [f"NOWHERE,{beta.code}"]}}), 403, "FORBIDDEN")
    refused(ben.post("/api/exports", {"siteId": beta.code, "format": "exe"}), 403, "FORBIDDEN")


def test_an_empty_body_names_all_that_an_export_needs(api: Api, alpha: Site) -> None:
    assert bad_fields(api("ben").post("/api/export", {})) == {"module", "format", "filters"}
