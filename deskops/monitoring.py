"""Error monitoring: where SENTRY_DSN is set, every fault that the log tells as an error is sent there too, once.

What is sent is written anew from the places of the program alone: no values, no request, no person, no machine.
"""

from __future__ import annotations

import atexit
import logging
import sys
from typing import Any

from deskops import __version__, logs
from deskops.config import Settings
from deskops.errors import say
from deskops.setting_kinds import SettingRefused

VARIABLE = "SENTRY_DSN"
FLUSH_SECONDS = 1.0
RELEASE = f"deskops@{__version__}"
EVENT_KEYS = ("event_id", "timestamp", "platform", "level", "logger", "environment", "tags")
FRAME_KEYS = (
    "filename",
    "module",
    "function",
    "lineno",
    "in_app",
    "pre_context",
    "context_line",
    "post_context",
)


class FaultsToSentry(logging.Handler):
    """Sends what is logged as an error. A text is sent without what was put into it."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in ("sentry_sdk", "urllib3"):
            return
        report(record.exc_info[1] if record.exc_info else None, str(record.msg), record.name)


def start(settings: Settings) -> None:
    """Have faults of this process sent from here on, or not, as the settings say. Raises SettingRefused."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, FaultsToSentry)]:
        root.removeHandler(handler)
    if not settings.monitoring.sentry_dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError as missing:
        cure = "it needs the package sentry-sdk: `pip install 'deskops[sentry]'`, or leave the setting out."
        raise SettingRefused(VARIABLE, say(cure)) from missing
    try:
        sentry_sdk.init(
            settings.monitoring.sentry_dsn,
            release=RELEASE,
            environment=settings.monitoring.environment,
            before_send=written_anew,
            # Nothing is watched: the one source of events is the log.
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            send_client_reports=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            enable_backpressure_handling=False,
            enable_metrics=False,
            spotlight=False,
        )
    except BadDsn as bad:
        raise SettingRefused(VARIABLE, say("this is not the address of a Sentry project.")) from bad
    root.addHandler(FaultsToSentry(logging.ERROR))
    atexit.register(flush)


def report(fault: BaseException | None, message: str, logger: str = "") -> None:
    """Send a fault, or an error that no exception tells of; nothing where no monitoring is on. Never waits."""
    if "sentry_sdk" not in sys.modules:
        return
    import sentry_sdk
    from sentry_sdk.utils import event_from_exception

    client = sentry_sdk.get_client()
    if not client.is_active():
        return
    event: Any = {"level": "error"}
    hint: Any = None
    if fault is not None:
        event, hint = event_from_exception(fault, client_options=client.options)
    request_id = logs.request_id.get()
    tags = {"request_id": request_id} if request_id else {}
    sentry_sdk.capture_event(
        {**event, "logger": logger, "logentry": {"message": message}, "tags": tags}, hint
    )


def flush() -> None:
    """Wait, a moment at most, until what was reported is sent: for a process that is about to end."""
    if "sentry_sdk" in sys.modules:
        import sentry_sdk

        sentry_sdk.flush(FLUSH_SECONDS)


def written_anew(event: Any, _hint: Any) -> Any:
    """The event from the keys that are known to hold nobody's values, each text searched for secrets besides."""
    anew = {key: event[key] for key in EVENT_KEYS if key in event}
    anew["logentry"] = {"message": event.get("logentry", {}).get("message", "")}
    faults = event.get("exception", {}).get("values", [])
    if faults:
        anew["exception"] = {"values": [fault_anew(fault) for fault in faults]}
    return cleaned(anew) | {"release": RELEASE}


def fault_anew(fault: Any) -> dict[str, Any]:
    frames = (fault.get("stacktrace") or {}).get("frames", [])
    return {
        "type": fault.get("type"),
        "module": fault.get("module"),
        "value": logs.said_by(str(fault.get("type")), str(fault.get("value") or "")),
        "mechanism": {"type": "deskops", "handled": True},
        "stacktrace": {
            "frames": [{key: frame[key] for key in FRAME_KEYS if key in frame} for frame in frames]
        },
    }


def cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return logs.without_secrets(value)
    if isinstance(value, dict):
        return {key: cleaned(each) for key, each in value.items()}
    return [cleaned(each) for each in value] if isinstance(value, list) else value
