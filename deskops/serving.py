"""Settings of the web server: `gunicorn --config python:deskops.serving`."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from deskops.config import load
from deskops.logs import configuration

_settings = load()

wsgi_app = "deskops.app:create_app()"
bind = [f"{_settings.web.host}:{_settings.web.port}"]
worker_class = "gthread"
workers = _settings.web.workers
threads = _settings.web.threads
# Imported once, before the fork; create_app() opens no database and starts no thread.
preload_app = True
# `deskops up` stops everything within five seconds, one after the other.
graceful_timeout = 1
# The default one lies in the user's home, where two installations would meet.
control_socket_disable = True
logconfig_dict = configuration(_settings.log_level)
# A heartbeat file on a busy disk would stall the worker.
worker_tmp_dir = "/dev/shm" if sys.platform == "linux" and os.access("/dev/shm", os.W_OK) else None  # noqa: S108
limit_request_line = 8190


def when_ready(_server: Any) -> None:
    """What was loaded before the workers are forked is never garbage: no collection looks at it again."""
    gc.collect()
    gc.freeze()


def post_fork(_server: Any, _worker: Any) -> None:
    """A request that waited for the database or the queue server has its turn again sooner than after 5 ms."""
    sys.setswitchinterval(0.001)
