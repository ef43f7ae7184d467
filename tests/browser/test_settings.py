"""The settings at a real browser: for every eye, by keyboard, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from deskops.accounts.actor import actor_for
from deskops.accounts.models import Site
from deskops.days.sites import save_site
from deskops.modules.calendar import calendar_json
from deskops.modules.numbers import NUMBERS, save_numbers
from tests.browser.conftest import Person, Yard
from tests.browser.test_pages import SIZES, THEMES
from tests.conftest import BETA, PASSWORD, user_of
from tests.services import chromium

Window = Callable[..., Person]
HERE = f"/settings?siteId={BETA}"


@pytest.fixture
def as_it_was(yard: Yard) -> Iterator[None]:
    """What a test sets is set back for the others."""
    ada, before = actor_for(user_of("ada")), Site.get(Site.code == BETA)
    yield
    save_site(calendar_json(before) | {"name": before.name}, ada, before)
    save_numbers(NUMBERS["crushers"], dict.fromkeys(("CRUSHER-01", "CRUSHER-02"), ""), ada)


def is_in_order(page: Page, what: str) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(350)
        assert chromium.accessibility_problems(page) == [], f"{what} at {width} px"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{what} at {width} px"


@pytest.mark.parametrize("theme", THEMES)
def test_an_administrators_settings_are_for_every_eye(person: Window, theme: str) -> None:
    somebody = person("ada", color_scheme=theme)
    for path in ("/settings", HERE):
        is_in_order(somebody.goes_to(path), f"{path}, {theme}")
    page = somebody.page
    page.locator("#settings-timezone").fill("Riyadh")
    page.locator("#number-EQ001").fill("fast")
    page.locator("#settings-site-save").click()
    expect(page.locator("#settings-timezone-problem")).to_be_visible()
    page.locator("#settings-crushers-save").click()
    expect(page.locator("#number-EQ001-problem")).to_have_text("Must be a number")
    expect(page.locator("#settings-timezone")).to_have_value("Riyadh")
    page.wait_for_timeout(350)
    assert chromium.accessibility_problems(page) == []
    assert somebody.surprises == []


def test_a_day_off_and_a_rating_are_set_by_keyboard(as_it_was: None, person: Window) -> None:
    page = person("ada").goes_to(HERE)
    page.get_by_label("Friday").focus()
    page.keyboard.press("Space")
    page.get_by_label("Allow and flag").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#settings-site-save").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("The settings of Beta Yard are saved")
    expect(page.locator("#settings-site-save")).to_be_focused()
    page.locator("#number-EQ001").fill("180")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("1 number is saved")
    page.reload()
    expect(page.get_by_label("Friday")).not_to_be_checked()
    expect(page.get_by_label("Warn and ask")).to_be_checked()
    expect(page.locator("#number-EQ001")).to_have_value("180")
    page.get_by_role("link", name="Days").click()
    expect(page.locator(".day-sum", has_text="day off")).to_have_count(1)


def test_the_links_of_other_pages_lead_to_the_site_in_view(person: Window) -> None:
    page = person("ada").goes_to("/days")
    page.locator("select[name=siteId]").select_option(BETA)
    page.wait_for_url(f"**siteId={BETA}*")
    page.get_by_role("link", name="Calendar").click()
    page.wait_for_url(f"**/settings?siteId={BETA}#calendar")
    expect(page.locator("#settings-name")).to_have_value("Beta Yard")
    page.locator("select[name=siteId]").select_option("ALPHA-01")
    page.wait_for_url("**/settings?siteId=ALPHA-01*")
    expect(page.locator("#settings-name")).to_have_value("Alpha Yard")


def test_what_was_typed_outlives_the_session(as_it_was: None, person: Window) -> None:
    page = person("ada").goes_to(HERE)
    page.locator("#settings-name").fill("Beta Quarry")
    page.context.clear_cookies()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog #signin-form")).to_be_visible()
    page.locator("#signin-email").fill("ada@yard.test")
    page.locator("#signin-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).not_to_be_visible()
    expect(page.locator("#settings-name")).to_have_value("Beta Quarry")
    page.locator("#settings-site-save").click()
    expect(page.locator("#told")).to_contain_text("The settings of Beta Quarry are saved")
