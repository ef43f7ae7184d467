"""Sites by the API: who sees which, their counts, and their keeping by administrators."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deskops.accounts.models import Site
from deskops.audit.chain import AuditEntry
from deskops.modules import DISPATCH, MANPOWER, PRODUCTION, RECEIVED
from tests.api_contract import MOMENT, Api, bad_fields, body_of, data, enter, path, refused

KEYS = {"id", "code", "name", "location", "timezone", "isActive", "createdAt", "shiftStarts"}
KEYS |= {"workDays", "workShifts", "reports", "stockPolicy"}
WEEK = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


def test_each_sees_the_active_sites_they_have_a_role_at_by_name(api: Api, alpha: Site, beta: Site) -> None:
    assert [site["code"] for site in data(api("ben").get("/api/sites"))] == [alpha.code]
    answer = api("ada").get("/api/sites")
    sites = data(answer)
    assert [site["name"] for site in sites] == sorted(site["name"] for site in sites)
    assert {alpha.code, beta.code, "ALASLA-29"} <= {site["code"] for site in sites}
    assert body_of(answer)["meta"] == {
        "page": 1,
        "pageSize": len(sites),
        "totalCount": len(sites),
        "totalPages": 1,
    }
    assert all(site.keys() == KEYS and MOMENT.fullmatch(site["createdAt"]) for site in sites)


def test_one_site_by_id_or_code_has_the_counts_of_its_live_records(api: Api, alpha: Site, beta: Site) -> None:
    ada = api("ada")
    for module, times in ((PRODUCTION, 1), (DISPATCH, 2), (RECEIVED, 3), (MANPOWER, 1)):
        for _ in range(times):
            enter(ada, module, alpha)
    enter(ada, DISPATCH, beta)
    ada.delete(path(RECEIVED, enter(ada, RECEIVED, alpha)))
    enter(ada, RECEIVED, alpha, status="CANCELLED")
    by_code = data(ada.get(f"/api/sites/{alpha.code}"))
    assert by_code == data(ada.get(f"/api/sites/{alpha.id}"))
    assert by_code["counts"] == {
        "productions": 1,
        "dispatches": 2,
        "receivedMaterials": 4,
        "inventorySnapshots": 0,
    }


def test_a_site_that_is_not_there_is_not_found_and_a_foreign_one_forbidden(api: Api, alpha: Site) -> None:
    for name in ("NOWHERE", "%00", "alpha-01"):
        refused(api("ada").get(f"/api/sites/{name}"), 404, "NOT_FOUND")
    refused(api("cleo").get(f"/api/sites/{alpha.code}"), 403, "FORBIDDEN")


def test_an_administrator_adds_and_changes_a_site(api: Api) -> None:
    ada = api("ada")
    answer = ada.post("/api/sites", {"code": "GAMMA-03", "name": "Gamma Yard"})
    site = data(answer, 201)
    assert answer.headers["Location"] == f"/api/sites/{site['id']}"
    assert (site["timezone"], site["isActive"], site["location"]) == ("UTC", True, None)
    assert site["shiftStarts"] == ["06:00", "14:00", "22:00"]
    change = {"name": "Gamma", "timezone": "Asia/Riyadh", "shiftStarts": ["05:00", "13:00", "21:00"]}
    changed = data(ada.patch("/api/sites/GAMMA-03", change))
    assert changed == site | change
    data(ada.patch(f"/api/sites/{site['id']}", {"isActive": False}))
    assert "GAMMA-03" not in [each["code"] for each in data(ada.get("/api/sites"))]
    assert data(ada.get("/api/sites/GAMMA-03"))["isActive"] is False


def test_a_site_owes_every_report_of_every_day_until_its_calendar_says_otherwise(api: Api) -> None:
    ada = api("ada")
    site = data(ada.post("/api/sites", {"code": "GAMMA-03", "name": "Gamma Yard"}), 201)
    assert (site["workDays"], site["workShifts"]) == (WEEK, [])
    assert site["reports"] == ["production", "received", "dispatch", "equipment", "manpower"]
    assert site["stockPolicy"] == "ALLOW"
    change = {
        "workDays": [day for day in WEEK if day != "FRI"],
        "workShifts": ["MORNING", "NIGHT"],
        "reports": ["production", "received", "dispatch"],
        "stockPolicy": "BLOCK",
    }
    mixed = {key: value if isinstance(value, str) else value[::-1] for key, value in change.items()}
    assert data(ada.patch("/api/sites/GAMMA-03", mixed)) == site | change
    [entry] = AuditEntry.select().where(AuditEntry.verb == "CORRECTED", AuditEntry.subject_id == site["id"])
    assert json.loads(entry.changes).keys() == {"work_days", "work_shifts", "reports", "stock_policy"}


def test_every_bad_value_of_a_site_is_told_at_once_and_nothing_of_it_kept(api: Api, alpha: Site) -> None:
    body = {"name": "", "workDays": [], "stockPolicy": "NO", "workShifts": ["NIGHT"]}
    assert bad_fields(api("ada").patch(f"/api/sites/{alpha.code}", body)) == {
        "name",
        "workDays",
        "stockPolicy",
    }
    assert data(api("ada").get(f"/api/sites/{alpha.code}"))["workShifts"] == []


def test_what_was_read_of_a_site_may_be_sent_back(api: Api, alpha: Site) -> None:
    ada = api("ada")
    site = data(ada.get(f"/api/sites/{alpha.code}"))
    counts = site.pop("counts")
    assert data(ada.patch(f"/api/sites/{alpha.code}", site | {"counts": counts})) == site


@pytest.mark.parametrize("nick", ["ann", "ben", "vera"])
def test_only_an_administrator_keeps_sites(nick: str, api: Api, alpha: Site) -> None:
    body = {"code": "GAMMA-03", "name": "Gamma Yard"}
    refused(api(nick).post("/api/sites", body), 403, "FORBIDDEN")
    refused(api(nick).patch(f"/api/sites/{alpha.code}", {"name": "Mine"}), 403, "FORBIDDEN")
    refused(api("ada", scope="read").post("/api/sites", body), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "AB"}, "code"),
        ({"code": "A" * 21}, "code"),
        ({"code": "A B C"}, "code"),
        ({"code": 123}, "code"),
        ({"name": ""}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": None}, "name"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"isActive": "yes"}, "isActive"),
        ({"location": "l" * 201}, "location"),
        ({"location": "\x00"}, "location"),
        ({"colour": "red"}, "colour"),
        ({"shiftStarts": ["06:00", "14:00"]}, "shiftStarts"),
        ({"shiftStarts": ["06:00", "22:00", "14:00"]}, "shiftStarts"),
        ({"shiftStarts": ["6", "14", "22"]}, "shiftStarts"),
        ({"shiftStarts": "06:00 14:00 22:00"}, "shiftStarts"),
        ({"workDays": []}, "workDays"),
        ({"workDays": "MON"}, "workDays"),
        ({"workDays": ["MON", "MON"]}, "workDays"),
        ({"workDays": ["mon"]}, "workDays"),
        ({"workDays": [1]}, "workDays"),
        ({"workShifts": ["EVENING"]}, "workShifts"),
        ({"workShifts": None}, "workShifts"),
        ({"reports": ["production", "received"]}, "reports"),
        ({"reports": ["production", "received", "dispatch", "openings"]}, "reports"),
        ({"stockPolicy": "block"}, "stockPolicy"),
        ({"stockPolicy": None}, "stockPolicy"),
    ],
    ids=str,
)
def test_a_bad_value_of_a_site_is_refused_by_its_name(change: dict[str, Any], field: str, api: Api) -> None:
    body = {"code": "GAMMA-03", "name": "Gamma Yard"} | change
    assert bad_fields(api("ada").post("/api/sites", body)) == {field}


def test_blanks_around_a_sites_texts_are_not_kept(api: Api) -> None:
    body = {"code": "GAMMA-03", "name": f"  {'n' * 100}  ", "location": f"{'l' * 200} "}
    site = data(api("ada").post("/api/sites", body), 201)
    assert (site["name"], site["location"]) == ("n" * 100, "l" * 200)


def test_a_new_site_needs_a_code_and_a_name(api: Api) -> None:
    assert bad_fields(api("ada").post("/api/sites", {})) == {"code", "name"}


def test_a_taken_code_is_refused(api: Api, alpha: Site, beta: Site) -> None:
    ada = api("ada")
    body = {"code": alpha.code, "name": "Another"}
    assert refused(ada.post("/api/sites", body), 409, "DUPLICATE_RECORD")["key"] == {"code": alpha.code}
    refused(ada.patch(f"/api/sites/{beta.code}", {"code": alpha.code}), 409, "DUPLICATE_RECORD")
    data(ada.patch(f"/api/sites/{alpha.code}", {"code": alpha.code}))


def test_a_list_of_sites_takes_no_parameters(api: Api) -> None:
    assert bad_fields(api("ada").get("/api/sites", page=2)) == {"page"}
