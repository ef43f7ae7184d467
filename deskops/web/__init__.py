"""The face for people: pages and their fragments."""

from __future__ import annotations

import json

from flask import Blueprint, Flask, Response, render_template, request
from flask_wtf.csrf import generate_csrf

from deskops import errors
from deskops.accounts.policy import IMPORT
from deskops.face import identity
from deskops.modules import KEPT, LISTED, MODULES
from deskops.web import (
    balance,
    dashboard,
    day_sheets,
    days,
    exports,
    fragments,
    headers,
    health,
    imports,
    live,
    records,
    reviews,
    settings,
    signin,
    stock,
    throttle,
    words,
)
from deskops.web.scope import PERIODS, Scope

# Whoever is not signed in sees these; everything else needs a session.
PUBLIC = frozenset({"web.signin", "web.save_signin", "web.health"})

# What a manager keeps for the stock to be right: beside it, not in the navigation of every page.
KEPT_PLACES = tuple(module for name, module in LISTED.items() if name in KEPT)
FURTHER_PLACES = (
    ("web.days", errors.say("Days")),
    ("web.stock", errors.say("Stock")),
    ("web.imports", errors.say("Imports")),
    ("web.exports", errors.say("Exports")),
)


def register(app: Flask) -> None:
    """Add the pages, their headers, words and templates to the application."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    words.register(app)
    headers.register(app)
    throttle.register(app, app.extensions["windows"])
    pages = Blueprint("web", __name__)
    pages.before_request(require_session)
    for part in (
        dashboard,
        stock,
        balance,
        signin,
        records,
        reviews,
        imports,
        exports,
        days,
        day_sheets,
        settings,
        health,
    ):
        part.register(pages)
    live.register(app, pages)
    app.register_blueprint(pages)
    app.context_processor(shell)


def require_session() -> None:
    """Raises Unauthorized. A token opens the API, never a page."""
    if request.endpoint not in PUBLIC and identity.person() is None:
        raise errors.Unauthorized


def shell() -> dict[str, object]:
    """What every page shows around its content."""
    return {
        "modules": MODULES.values(),
        "kept": KEPT_PLACES,
        "further_places": further_places,
        "periods": PERIODS,
        "person": identity.person,
    }


def further_places() -> list[tuple[str, errors.Message]]:
    """The places beside the modules that are open to the reader."""
    may_import = bool(identity.actor().sites(IMPORT))
    return [place for place in FURTHER_PLACES if may_import or place[0] != "web.imports"]


def error_page(error: errors.DeskOpsError) -> Response:
    """A refusal in words: a page; for a script a notice, so that what it would have replaced stays."""
    if request.endpoint == "web.health":
        return health.without_database()
    if isinstance(error, errors.Forbidden | errors.Unauthorized) and must_sign_in(error):
        return signin.expired_form() if request.endpoint == "web.save_signin" else signin.ask_to_sign_in()
    told = words.texts(
        message for messages in error.details.get("fields", {}).values() for message in messages
    )
    facts = {
        "message": words.text(error.message),
        "problems": told,
        "request_id": error.details.get("requestId", ""),
        "status": error.status,
    }
    if not fragments.is_fragment():
        return fragments.answer(render_template("shell/error.html", **facts), error.status)
    response = fragments.answer(render_template("shell/_notice.html", **facts), error.status)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#shell-notice", "outerHTML"
    if isinstance(error, errors.Forbidden):
        # After signing in anew in another window this page's secret is an old one: the next try carries the new.
        response.headers["HX-Trigger"] = json.dumps({"secret-renewed": {"csrf": generate_csrf()}})
    return response


def must_sign_in(error: errors.DeskOpsError) -> bool:
    """Nobody is signed in; or a form's secret is gone, which is what an ended session looks like first."""
    if isinstance(error, errors.Unauthorized):
        return True
    return request.method == "POST" and (request.endpoint == "web.save_signin" or is_nobody())


def is_nobody() -> bool:
    return identity.person() is None


__all__ = ["PUBLIC", "Scope", "error_page", "register"]
