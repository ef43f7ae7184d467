"""Real Chromium for the browser tests, the one of the system, driven by Playwright.

with browser() as chromium:
    page = chromium.new_page()
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.services import children

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def program() -> str | None:
    """The path of the browser; None where there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser that ends with the block."""
    path = program()
    if path is None:
        raise RuntimeError("Chromium is not installed; on Debian: apt-get install chromium")
    # Chromium refuses its sandbox to root.
    sandbox = ["--no-sandbox"] if children.is_root() else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])
        try:
            yield running
        finally:
            running.close()


def listen(page: Page) -> list[str]:
    """A list that fills with whatever the page complains of from now on.

    In it: warnings and errors on the console (refusals of the Content-Security-Policy among them), errors
    that no script caught, and requests that failed.
    """
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.type}: {message.text}")
            if message.type in ("warning", "error")
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    page.on(
        "requestfailed",
        lambda request: (
            complaints.append(f"failed: {request.url} ({request.failure})")
            if request.failure != "net::ERR_ABORTED"
            else None
        ),
    )
    return complaints


def accessibility_problems(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands: one line each, with the elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{problem['id']} ({problem['impact']}): {problem['help']}: "
        + ", ".join(" ".join(str(part) for part in node["target"]) for node in problem["nodes"])
        for problem in found
    ]
