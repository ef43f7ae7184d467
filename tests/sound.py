"""A sound request to every route of the API: what to send, and about what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site
from deskops.days import closing
from deskops.exports import jobs
from deskops.ledger.standing import standing
from deskops.modules import KEPT, MODULES, NILS, OPENINGS
from deskops.records import service
from tests import reference
from tests.api_contract import always, data, enter
from tests.clients import ApiClient
from tests.samples import as_read, sample

Body = dict[str, Any]
WHY = {"reason": "Sandstorm"}


def where_of(path: str) -> str:
    """An operation's path about a day as the reference's routes are told apart."""
    return path.replace("{siteId}", "{id}").replace("{day}", "{id}")


def name_of(where: str) -> str:
    """What a path is about: a module, sites, export …"""
    kept = [name for path, name in reference.KEPT_AT.items() if f"{where}/".startswith(f"/api/{path}/")]
    return kept[0] if kept else where.split("/")[2]


def body(method: str, where: str, site: Site, days_ago: int = 0) -> Body | None:
    """The whole body of a route that takes one: every key of its own that it knows."""
    if method not in ("POST", "PATCH"):
        return None
    name = name_of(where)
    if name == "sites":
        new: Body = {"code": f"NEW-{days_ago:02}", "name": "New yard"} if method == "POST" else {}
        times = ["06:00", "14:00", "22:00"]
        calendar = {
            "workDays": ["SAT", "SUN"],
            "workShifts": [],
            "reports": [*MODULES],
            "stockPolicy": "WARN",
        }
        place = {"location": "Here", "timezone": "Asia/Riyadh", "isActive": True, "shiftStarts": times}
        return new | place | calendar
    if name in ("export", "exports"):
        return export_body(site, flat=name == "exports")
    if name == "days":
        own: dict[str, Body] = {"nil": {"module": "received"}, "close": {"override": True}, "reopen": {}}
        return own[action(where)] | WHY
    record = sample(name, site, site.today() - timedelta(days=days_ago))
    record |= {} if name == "adjustments" else {"notes": "Wet"}
    if not where.endswith("/bulk"):
        return record
    return {
        "records": [record, record | {"date": (site.today() - timedelta(days=days_ago + 100)).isoformat()}]
    }


def export_body(site: Site, *, flat: bool) -> Body:
    start, end = always(site).values()
    if flat:
        return {"siteId": site.code, "module": "received", "dateFrom": start, "dateTo": end, "format": "csv"}
    filters = {"siteId": site.code, "dateRange": {"start": start, "end": end}, "materialTypes": ["FINE_SAND"]}
    return {"format": "csv", "module": "received", "filters": filters, "columns": ["date", "quantity"]}


def query(method: str, where: str, site: Site) -> dict[str, str]:
    """The parameters that a route must have."""
    name = name_of(where)
    if (method, name) == ("DELETE", "days"):
        return {"module": "dispatch"}
    if method != "GET" or "{id}" in where:
        return {}
    if name in KEPT:
        return {"siteId": site.code}
    if name in MODULES or name in ("charts", "inventory", "balance", "days"):
        return {"siteId": site.code, **always(site)}
    return {"siteId": site.code} if name in ("metrics", "dashboard") else {}


def target(where: str, maker: ApiClient, site: Site, days_ago: int = 50) -> str:
    """The path, about something that the maker made and that is there."""
    name = name_of(where)
    if "{id}" not in where:
        return where
    if name == "sites":
        return where.replace("{id}", site.code)
    day = site.today() - timedelta(days=days_ago)
    if name == "days":
        prepare_day(action(where), site, day)
        return where.replace("{id}", site.code, 1).replace("{id}", day.isoformat())
    if name in KEPT:
        made = service.create(KEPT[name], as_read(sample(name, site, day)), SYSTEM)
        return where.replace("{id}", made.record.id)
    if name in MODULES:
        return where.replace("{id}", enter(maker, MODULES[name], site, day)["id"])
    job = data(maker.post("/api/export", export_body(site, flat=False)), 201)["jobId"]
    jobs.run(job)
    return where.replace("{id}", job)


def action(where: str) -> str:
    """What a path does with a day: nil, close or reopen."""
    return where.rsplit("/", 1)[1]


def prepare_day(action: str, site: Site, day: date) -> None:
    """A day with a nil return of dispatch; one to be closed is whole, one to be reopened is closed."""
    of_day = {"siteId": site.code, "date": day.isoformat()}
    if action == "nil":
        service.create(NILS, {**of_day, "module": "dispatch"}, SYSTEM)
        return
    if standing(site.id).first_day is None:
        service.create(OPENINGS, as_read(sample("openings", site, day)), SYSTEM)
    for name in MODULES:
        service.create(NILS, {**of_day, "module": name}, SYSTEM)
    if action == "reopen":
        closing.close(site, day, SYSTEM)
