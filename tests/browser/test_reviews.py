"""A doubtful load by keyboard alone, what a past day will move, and a review that Ann clears and Ben cannot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from deskops import database
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site
from deskops.modules import NILS, OPENINGS
from deskops.records import service
from tests.browser.conftest import Person, Yard
from tests.conftest import ALPHA
from tests.services import chromium

Window = Callable[..., Person]


def type_into(page: Page, name: str, text: str) -> None:
    """Go on with Tab until the field of this name has the focus, then type."""
    for _ in range(40):
        if page.evaluate("document.activeElement?.name") == name:
            page.keyboard.type(text)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {name}")


def enter_heavy_load(page: Page, vehicle: str) -> None:
    page.keyboard.press("n")
    expect(page.locator("#records-form")).to_be_visible()
    type_into(page, "vehicleId", vehicle)
    type_into(page, "materialId", "CONCRETE DEBRIS")
    type_into(page, "quantity", "184")
    page.keyboard.press("Enter")
    expect(page.locator(".asked")).to_contain_text("More than 60 t a trip")


def test_what_is_doubtful_is_asked_about_once_and_kept_by_keyboard(person: Window) -> None:
    ben = person("ben")
    page = ben.goes_to("/received")
    enter_heavy_load(page, "KEPT-184")
    expect(page.locator("#keep-reason")).to_be_focused()
    expect(page.locator("#records-table tbody tr", has_text="KEPT-184")).to_have_count(0)
    page.keyboard.type("Two trailers")
    page.keyboard.press("Enter")
    row = page.locator("#records-table tbody tr", has_text="KEPT-184")
    expect(row).to_contain_text("Pending")
    expect(page.locator("#told")).to_contain_text("It waits for review")
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator("#field-vehicleId, #field-time").first).to_have_value("")
    assert ben.surprises == []


def test_a_digit_that_slipped_is_mended_in_the_form_that_asked(person: Window) -> None:
    ben = person("ben")
    page = ben.goes_to("/received")
    enter_heavy_load(page, "MENDED-184")
    page.locator("#field-quantity").focus()
    page.locator("#field-quantity").fill("18.4")
    page.keyboard.press("Enter")
    expect(page.locator("#records-table tbody tr", has_text="MENDED-184")).to_contain_text("18.400")
    expect(page.locator("#records-table tbody tr", has_text="MENDED-184")).to_contain_text("Active")
    expect(page.locator("#records-form .form-foot [type=submit]")).not_to_have_class("quiet")
    assert ben.surprises == []


def test_the_question_is_accessible(person: Window) -> None:
    page = person("ben").goes_to("/received")
    enter_heavy_load(page, "ASKED-184")
    page.wait_for_timeout(350)
    assert chromium.accessibility_problems(page) == []


def test_ann_clears_a_review_and_ben_cannot(person: Window) -> None:
    ben, ann = person("ben"), person("ann")
    mine = ben.goes_to("/received")
    enter_heavy_load(mine, "CLEAR-184")
    mine.keyboard.type("Cleared tomorrow")
    mine.keyboard.press("Enter")
    expect(mine.locator("#records-table tbody tr", has_text="CLEAR-184")).to_have_count(1)
    listed = ben.goes_to("/reviews").locator(".review", has_text="Cleared tomorrow")
    expect(listed).to_contain_text("Somebody else clears it")
    expect(listed.get_by_role("button")).to_have_count(0)
    page = ann.goes_to("/reviews")
    assert chromium.accessibility_problems(page) == []
    box = page.locator(".review", has_text="Cleared tomorrow")
    box.locator("input[name=remark]").focus()
    page.keyboard.type("Saw both slips")
    page.keyboard.press("Enter")
    expect(box).to_have_count(0)
    expect(page.locator("#told")).to_contain_text("Cleared")
    page.wait_for_function("document.activeElement !== document.body")
    expect(listed).to_have_count(0)
    assert ben.surprises == ann.surprises == []


@pytest.fixture
def past_days(yard: Yard) -> None:
    """A ledger of bedding sand since nine days ago, whole from then to five days ago."""
    database.open_connection()
    site = Site.get(Site.code == ALPHA)
    day = site.today() - timedelta(days=9)
    body = {"siteId": ALPHA, "date": day.isoformat(), "materialId": "SPEC-BEDDING", "quantity": 100}
    service.create(OPENINGS, body, SYSTEM)
    for offset in range(5):
        for name in ("production", "received", "dispatch"):
            nil = {"siteId": ALPHA, "date": (day + timedelta(days=offset)).isoformat(), "module": name}
            service.create(NILS, nil, SYSTEM)


@pytest.mark.usefixtures("past_days")
def test_the_form_says_what_a_past_day_will_move(person: Window) -> None:
    site = Site.get(Site.code == ALPHA)
    ben = person("ben")
    page = ben.goes_to(f"/dispatch/new?date={(site.today() - timedelta(days=8)).isoformat()}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/effect" in request.url else None)
    page.locator("#field-materialId").select_option("SPEC-BEDDING")
    page.locator("#field-vehicleId").fill("PAST-1")
    page.locator("#field-quantity").fill("12.5")
    effect = page.locator("#records-effect")
    expect(effect).to_contain_text("3 later days, closing of BEDDING SAND today \u221212.500 t")
    page.locator("#field-quantity").fill("2.5")
    expect(effect).to_contain_text("\u22122.500 t")
    assert not [url for url in asked if "PAST-1" in url or "csrf" in url]
    count = len(asked)
    page.locator("#field-date").fill(site.today().isoformat())
    expect(effect).to_be_empty()
    page.wait_for_timeout(500)
    assert len(asked) == count
    page.locator("#field-date").fill((site.today() - timedelta(days=8)).isoformat())
    expect(effect).to_contain_text("\u22122.500 t")
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#told")).to_contain_text("Saved")
    assert ben.surprises == []
