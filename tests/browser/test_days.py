"""The days at the keyboard: a missing input entered or declared nil, a day closed and reopened, its sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from deskops.accounts.actor import actor_for
from deskops.accounts.models import Site
from deskops.days import closing
from deskops.ledger.standing import standing
from deskops.modules import OPENINGS
from deskops.records import service
from tests.browser.conftest import Person, Yard
from tests.conftest import BETA, user_of
from tests.day_book import MONDAY
from tests.services import chromium

Window = Callable[..., Person]
# The days of Beta before it began are nobody else's: what is closed here is in no other test's way.
DAY = f"/days/{MONDAY}?siteId={BETA}"
BOARD = f"/days?siteId={BETA}&period=custom&startDate={MONDAY}&endDate={MONDAY + timedelta(days=1)}"
SIZES = ((360, 740), (1024, 768), (1920, 1080))


@pytest.fixture
def begun(yard: Yard) -> Iterator[None]:
    """Beta's ledger begins on Monday, for the time of a test."""
    site, ada = Site.get(Site.code == BETA), actor_for(user_of("ada"))
    sent = {"siteId": BETA, "date": MONDAY.isoformat(), "materialId": "AGG-G1", "quantity": Decimal(100)}
    opening = service.create(OPENINGS, sent, ada).record
    yield
    if standing(site.id).closed_through is not None:
        closing.reopen(site, MONDAY, ada, "The test is over")
    service.void(OPENINGS, opening.id, ada, reason="The test is over")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def nil_button(page: Page, module: str) -> str:
    """The id of the button of Monday's input of this module."""
    return str(page.locator(f'button[id$="-{MONDAY}-{module}"]').get_attribute("id"))


def test_a_missing_input_opens_its_form_with_the_day_filled_in(person: Window) -> None:
    page = person("ada").goes_to(BOARD)
    page.get_by_role("link", name="enter Received").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#records-form")).to_be_visible()
    assert page.locator("#field-date").input_value() == MONDAY.isoformat()
    assert page.locator("#field-siteId").input_value() == BETA


def test_nil_is_declared_and_taken_back_by_one_key_and_shows_on_another_board(person: Window) -> None:
    clerk, manager = person("cleo"), person("ada")
    board = manager.goes_to(BOARD)
    page = clerk.goes_to(BOARD)
    button = nil_button(page, "dispatch")
    page.locator(f'[id="{button}"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(f'[id="{button}"]')).to_contain_text("Undo")
    assert focused(page) == button
    expect(board.locator(f'[id="{button}"]')).to_contain_text("Undo")
    page.keyboard.press("Enter")
    expect(page.locator(f'[id="{button}"]')).to_contain_text("Nil")
    expect(page.locator("#told")).to_contain_text("missing again")
    assert clerk.surprises == manager.surprises == []


def test_a_day_is_closed_and_reopened_by_keyboard_and_offers_its_sheet(begun: None, person: Window) -> None:
    somebody = person("ada")
    page = somebody.goes_to(DAY)
    page.locator("#day-action").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#close-reason")).to_be_focused()
    page.wait_for_timeout(350)
    assert chromium.accessibility_problems(page) == []
    page.keyboard.type("Nobody worked")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Closed by Ada Admin")).to_be_visible()
    expect(page.get_by_text("Nobody worked").first).to_be_visible()
    sheet = page.request.get(f"{somebody.url}{DAY.replace('?', '/sheet.pdf?')}")
    assert sheet.body().startswith(b"%PDF")
    page.locator("#day-action").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reopen-reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#day-action")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#reopen-reason")).to_be_focused()
    page.keyboard.type("A load was forgotten")
    page.keyboard.press("Enter")
    expect(page.locator(".day-state")).to_have_text("Reopened")
    assert somebody.surprises == []


def test_the_sheet_and_a_day_with_everything_on_it_are_accessible(begun: None, person: Window) -> None:
    somebody = person("ada")
    for path in (DAY, DAY.replace("?", "/sheet?"), DAY.replace("?", "/close?"), BOARD):
        page = somebody.goes_to(path)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(350)
            assert chromium.accessibility_problems(page) == [], f"{path} at {width} px"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} at {width} px"
    assert somebody.complaints == []
