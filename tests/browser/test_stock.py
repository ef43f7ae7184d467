"""The stock's page at a browser: an explanation opened by key stays open while the figures move; it fits every size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from deskops.accounts.actor import actor_for
from deskops.accounts.models import Site
from deskops.modules import ADJUSTMENTS, OPENINGS, RECEIVED
from deskops.records import service
from tests.browser.conftest import Person, Yard
from tests.browser.test_pages import SIZES, THEMES
from tests.conftest import BETA, user_of
from tests.services import chromium
from tests.stock_book import RUBBLE, STONE, Book

Window = Callable[..., Person]
# Weeks that no other test of Beta looks at.
FIRST = date(2026, 1, 5)
STOCK = f"/stock?siteId={BETA}&period=custom&startDate={FIRST}&endDate={FIRST + timedelta(days=6)}"


@pytest.fixture(scope="module")
def begun(yard: Yard) -> Iterator[Book]:
    """Beta's ledger begins in January, for the time of these tests: two days complete, the third not."""
    ada = actor_for(user_of("ada"))
    book = Book(Site.get(Site.code == BETA), ada, FIRST)
    entered = [(OPENINGS, book.enter(OPENINGS, 0, material, "90")) for material in (STONE, RUBBLE)]
    book.nil(0)
    book.nil(1, ["production", "dispatch"])
    entered.append((RECEIVED, book.enter(RECEIVED, 1, STONE, "12.5")))
    entered.append((RECEIVED, book.enter(RECEIVED, 2, STONE, "7")))
    entered.append(
        (ADJUSTMENTS, book.enter(ADJUSTMENTS, 1, RUBBLE, "-100", kind="LOSS", reason="Carted away"))
    )
    yield book
    for module, record in reversed(entered):
        service.void(module, record.id, ada, reason="The tests are over")


def test_an_explanation_opened_by_key_stays_open_while_the_figures_move(person: Window, begun: Book) -> None:
    somebody = person("ada")
    page = somebody.goes_to(STOCK)
    row = page.locator("tr", has=page.get_by_role("button", name="3/4", exact=True))
    expect(row.locator(".closing")).to_have_text("102.500")
    page.get_by_role("button", name="3/4", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#why-MAT002")).to_contain_text("Received 1 record")
    load = begun.enter(RECEIVED, 1, STONE, "2.25")
    try:
        expect(row.locator(".closing")).to_have_text("104.750")
        expect(page.locator("#why-MAT002")).to_be_visible()
        expect(page.locator("#why-MAT002")).to_contain_text("+14.750")
    finally:
        service.void(RECEIVED, load.id, begun.actor, reason="The tests are over")
    page.locator("#why-MAT002").get_by_role("link", name="Received").click()
    expect(page.locator("tfoot")).to_contain_text("12.500")
    assert somebody.complaints == []


def test_a_missing_input_leads_to_its_form_and_the_days_lead_on(person: Window, begun: Book) -> None:
    page = person("ada").goes_to(STOCK)
    page.get_by_role("link", name="Dispatch missing").last.click()
    assert page.locator("#field-date").input_value() == begun.day(2).isoformat()
    page.go_back()
    page.get_by_role("link", name="The day after").click()
    expect(page.locator(".stock-day")).to_contain_text("Not complete: as its records stand now")
    page.get_by_role("link", name="By material").click()
    expect(page.locator("#levels .legend")).to_contain_text("3/4")
    expect(page.locator(".stock-day")).to_contain_text("Jan 7, 2026")


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_with_its_figures_fits_and_is_accessible(person: Window, begun: Book, theme: str) -> None:
    somebody = person("ada", color_scheme=theme)
    for path in (STOCK, "/stock", f"/dashboard?siteId={BETA}"):
        page = somebody.goes_to(path)
        for button in page.locator(".why-button").all():
            button.click()
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(350)
            assert chromium.accessibility_problems(page) == [], f"{path} at {width} px, {theme}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} at {width} px"
    assert somebody.complaints == []


def test_the_age_of_a_figure_is_said_in_words(person: Window, begun: Book) -> None:
    assert begun.site.today() > FIRST
    page = person("ada").goes_to(f"/dashboard?siteId={BETA}")
    expect(page.locator("#card-received .age time")).to_have_text("now")
    assert Decimal(page.locator("#card-received data").get_attribute("value") or 0) == 0
