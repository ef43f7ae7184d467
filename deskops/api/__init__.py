"""The face for programs: the JSON API under /api."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, g, request
from werkzeug import exceptions

from deskops.api import (
    balance,
    charts,
    dashboard,
    days,
    envelope,
    exports,
    inventory,
    kept,
    metrics,
    operations,
    record_operations,
    session,
    sites,
)
from deskops.api.docs import with_documentation
from deskops.api.limits import Admission, RequestLimiter
from deskops.api.operations import Answer, Operation, Section
from deskops.config import Settings
from deskops.errors import DeskOpsError, EditConflict, RateLimitExceeded, Unauthorized
from deskops.face import identity
from deskops.modules import EVERY_MODULE
from deskops.schema import counters

PREFIX = "/api"
GREETING = "Hello, from API!"

__all__ = ["error_response", "register"]


def hello() -> Response:
    return Response(f'"{GREETING}"', mimetype=envelope.MIMETYPE)


HELLO = Operation(
    "hello",
    "GET /hello",
    hello,
    "Whether anybody is there",
    Answer({"const": GREETING}),
    "Asks for no token and counts on no limit.",
)
SECTIONS = with_documentation(
    (
        Section("Greeting", "Whether the program answers.", (HELLO,), public=True),
        session.SECTION,
        sites.SECTION,
        *record_operations.SECTIONS,
        *kept.SECTIONS,
        inventory.SECTION,
        days.SECTION,
        metrics.SECTION,
        charts.SECTION,
        dashboard.SECTION,
        balance.SECTION,
        *exports.SECTIONS,
    )
)


def register(app: Flask, settings: Settings) -> None:
    """Put the API's routes and its order of judgement on the application."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    operations.register(blueprint, SECTIONS)
    app.extensions["request_limiter"] = limiter = RequestLimiter(settings.limits, app.extensions["windows"])
    # On the application: an unknown path under /api is judged the same way.
    app.before_request(lambda: admit(limiter))
    app.after_request(finish)
    app.register_blueprint(blueprint)


def admit(limiter: RequestLimiter) -> None:
    """Who is asking, then how much, then whether a forged form asks: 401, 429, 403.

    A caller without identity is counted by address, so that guessing tokens ends in 429. What others wrote until
    now is seen from here on, whichever process they wrote through.
    """
    if not identity.is_api() or request.endpoint == f"api.{HELLO.name}":
        return
    try:
        actor = identity.actor()
    except Unauthorized:
        judge(limiter.admit_address(request.remote_addr or ""))
        raise
    judge(limiter.admit_actor(actor))
    identity.refuse_forged()
    counters.refresh()


def judge(admission: Admission) -> None:
    """Keep what the answer's headers tell. Raises RateLimitExceeded."""
    g.admission = admission
    if admission.retry_after is not None:
        raise RateLimitExceeded(retryAfter=admission.retry_after)


def finish(response: Response) -> Response:
    """What every answer of the API carries: the state of the caller's minute, and that nobody keeps a copy."""
    if identity.is_api():
        if "admission" in g:
            response.headers.update(g.admission.headers)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def error_response(error: DeskOpsError) -> Response:
    """An error in the envelope, in English."""
    details = dict(error.details)
    if isinstance(error, EditConflict):
        details["current"] = as_it_stands(error)
    told = {"code": error.code, "message": envelope.plain(error.message)}
    if details:
        told["details"] = envelope.plain(details)
    return envelope.answer({"error": told}, error.status, headers_of(error))


def as_it_stands(conflict: EditConflict) -> object:
    module = next(each for each in EVERY_MODULE.values() if isinstance(conflict.current, each.model))
    return module.json(conflict.current)


def headers_of(error: DeskOpsError) -> dict[str, str]:
    """What HTTP asks for beside the code."""
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if "retryAfter" in error.details:
        headers["Retry-After"] = str(error.details["retryAfter"])
    unmatched = request.routing_exception
    if isinstance(unmatched, exceptions.MethodNotAllowed) and unmatched.valid_methods:
        headers["Allow"] = ", ".join(sorted(unmatched.valid_methods))
    return headers
