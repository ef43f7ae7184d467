"""Who may do what, walked over every route the application has: a route without an entry here fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import ADMIN, CORRECT, CREATE, EXPORT, IMPORT, MANAGE_SITES, MAY, OWN, READ, VOID
from deskops.exports import jobs
from deskops.modules import MODULES
from deskops.records import service
from tests.clients import ApiClient, PageClient
from tests.samples import as_read, sample

PUBLIC, SIGNED_IN, OWNER = "public", "signed in", "owner"
Clients = Callable[[str | None], tuple[ApiClient, PageClient]]
NOWHERE = "00000000-0000-7000-8000-000000000000"

PAGES = {
    "static": PUBLIC,
    "web.signin": PUBLIC,
    "web.save_signin": PUBLIC,
    "web.health": PUBLIC,
    "web.home": SIGNED_IN,
    "web.signout": SIGNED_IN,
    "web.dashboard": READ,
    "web.live": READ,
    "web.records": READ,
    "web.new_record": CREATE,
    "web.create_record": CREATE,
    "web.correct_record": CORRECT,
    "web.save_correction": CORRECT,
    "web.void_record": VOID,
    "web.save_void": VOID,
    "web.imports": IMPORT,
    "web.upload_import": IMPORT,
    "web.map_import": OWNER,
    "web.run_import": OWNER,
    "web.bad_rows": OWNER,
    "web.exports": EXPORT,
    "web.create_export": EXPORT,
    "web.export_again": OWNER,
    "web.download_export": OWNER,
}
API = {
    "api.hello": PUBLIC,
    "api.read_session": SIGNED_IN,
    "api.read_sites": SIGNED_IN,
    "api.read_site": READ,
    "api.add_site": MANAGE_SITES,
    "api.change_site": MANAGE_SITES,
    "api.read_production_today": READ,
    "api.read_received_today": READ,
    "api.read_dispatched_today": READ,
    "api.read_inventory_current": READ,
    "api.read_flow_trend": READ,
}
OF_A_MODULE = {
    "read_list": READ,
    "create": CREATE,
    "create_many": CREATE,
    "read": READ,
    "correct": CORRECT,
    "void": VOID,
}
OF_EXPORTS = {"read_exports": SIGNED_IN, "create_export": EXPORT, "read_status": OWNER, "download": OWNER}
EVERY = (
    PAGES
    | API
    | {f"api.{module}_{verb}": action for module in MODULES for verb, action in OF_A_MODULE.items()}
    | {f"api.{name}_{verb}": action for name in ("export", "exports") for verb, action in OF_EXPORTS.items()}
)
# Signing in is tried in test_web_signin.py, uploads of others in test_web_files.py.
UNTRIED = {"web.save_signin", "web.signout", "web.map_import", "web.run_import", "web.bad_rows"}
ROLES = {"vera": "VIEWER", "ben": "OPERATOR", "ann": "MODERATOR", "ada": ADMIN, "cleo": None, None: None}


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.methods]


def test_every_route_says_who_may(app: Flask) -> None:
    routes = {rule.endpoint for rule in rules(app)}
    assert routes - EVERY.keys() == set(), "a route without an entry: say here who may use it"
    assert EVERY.keys() - routes == set(), "an entry without a route"


def is_allowed(nick: str | None, action: str, *, by_ann: bool) -> bool:
    """Whether somebody of the cast may do that at Alpha, with what Ann made where `by_ann`."""
    if action == PUBLIC:
        return True
    if nick is None:
        return False
    if action in (SIGNED_IN, OWNER):
        return action == SIGNED_IN or nick == "ann"
    if action == IMPORT and nick == "cleo":
        return True  # at Beta: the site is named with the plan, once the file is there
    role = ROLES[nick]
    return role is not None and (action in MAY[role] or (not by_ann and OWN.get(action) in MAY[role]))


def export_of(site: Site) -> dict[str, str]:
    day = site.today().isoformat()
    return {"siteId": site.code, "module": "received", "dateFrom": day, "dateTo": day, "format": "csv"}


@pytest.fixture
def anns(alpha: Site, cast: Callable[[str], Actor]) -> Callable[[str, str], str]:
    """Something of Ann's for a route: anns("record_id", "received") is the id of a new record of hers."""
    ann = cast("ann")
    job = jobs.create(ann, export_of(alpha))

    def make(argument: str, module: str) -> str:
        if argument == "job_id":
            return str(job.id)
        # Cancelled, so that it takes no unique key from what the routes enter.
        body = as_read(sample(module, alpha, status="CANCELLED"))
        return str(service.create(MODULES[module], body, ann).record.id)

    return make


def address(rule: Rule, module: str, anns: Callable[[str, str], str], site: Site) -> str:
    own = {"name": site.code if "sites" in rule.rule else module, "filename": "favicon.svg"}
    own |= {name: anns(name, module) for name in ("record_id", "job_id") if name in rule.arguments}
    own |= {"upload_id": NOWHERE, "import_id": NOWHERE}
    built = rule.build({name: own[name] for name in rule.arguments}, append_unknown=False)
    assert built
    return str(built[1])


def ask(client: ApiClient | PageClient, rule: Rule, path: str, site: Site, module: str) -> Any:
    """The route's own method, with enough to be judged by who is asking."""
    method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
    day = site.today().isoformat()
    query = {"siteId": site.code, "startDate": day, "endDate": day} if "<" not in rule.rule else {}
    if rule.endpoint in ("static", "web.records", "web.new_record"):
        query = {"siteId": site.code}
    if isinstance(client, ApiClient):
        body: dict[str, Any] = export_of(site) if "export" in path else sample(module, site)
        if path.endswith("bulk"):
            body = {"records": [body]}
        return client.open(
            method,
            path,
            query_string=query if method == "GET" else {},
            json=body if method != "GET" else None,
        )
    if method == "GET":
        return client.client.get(path, query_string=query)
    form = {"siteId": site.code, "module": "received", "csrf_token": client.csrf}
    return client.client.post(path, data=form, query_string={"siteId": site.code})


def was_refused(answer: Any) -> bool:
    to_sign_in = answer.status_code in (302, 303) and answer.headers["Location"].startswith("/signin")
    return answer.status_code in (401, 403, 404) or to_sign_in


@pytest.fixture
def clients(api: Callable[..., ApiClient], browse: Callable[..., PageClient]) -> Clients:
    """The script and the browser of somebody."""
    return lambda nick: (api(nick), browse(nick))


@pytest.mark.parametrize("nick", [*ROLES], ids=str)
def test_each_person_may_on_each_route_what_the_table_says(
    app: Flask, nick: str | None, anns: Callable[[str, str], str], alpha: Site, clients: Clients
) -> None:
    wrong = []
    script, page = clients(nick)
    module = "received"
    for rule in rules(app):
        if rule.endpoint in UNTRIED:
            continue
        own_module = next((name for name in MODULES if rule.endpoint.startswith(f"api.{name}_")), module)
        client: ApiClient | PageClient = script if rule.endpoint.startswith("api.") else page
        answer = ask(client, rule, address(rule, own_module, anns, alpha), alpha, own_module)
        answer.close()
        allowed = is_allowed(
            nick, EVERY[rule.endpoint], by_ann="<" in rule.rule and "record_id" in rule.arguments
        )
        if was_refused(answer) == allowed and answer.status_code != 405:
            wrong.append(
                f"{rule.endpoint} {rule.rule}: {answer.status_code}, allowed by the table: {allowed}"
            )
    assert not wrong, "\n".join(wrong)
