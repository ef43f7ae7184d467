"""Every route of the API has an entry here that says who may use it; one without an entry fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from deskops.accounts.models import Site
from deskops.exports import jobs
from deskops.modules import MODULES, RECEIVED
from tests.api_contract import Api, always, enter, refused
from tests.clients import ApiClient
from tests.samples import sample

ANYONE, SIGNED_IN, READS, CREATES, CORRECTS, VOIDS, EXPORTS, OWNS, KEEPS_SITES = (
    "anyone",
    "signed in",
    "reads",
    "creates",
    "corrects",
    "voids",
    "exports",
    "owns",
    "keeps sites",
)
# Who of the cast may use a route upon what Ben, an operator at Alpha, entered at Alpha.
MAY: dict[str, set[str]] = {
    ANYONE: {"ada", "ann", "ben", "bob", "vera", "cleo"},
    SIGNED_IN: {"ada", "ann", "ben", "bob", "vera", "cleo"},
    READS: {"ada", "ann", "ben", "bob", "vera"},
    CREATES: {"ada", "ann", "ben", "bob"},
    CORRECTS: {"ada", "ann", "ben"},
    VOIDS: {"ada", "ann", "ben"},
    EXPORTS: {"ada", "ann", "ben", "bob", "vera"},
    OWNS: {"ben"},
    KEEPS_SITES: {"ada"},
}
ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/api/hello"): ANYONE,
    ("GET", "/api/auth/session"): SIGNED_IN,
    ("GET", "/api/sites"): SIGNED_IN,
    ("POST", "/api/sites"): KEEPS_SITES,
    ("GET", "/api/sites/<name>"): READS,
    ("PATCH", "/api/sites/<name>"): KEEPS_SITES,
    ("GET", "/api/metrics/production-today"): READS,
    ("GET", "/api/metrics/received-today"): READS,
    ("GET", "/api/metrics/dispatched-today"): READS,
    ("GET", "/api/metrics/inventory-current"): READS,
    ("GET", "/api/charts/flow-trend"): READS,
}
for _name in MODULES:
    ROUTES |= {
        ("GET", f"/api/{_name}"): READS,
        ("POST", f"/api/{_name}"): CREATES,
        ("POST", f"/api/{_name}/bulk"): CREATES,
        ("GET", f"/api/{_name}/<uuid:record_id>"): READS,
        ("PATCH", f"/api/{_name}/<uuid:record_id>"): CORRECTS,
        ("DELETE", f"/api/{_name}/<uuid:record_id>"): VOIDS,
    }
for _name in ("export", "exports"):
    ROUTES |= {
        ("GET", f"/api/{_name}"): SIGNED_IN,
        ("POST", f"/api/{_name}"): EXPORTS,
        ("GET", f"/api/{_name}/<uuid:job_id>/status"): OWNS,
        ("GET", f"/api/{_name}/<uuid:job_id>/download"): OWNS,
    }
every_route = pytest.mark.parametrize(("method", "rule"), ROUTES, ids=lambda each: each)


def test_every_route_has_an_entry(app: Flask) -> None:
    served = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == ROUTES.keys()


@every_route
def test_nobody_is_asked_who_they_are(method: str, rule: str, api: Api, alpha: Site) -> None:
    answer = api(None).open(
        method, rule.replace("<uuid:record_id>", alpha.id).replace("<uuid:job_id>", alpha.id)
    )
    if ROUTES[method, rule] == ANYONE:
        assert answer.status_code == 200
    else:
        refused(answer, 401, "UNAUTHORIZED")


@every_route
def test_a_route_lets_in_whom_its_entry_names(method: str, rule: str, api: Api, alpha: Site) -> None:
    ask = question(method, rule, api, alpha)
    for nick in MAY[ANYONE]:
        answer = ask(api(nick))
        if nick in MAY[ROUTES[method, rule]]:
            assert answer.status_code in (200, 201, 204), (nick, answer.text)
        else:
            refused(answer, 403, "FORBIDDEN")
        answer.close()


def question(method: str, rule: str, api: Api, alpha: Site) -> Callable[[ApiClient], Any]:
    """What to ask of a route, about Alpha; each time of something that is still there."""
    name = rule.split("/")[2]
    query: dict[str, Any] = {}
    if (name in MODULES and method == "GET" and "<" not in rule) or name == "charts":
        query = {"siteId": alpha.code, **always(alpha)}
    elif name == "metrics":
        query = {"siteId": alpha.code}
    times = iter(range(1, 100))

    def ask(script: ApiClient) -> Any:
        number = next(times)
        path = rule.replace("<name>", alpha.code)
        if "<uuid:record_id>" in rule:
            path = path.replace("<uuid:record_id>", entered(api, name, alpha, number))
        if "<uuid:job_id>" in rule:
            path = path.replace("<uuid:job_id>", exported(api, alpha))
        body = body_for(method, rule, name, alpha, number)
        return script.open(method, path, query_string=query, json=body)

    return ask


def entered(api: Api, module: str, alpha: Site, number: int) -> str:
    day = alpha.today() - timedelta(days=number)
    return str(enter(api("ben"), MODULES[module], alpha, day)["id"])


def exported(api: Api, alpha: Site) -> str:
    made = api("ben").post("/api/export", wanted(alpha)).get_json()["data"]["jobId"]
    jobs.run(made)
    return str(made)


def wanted(alpha: Site) -> dict[str, Any]:
    days = always(alpha)
    dates = {"start": days["startDate"], "end": days["endDate"]}
    return {"format": "csv", "module": RECEIVED.name, "filters": {"siteId": alpha.id, "dateRange": dates}}


def body_for(method: str, rule: str, name: str, alpha: Site, number: int) -> Any:
    if method not in ("POST", "PATCH"):
        return None
    if name == "sites":
        return {"location": "here"} if method == "PATCH" else {"code": f"NEW-{number:02}", "name": "New"}
    if name.startswith("export"):
        return wanted(alpha)
    if method == "PATCH":
        return {"notes": "seen"}
    record = sample(name, alpha, alpha.today() - timedelta(days=number))
    return {"records": [record]} if rule.endswith("/bulk") else record
