"""The web application: settings, database, faces, and one answer for every error."""

from __future__ import annotations

import logging
from collections.abc import Callable

import peewee
from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from deskops import api, background, config, database, errors, logs, web
from deskops.face import identity
from deskops.paths import STATIC, TEMPLATES
from deskops.reactions import REACTIONS
from deskops.records import service

MOST_BODY_BYTES = 1024 * 1024
log = logging.getLogger("deskops.app")

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
    app = Flask("deskops", static_folder=str(STATIC), template_folder=str(TEMPLATES))
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MOST_BODY_BYTES)
    app.extensions["settings"] = settings
    if settings.web.trusted_proxies:
        count = settings.web.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    background.use(settings)
    database.connect(settings.database_url)
    service.react_with(REACTIONS)
    app.before_request(begin)
    app.teardown_request(finish)
    identity.register(app, settings)
    api.register(app, settings)
    web.register(app, settings)
    app.register_error_handler(Exception, answer_error)
    return app


def begin() -> None:
    g.request_id = logs.new_request_id()
    g.log_context = logs.request_id.set(g.request_id)
    database.open_connection()


def finish(_error: BaseException | None) -> None:
    database.release_connection()
    if "log_context" in g:
        logs.request_id.reset(g.pop("log_context"))


def answer_error(error: Exception) -> Response:
    """Every error in the words of the face that was asked. What nobody foresaw is logged.

    Each fault of the server says the id of its request.
    """
    if isinstance(error, HTTPException) and error.code and error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    known = as_known(error)
    if known.status >= 500:
        if known is not error:
            log.error("%s on %s %s", type(error).__name__, request.method, request.path, exc_info=error)
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
