"""Every page: nothing for axe-core to find, in both themes and at three sizes; an empty console; a lost connection."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Yard
from tests.conftest import PASSWORD
from tests.services import chromium

Window = Callable[..., Person]
PAGES = (
    "/dashboard",
    "/stock",
    "/stock?groupBy=material",
    "/dashboard?period=custom&startDate=2026-01-01&endDate=2026-01-31",
    "/days",
    "/days/2026-03-02?siteId=ALPHA-01",
    "/production",
    "/dispatch/new",
    "/received",
    "/equipment/new",
    "/manpower",
    "/openings",
    "/adjustments/new",
    "/targets/new",
    "/reviews",
    "/imports",
    "/exports?module=received",
    "/settings",
)
THEMES = ("light", "dark")
SIZES = ((360, 740), (1024, 768), (1920, 1080))


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_and_the_console_stays_empty(person: Window, theme: str) -> None:
    somebody = person("ann", color_scheme=theme)
    for path in PAGES:
        page = somebody.goes_to(path)
        assert page.locator("html").get_attribute("data-theme") == theme
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            # Colours and charts come to rest first: a half-painted text has no contrast.
            page.wait_for_timeout(350)
            assert chromium.accessibility_problems(page) == [], f"{path} at {width} px, {theme}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} at {width} px"
    assert somebody.complaints == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_sign_in_page_and_an_error_page_are_accessible(person: Window, theme: str) -> None:
    somebody = person(None, color_scheme=theme)
    for path in ("/signin", "/no-such-page"):
        page = somebody.goes_to(path)
        assert chromium.accessibility_problems(page) == []
    assert somebody.surprises == []


def test_a_refused_form_and_a_dialog_are_accessible(person: Window) -> None:
    somebody = person("ann")
    page = somebody.goes_to("/received/new")
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("nothing")
    page.locator("#field-vehicleId").fill("AXE-1")
    page.keyboard.press("Enter")
    expect(page.locator("#field-quantity-problem")).to_be_visible()
    page.wait_for_timeout(350)
    assert chromium.accessibility_problems(page) == []
    page.locator("#field-quantity").fill("7")
    page.keyboard.press("Enter")
    page.locator("tbody tr", has_text="AXE-1").get_by_text("Void").click()
    expect(page.locator("#void-reason")).to_be_focused()
    page.wait_for_timeout(350)
    assert chromium.accessibility_problems(page) == []


def test_the_theme_is_remembered(person: Window) -> None:
    page = person("ann", color_scheme="light").goes_to("/dashboard")
    page.locator("#theme").click()
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#theme")).to_have_attribute("aria-label", "Theme: dark")


def test_filters_change_the_table_and_the_address_without_a_reload(person: Window) -> None:
    somebody = person("ann")
    page = somebody.goes_to("/received/new")
    for material, tons in (("RAW-MIXED", "21"), ("RAW-ASPHALT", "22")):
        page.locator("#field-vehicleId").fill("FILTER-1")
        page.locator("#field-materialId").select_option(material)
        page.locator("#field-quantity").fill(tons)
        page.keyboard.press("Enter")
        expect(page.locator("#field-quantity")).to_have_value("")
    page.locator("#records-form [data-closes-entry]").first.click()
    page.evaluate("window.isSamePage = true")
    page.keyboard.press("/")
    page.locator("select[name=materialType]").select_option("RAW-ASPHALT")
    page.locator("input[name=vehicleId]").fill("filter")
    expect(page.locator("#records-table tbody tr")).to_have_count(1)
    expect(page.locator("tfoot .number").first).to_have_text("22.000")
    expect(page.locator(".count")).to_have_text("1–1 of 1 records")
    assert "materialType=RAW-ASPHALT" in page.url
    assert "vehicleId=filter" in page.url
    page.locator("#sort-quantity").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Quantity")
    page.locator("input[name=vehicleId]").fill("filter-")
    page.wait_for_url("**/received?*vehicleId=filter-&*")
    assert "sortBy=quantity" in page.url
    assert page.evaluate("window.isSamePage")
    page.go_back()
    # Going back loads the page of then anew; the next step back waits for it.
    page.wait_for_function("!window.isSamePage && document.readyState === 'complete'")
    page.go_back()
    page.wait_for_url(re.compile(r"^(?!.*sortBy).*$"))
    expect(page.locator("input[name=vehicleId]")).to_have_value("filter")
    assert somebody.complaints == []


def test_days_are_looked_for_when_both_are_whole_and_a_refusal_goes_with_its_cause(person: Window) -> None:
    somebody = person("ann")
    page = somebody.goes_to("/received?period=custom&startDate=2026-01-05&endDate=2026-01-31")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/received?" in request.url else None)
    for half in ("", "0002-01-31"):
        page.locator("#view [name=endDate]").fill(half)
        page.wait_for_timeout(500)
    assert asked == []
    page.locator("#view [name=endDate]").fill("2026-01-04")
    expect(page.locator("#shell-notice")).to_contain_text("must not be before")
    page.locator("#view [name=endDate]").fill("2026-01-06")
    page.wait_for_url("**endDate=2026-01-06*")
    expect(page.locator("#shell-notice")).to_be_empty()
    assert somebody.surprises == []


def test_what_a_page_looks_at_is_carried_to_the_next_one(person: Window) -> None:
    page = person("ada").goes_to("/dashboard")
    page.locator("select[name=siteId]").select_option("ALPHA-01")
    page.locator("select[name=period]").select_option("last30")
    page.wait_for_url("**/dashboard?*period=last30*")
    page.get_by_role("link", name="Dispatch", exact=True).click()
    page.wait_for_url("**/dispatch?*")
    assert page.locator("select[name=siteId]").input_value() == "ALPHA-01"
    assert page.locator("select[name=period]").input_value() == "last30"


def test_the_numbers_of_the_chart_stand_in_a_table_that_stays_open(person: Window) -> None:
    somebody = person("ben")
    page = somebody.goes_to("/dashboard")
    page.get_by_role("button", name="As a table Flow").click()
    expect(page.locator("#flow-numbers tbody tr")).to_have_count(7)
    page.evaluate("htmx.trigger(document.body, 'records-changed')")
    page.wait_for_timeout(500)
    expect(page.locator("#flow-numbers")).to_be_visible()
    assert somebody.complaints == []


def test_a_lost_connection_is_said_and_heals_by_itself(person: Window, yard: Yard) -> None:
    page = person("ann").goes_to("/dashboard")
    yard.stop()
    try:
        expect(page.locator("#connection")).to_contain_text(
            re.compile(r"Not connected since \d+:\d\d"), timeout=8000
        )
    finally:
        yard.start()
    expect(page.locator("#connection")).to_be_empty(timeout=10_000)


def test_a_session_that_ended_keeps_what_was_typed(person: Window) -> None:
    somebody = person("bob")
    page = somebody.goes_to("/received/new")
    fill_load(page, "AGAIN-1")
    page.context.clear_cookies()
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#dialog #signin-form")).to_be_visible()
    page.locator("#signin-email").fill("bob@yard.test")
    page.locator("#signin-password").fill("gravel and sand")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).not_to_be_visible()
    assert page.locator("#field-quantity").input_value() == "33"
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#records-table tbody tr", has_text="AGAIN-1")).to_have_count(1)


def test_a_hidden_tab_rests_and_looks_at_once_when_it_is_shown(person: Window) -> None:
    page = person("ann").goes_to("/dashboard")
    looks: list[float] = []
    page.on("request", lambda request: looks.append(time.monotonic()) if "/live" in request.url else None)
    page.wait_for_timeout(2500)
    assert len(looks) >= 2
    turn = """is => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => is });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(turn, True)
    page.wait_for_timeout(300)
    looks.clear()
    page.wait_for_timeout(2500)
    assert looks == []
    page.evaluate(turn, False)
    page.wait_for_timeout(300)
    assert len(looks) == 1


