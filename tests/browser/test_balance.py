"""The page of the mass balance in a browser: accessible in both themes and at three sizes, and it keeps in step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from deskops import database
from deskops.accounts.actor import actor_for
from deskops.modules import ADJUSTMENTS, DISPATCH, OPENINGS, PRODUCTION, RECEIVED, SURVEYS
from deskops.records import service
from deskops.records.module import Module
from tests.browser.conftest import Person, Yard
from tests.browser.test_pages import SIZES, THEMES
from tests.conftest import BETA, user_of
from tests.services import chromium

Window = Callable[..., Person]
MONDAY = date(2025, 3, 3)
TUESDAY = MONDAY + timedelta(days=1)
WHERE = f"/balance?siteId={BETA}&period=custom&startDate={MONDAY}&endDate={TUESDAY}"
RUBBLE, STONE = "RAW-MIXED", "AGG-3/4"


def keep(module: Module, day: date, material: str, **values: str) -> Any:
    sent = {"siteId": BETA, "date": day.isoformat(), "materialId": material, **values}
    return service.create(module, sent, actor_for(user_of("ada")), strict=False).record


@pytest.fixture
def crushed(yard: Yard) -> Iterator[None]:
    """Two days of Beta, of which rubble is surveyed at both ends: 3 t of it are missing; 1.5 t were written off."""
    database.open_connection()
    sunday = MONDAY - timedelta(days=1)
    kept = [(OPENINGS, keep(OPENINGS, MONDAY, material, quantity="100")) for material in (RUBBLE, STONE)]
    kept += [
        (SURVEYS, keep(SURVEYS, sunday, RUBBLE, volume="100", density="1", errorPercent="1")),
        (RECEIVED, keep(RECEIVED, MONDAY, RUBBLE, quantity="50")),
        (
            PRODUCTION,
            keep(PRODUCTION, MONDAY, STONE, quantity="38", feedMaterialId=RUBBLE, feedQuantity="40"),
        ),
        (DISPATCH, keep(DISPATCH, MONDAY, STONE, quantity="20")),
        (ADJUSTMENTS, keep(ADJUSTMENTS, TUESDAY, STONE, quantity="-1.5", kind="LOSS", reason="Washed out")),
        (SURVEYS, keep(SURVEYS, TUESDAY, RUBBLE, volume="107", density="1", errorPercent="1")),
    ]
    yield
    # The book is that of all browser tests.
    for module, record in reversed(kept):
        service.void(module, record.id, actor_for(user_of("ada")), reason="The test is over")


@pytest.mark.usefixtures("crushed")
def test_the_balance_is_for_everybodys_eyes_and_keeps_in_step(person: Window) -> None:
    for theme in THEMES:
        somebody = person("ada", color_scheme=theme)
        page = somebody.goes_to(WHERE)
        expect(page.locator(".equation-result")).to_contain_text("4.500 t missing")
        expect(page.locator(".bars .bar")).to_have_count(3)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(350)
            assert chromium.accessibility_problems(page) == [], f"{width} px, {theme}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert somebody.complaints == []
    keep(DISPATCH, TUESDAY, RUBBLE, quantity="4.5")
    expect(page.locator(".equation-result")).to_contain_text("0.000")
    with page.expect_download() as file:
        page.get_by_role("link", name="As CSV").click()
    assert file.value.suggested_filename == f"{BETA}-balance-{MONDAY}-{TUESDAY}.csv"
