"""A real server of two processes on this run's database, and people of the cast at real browsers."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deskops import config
from tests.conftest import PASSWORD, Rows
from tests.services import children, chromium

# What a browser says by itself of every answer that refuses something.
REFUSED = "Failed to load resource: the server responded with a status of 4"


# A machine with a server, a browser and a database on two cores may be slow; a page that is right gets there.
expect.set_options(timeout=15_000)


class Yard:
    """The running server: where it is, and starting and stopping it."""

    def __init__(self, settings: config.Settings, log: Path) -> None:
        self.port = children.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self._log = log
        self._process: Any = None

    def start(self) -> None:
        given = {
            "DESKOPS_HOME": self._settings.home,
            "DATABASE_URL": self._settings.database_url,
            "REDIS_URL": self._settings.redis_url,
            "PORT": self.port,
        }
        argv = ["env", *(f"{name}={value}" for name, value in given.items())]
        argv += [str(Path(sys.executable).parent / "gunicorn"), "--config", "python:deskops.serving"]
        self._process = children.start(argv, log=self._log)
        children.wait_until(self.answers, self._process, log=self._log, seconds=30, name="The web server")

    def stop(self) -> None:
        children.stop(self._process)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture(scope="session")
def yard(
    settings: config.Settings, first_rows: Rows, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Yard]:
    """The server, with the reference lists and the cast in its book."""
    assert first_rows
    served = Yard(settings, tmp_path_factory.mktemp("yard") / "web.log")
    os.environ.setdefault("DESKOPS_LOG_LEVEL", "INFO")
    served.start()
    yield served
    served.stop()


class Person:
    """Somebody at a browser window of their own; `complaints` is what the console said."""

    def __init__(self, page: Page, yard: Yard) -> None:
        self.page = page
        self.url = yard.url
        self.complaints = chromium.listen(page)

    def sign_in(self, nick: str) -> Person:
        self.page.goto(f"{self.url}/signin")
        self.page.get_by_label("E-mail").fill(f"{nick}@yard.test")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/dashboard*")
        return self

    def goes_to(self, path: str) -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    @property
    def surprises(self) -> list[str]:
        """What the console said, without the line that every refused request brings."""
        return [line for line in self.complaints if REFUSED not in line]


@pytest.fixture
def person(browser: Browser, yard: Yard) -> Iterator[Callable[..., Person]]:
    """A new window: person("ben") signed in, person(None) not; further words go to the browser's context."""
    windows: list[BrowserContext] = []

    def open_window(nick: str | None, **context: Any) -> Person:
        window = browser.new_context(**context)
        windows.append(window)
        window.set_default_timeout(30_000)
        somebody = Person(window.new_page(), yard)
        return somebody.sign_in(nick) if nick else somebody

    yield open_window
    for window in windows:
        window.close()
