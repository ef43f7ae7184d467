"""Whether this installation can work, for whatever watches it."""

from __future__ import annotations

import redis
from flask import Blueprint, Response, current_app, jsonify

from deskops import database, queue


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/healthz", "health", health)


def health() -> Response:
    """200 while the database answers; a queue server that is away only makes exports wait."""
    database.rows("SELECT 1")
    return jsonify(status="ok", database="ok", queue=queue_state())


def without_database() -> Response:
    response = jsonify(status="failed", database="away", queue=queue_state())
    response.status_code = 503
    return response


def queue_state() -> str:
    with queue.connection(current_app.extensions["settings"]) as asking:
        try:
            asking.ping()
        except redis.RedisError:
            return "away"
    return "ok"