def fill_load(page: Page, vehicle: str) -> None:
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("33")
    page.locator("#field-vehicleId").fill(vehicle)


def test_after_signing_in_anew_elsewhere_a_form_is_sent_by_a_second_try(person: Window) -> None:
    somebody = person("bob")
    page = somebody.goes_to("/received/new")
    fill_load(page, "SECOND-1")
    other = page.context.new_page()
    page.context.clear_cookies()
    other.goto(f"{somebody.url}/signin")
    other.get_by_label("E-mail").fill("bob@yard.test")
    other.get_by_label("Password").fill(PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/dashboard*")
    page.bring_to_front()
    if page.locator("#signin-form").count():
        # The page had noticed before: it asks, and may be told that it is done already.
        page.keyboard.press("Escape")
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#shell-notice")).to_contain_text("send it again")
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#records-table tbody tr", has_text="SECOND-1")).to_have_count(1)


def test_what_could_not_be_sent_is_said_and_stays(person: Window) -> None:
    page = person("bob").goes_to("/received/new")
    fill_load(page, "OFFLINE-1")
    page.context.set_offline(True)
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#told")).to_contain_text("Not sent")
    assert page.locator("#field-quantity").input_value() == "33"
    page.context.set_offline(False)
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#records-table tbody tr", has_text="OFFLINE-1")).to_have_count(1)


def test_the_page_is_whole_in_a_script_written_from_right_to_left(person: Window) -> None:
    page = person("ann").goes_to("/received")
    page.evaluate("document.documentElement.dir = 'rtl'")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    brand = page.locator("a.brand").bounding_box()
    assert brand is not None
    assert brand["x"] > 960
