"""The web application: settings, database, faces, and one answer for every error."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

import peewee
from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from deskops import api, background, config, database, errors, logs, monitoring, web
from deskops.face import identity
from deskops.paths import STATIC, TEMPLATES
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences
from deskops.windows import SharedWindows

MOST_BODY_BYTES = 1024 * 1024
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = logging.getLogger("deskops.app")
request_log = logging.getLogger("deskops.request")

BY_STATUS: dict[int, type[errors.DeskOpsError]] = {
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.PayloadTooLarge,
    415: errors.UnsupportedMediaType,
    401: errors.Unauthorized,
    403: errors.Forbidden,
}


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application on these settings (by default the environment's). The database must be migrated."""
    settings = settings or config.load()
    monitoring.start(settings)
    app = Flask("deskops", static_folder=str(STATIC), template_folder=str(TEMPLATES))
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MOST_BODY_BYTES)
    # A slash too many is another address: it would be told by a page of HTML, under /api too.
    app.url_map.merge_slashes = False
    app.extensions["settings"] = settings
    app.extensions["windows"] = SharedWindows(settings.redis_url)
    if settings.web.trusted_proxies:
        count = settings.web.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    background.use(settings)
    database.connect(settings.database_url)
    consequences.react_with(CONSEQUENCES)
    app.before_request(begin)
    app.after_request(note)
    app.teardown_request(finish)
    identity.register(app, settings)
    api.register(app, settings)
    web.register(app)
    app.register_error_handler(Exception, answer_error)
    return app


def begin() -> None:
    g.began = time.perf_counter()
    g.request_id = logs.new_request_id()
    g.log_context = logs.request_id.set(g.request_id)
    database.open_connection()


def note(response: Response) -> Response:
    """One line for each request, and its id for whoever sent it; a stream is noted when it has ended."""
    if "began" not in g:
        return response
    response.headers["X-Request-Id"] = g.request_id
    user_id, token_id = identity.already_known()
    # The rule, not the path: what somebody wrote into the address may be anything.
    own = {
        "method": request.method if request.method in METHODS else "other",
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "bytes": response.content_length,
        "user": user_id,
        "token": token_id,
        "request_id": g.request_id,
    }
    if "refused_with" in g:
        own["code"] = g.refused_with
    write = partial(write_line, own, g.began)
    if response.is_streamed and not response.direct_passthrough:
        response.call_on_close(write)
    else:
        write()
    return response


def write_line(own: dict[str, object], began: float) -> None:
    request_log.info("request", extra={"own": own | {"ms": round((time.perf_counter() - began) * 1000, 1)}})


def finish(_error: BaseException | None) -> None:
    database.release_connection()
    if "log_context" in g:
        logs.request_id.reset(g.pop("log_context"))


def answer_error(error: Exception) -> Response:
    """Every error in the words of the face that was asked, with the id of its request.

    What nobody foresaw is logged.
    """
    if isinstance(error, HTTPException) and error.code and error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    known = as_known(error)
    if known.status >= 500 and known is not error:
        log.error("a request failed", exc_info=error)
    g.refused_with = known.code
    known.details.setdefault("requestId", g.get("request_id", ""))
    face: Callable[[errors.DeskOpsError], Response] = (
        api.error_response if identity.is_api() else web.error_page
    )
    return face(known)


def as_known(error: Exception) -> errors.DeskOpsError:
    if isinstance(error, errors.DeskOpsError):
        return error
    if isinstance(error, ParseException):
        return errors.ValidationFailed(errors.say("The body was not sent as HTTP has it"))
    if isinstance(error, CSRFError):
        return errors.Forbidden(errors.say("This form was open for too long: send it again"))
    if isinstance(error, HTTPException):
        return BY_STATUS.get(
            error.code or 500, errors.ValidationFailed if (error.code or 500) < 500 else errors.DeskOpsError
        )()
    if isinstance(error, peewee.PeeweeException):
        return errors.DatabaseFailed()
    return errors.DeskOpsError()
