"""Logs: one JSON object a line on stderr, with the request it belongs to; no secrets, no personal data."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import secrets
import sys
import traceback
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

# Exceptions whose message tells of the program and its surroundings, never what somebody sent. The message of any
# other, such as ValueError, quotes its value: only its type is told, with the place where it was raised.
# fmt: off
SPEAKING = frozenset((
    "AttributeError", "ImportError", "IndexError", "MemoryError", "ModuleNotFoundError", "NameError",
    "NotImplementedError", "RecursionError", "TypeError", "UnboundLocalError", "ZeroDivisionError",
    "IntegrityError", "InterfaceError", "InternalError", "NotSupportedError", "OperationalError",
    "ProgrammingError",
    "BlockingIOError", "BrokenPipeError", "ConnectionError", "ConnectionRefusedError",
    "ConnectionResetError", "FileNotFoundError", "OSError", "PermissionError", "TimeoutError",
))
# fmt: on
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def new_request_id() -> str:
    """A short random name for one request or job."""
    return secrets.token_hex(8)


def without_secrets(text: str) -> str:
    for pattern, replacement in UNSAID:
        text = pattern.sub(replacement, text)
    return text


def said_by(kind: str, message: str) -> str:
    """An exception of this type as a log tells it: its first line without quoted values, or its type alone."""
    said = QUOTED.sub("…", message.strip().partition("\n")[0]) if kind in SPEAKING else ""
    return f"{kind}: {without_secrets(said)}" if said else kind


def told(error: BaseException) -> str:
    """An exception and what caused it: places and lines of the program, and no value of anybody's."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{told(cause)}\nwhich led to\n" if cause else ""
    places = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}{places}{said_by(type(error).__name__, str(error))}"


class RequestUnsaid(logging.Filter):
    """The web server's own lines, without the request and the address of whoever sent it."""

    LINES = ("Invalid request", "Error handling request", "Socket error processing request")

    def filter(self, record: logging.LogRecord) -> bool:
        for line in self.LINES:
            if str(record.msg).startswith(line):
                record.msg, record.args = line, ()
        return True


as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


class JsonLine(logging.Formatter):
    """A log record as one line of JSON.

    Keyword facts come through `extra={"facts": {…}}`; in a line of the program's own making alone, with nothing in it
    that needs to be looked for, as `own` in the same way.
    """

    def format(self, record: logging.LogRecord) -> str:
        own = getattr(record, "own", {})
        message = record.getMessage()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message if own else without_secrets(message),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        facts = getattr(record, "facts", {})
        line |= {name: without_secrets(it) if isinstance(it, str) else it for name, it in facts.items()}
        line |= own
        if record.exc_info and record.exc_info[1]:
            line["exception"] = told(record.exc_info[1])
        return as_json(line)


def configuration(level: str) -> dict[str, Any]:
    """The logging configuration, as logging.config.dictConfig takes it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLine}},
        "filters": {"request unsaid": {"()": RequestUnsaid}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": sys.stderr}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            # They would write on their own handlers, or a line for every step of every job.
            "gunicorn.error": {
                "level": "WARNING",
                "handlers": [],
                "filters": ["request unsaid"],
                "propagate": True,
            },
            "peewee.migrations": {"level": "WARNING", "handlers": [], "propagate": True},
            "rq.worker": {"level": "WARNING", "handlers": [], "propagate": True},
        },
    }


def configure(level: str = "INFO") -> None:
    """Log from here on as JSON lines on stderr."""
    logging.config.dictConfig(configuration(level))
