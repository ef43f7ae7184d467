"""Logs: one JSON object a line on stderr, with the request it belongs to; no secrets, no personal data."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# Set by the faces for a request and by the worker for a job; "" outside both.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# What a library's message may carry: addresses of people, credentials, and the values PostgreSQL quotes.
UNSAID = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "<email>"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 <secret>"),
    (re.compile(r"\bdops_[\w-]+"), "<token>"),
    (re.compile(r"://[^\s/@]*:[^\s/@]*@"), "://<secret>@"),
    (
        re.compile(r"(?i)\b(password|token|secret|cookie|csrf\w*)(['\"]?\s*[:=]\s*)[^\s,;&)}]+"),
        r"\1\2<secret>",
    ),
    (re.compile(r"\bDETAIL:.*"), "DETAIL: <values>"),
)


def new_request_id() -> str:
    """A short random name for one request or job."""
    return secrets.token_hex(8)


def without_secrets(text: str) -> str:
    for pattern, replacement in UNSAID:
        text = pattern.sub(replacement, text)
    return text


class JsonLine(logging.Formatter):
    """A log record as one line of JSON; keyword facts come through `extra={"facts": {…}}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        line["time"] = line["time"].replace("+00:00", "Z")
        if request_id.get():
            line["request_id"] = request_id.get()
        facts = getattr(record, "facts", {})
        line |= {name: without_secrets(it) if isinstance(it, str) else it for name, it in facts.items()}
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def configuration(level: str) -> dict[str, Any]:
    """The logging configuration, as logging.config.dictConfig takes it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLine}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": sys.stderr}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            # They would write on their own handlers, or a line for every step of every job.
            "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
            "peewee.migrations": {"level": "WARNING", "handlers": [], "propagate": True},
            "rq.worker": {"level": "WARNING", "handlers": [], "propagate": True},
        },
    }


def configure(level: str = "INFO") -> None:
    """Log from here on as JSON lines on stderr."""
    logging.config.dictConfig(configuration(level))
