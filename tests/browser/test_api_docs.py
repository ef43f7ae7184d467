"""The reference of the API at a real browser: finding an operation by keyboard, opening, copying, printing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.browser.test_pages import SIZES, THEMES
from tests.services import chromium

Window = Callable[..., Person]


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_and_it_fits_every_screen(person: Window, theme: str) -> None:
    somebody = person("ann", color_scheme=theme)
    page = somebody.goes_to("/api/docs#createProduction")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(350)
        assert chromium.accessibility_problems(page) == [], f"{width} px, {theme}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert somebody.complaints == []


def test_an_operation_is_found_opened_and_its_command_copied_by_keyboard(person: Window) -> None:
    somebody = person("ann", permissions=["clipboard-read", "clipboard-write"])
    page = somebody.goes_to("/api/docs")
    page.keyboard.press("/")
    page.keyboard.type("correct /api/production")
    found = page.locator(".api-operation:visible")
    expect(found).to_have_attribute("id", "changeProduction")
    expect(page.locator("#api-found")).to_contain_text("1 of")
    expect(page.locator(".api-list [data-operation]:visible")).to_have_count(1)
    found.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#api-told")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl \\\n  -X PATCH")
    page.locator("#api-filter").press("Escape")
    expect(page.locator("#listReceived")).to_be_visible()
    assert somebody.complaints == []


def test_an_address_opens_the_operation_it_names(person: Window) -> None:
    page = person("ann").goes_to("/api/docs#createReceived")
    expect(page.locator("#createReceived")).to_have_attribute("open", "")
    expect(page.locator("#createReceived summary")).to_be_in_viewport()
    expect(page.locator("#listReceived")).not_to_have_attribute("open", "")


def test_on_paper_every_operation_is_open(person: Window) -> None:
    page = person("ann").goes_to("/api/docs")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".api-operation:not([open])")).to_have_count(0)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".api-operation[open]")).to_have_count(0)


def test_the_menu_of_every_page_leads_to_it(person: Window) -> None:
    page = person("vera").goes_to("/dashboard")
    page.locator("details.menu > summary").click()
    page.get_by_role("link", name="API for scripts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The API of DeskOps")
