"""Who may open what, walked over every route that is not of the API: one without an entry here fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import (
    ADMIN,
    CLOSE,
    CORRECT,
    CREATE,
    DECLARE_NIL,
    EXPORT,
    IMPORT,
    KEEP_STOCK,
    MANAGE_SITES,
    MAY,
    READ,
    REVIEW,
    VOID,
)
from deskops.exports import jobs
from deskops.modules import MODULES
from deskops.records import service
from tests.clients import PageClient
from tests.samples import as_read, sample

PUBLIC, SIGNED_IN, OWNER = "public", "signed in", "owner"
Anns = Callable[[str], str]
MODULE = "received"
NOWHERE = "00000000-0000-7000-8000-000000000000"

ROUTES = {
    "static": PUBLIC,
    "web.signin": PUBLIC,
    "web.save_signin": PUBLIC,
    "web.health": PUBLIC,
    "web.home": SIGNED_IN,
    "web.signout": SIGNED_IN,
    "web.dashboard": READ,
    "web.stock": READ,
    "web.balance": READ,
    "web.balance_file": EXPORT,
    "web.live": READ,
    "web.days": READ,
    "web.save_nil": DECLARE_NIL,
    "web.day": READ,
    "web.close_day": CLOSE,
    "web.save_close": CLOSE,
    "web.reopen_day": CLOSE,
    "web.save_reopen": CLOSE,
    "web.day_sheet": READ,
    "web.day_sheet_pdf": READ,
    "web.records": READ,
    "web.new_record": CREATE,
    "web.create_record": CREATE,
    "web.correct_record": CORRECT,
    "web.save_correction": CORRECT,
    "web.void_record": VOID,
    "web.save_void": VOID,
    "web.new_effect": READ,
    "web.correction_effect": CORRECT,
    "web.reviews": READ,
    "web.clear_review": REVIEW,
    "web.settings": KEEP_STOCK,
    "web.save_settings": MANAGE_SITES,
    "web.save_numbers": MANAGE_SITES,
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
# Signing in is tried in test_web_signin.py, uploads of others in test_web_files.py, clearing in test_web_reviews.py.
UNTRIED = {
    "web.save_signin",
    "web.signout",
    "web.map_import",
    "web.run_import",
    "web.bad_rows",
    "web.clear_review",
}
ROLES = {"vera": "VIEWER", "ben": "OPERATOR", "ann": "MODERATOR", "ada": ADMIN, "cleo": None, None: None}


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("api.")]


def test_every_route_says_who_may(app: Flask) -> None:
    routes = {rule.endpoint for rule in rules(app)}
    assert routes - ROUTES.keys() == set(), "a route without an entry: say here who may use it"
    assert ROUTES.keys() - routes == set(), "an entry without a route"


def is_allowed(nick: str | None, action: str) -> bool:
    """Whether somebody of the cast may do that at Alpha, with what Ann made."""
    if action == PUBLIC:
        return True
    if nick is None:
        return False
    if action in (SIGNED_IN, OWNER):
        return action == SIGNED_IN or nick == "ann"
    if action == IMPORT and nick == "cleo":
        return True  # at Beta: the site is named with the plan, once the file is there
    role = ROLES[nick]
    return role is not None and action in MAY[role]


@pytest.fixture
def anns(alpha: Site, cast: Callable[[str], Actor]) -> Anns:
    """Something of Ann's for a route: anns("record_id") is the id of a new record of hers."""
    ann, day = cast("ann"), alpha.today().isoformat()
    asked = {"siteId": alpha.code, "module": MODULE, "dateFrom": day, "dateTo": day, "format": "csv"}
    job = jobs.create(ann, asked)

    def make(argument: str) -> str:
        if argument == "job_id":
            return str(job.id)
        return str(service.create(MODULES[MODULE], as_read(sample(MODULE, alpha)), ann).record.id)

    return make


def address(rule: Rule, anns: Anns) -> str:
    own = {
        "name": MODULE,
        "listed": "crushers",
        "day": "2026-03-02",
        "ending": "csv",
        "filename": "favicon.svg",
        "upload_id": NOWHERE,
        "import_id": NOWHERE,
    }
    own |= {name: anns(name) for name in ("record_id", "job_id") if name in rule.arguments}
    built = rule.build({name: own[name] for name in rule.arguments}, append_unknown=False)
    assert built
    return str(built[1])


def ask(browser: PageClient, rule: Rule, path: str, site: Site) -> Any:
    """The route's own method, with enough to be judged by who is asking."""
    query = {"siteId": site.code}
    if "GET" in (rule.methods or ()):
        return browser.client.get(path, query_string=query)
    form = {"siteId": site.code, "module": MODULE, "csrf_token": browser.csrf}
    return browser.client.post(path, data=form, query_string=query)


def was_refused(answer: Any) -> bool:
    to_sign_in = answer.status_code in (302, 303) and answer.headers["Location"].startswith("/signin")
    return answer.status_code in (401, 403, 404) or to_sign_in


@pytest.mark.parametrize("nick", [*ROLES], ids=str)
def test_each_person_may_on_each_route_what_the_table_says(
    app: Flask, nick: str | None, anns: Anns, alpha: Site, browse: Callable[..., PageClient]
) -> None:
    wrong = []
    browser = browse(nick)
    for rule in rules(app):
        if rule.endpoint in UNTRIED:
            continue
        answer = ask(browser, rule, address(rule, anns), alpha)
        answer.close()
        allowed = is_allowed(nick, ROUTES[rule.endpoint])
        if was_refused(answer) == allowed:
            wrong.append(
                f"{rule.endpoint} {rule.rule}: {answer.status_code}, allowed by the table: {allowed}"
            )
    assert not wrong, "\n".join(wrong)
