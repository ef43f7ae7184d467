"""A clerk's entry, by keyboard alone, on a manager's open board within two seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person

MOST_SECONDS = 2.0
Window = Callable[..., Person]


def tons_received(page: Page) -> float:
    return float(page.locator("#card-received data").get_attribute("value") or "0")


def focus_by_tab(page: Page, name: str) -> None:
    """Go on with Tab until the field of this name has the focus."""
    for _ in range(40):
        if page.evaluate("document.activeElement?.name") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {name}")


def enter_load(page: Page, tons: str, vehicle: str) -> None:
    """Type a load of concrete into the open form, with keys alone."""
    focus_by_tab(page, "vehicleId")
    page.keyboard.type(vehicle)
    focus_by_tab(page, "materialId")
    page.keyboard.type("CONCRETE DEBRIS")
    focus_by_tab(page, "quantity")
    page.keyboard.type(tons)
    page.keyboard.press("Enter")


def test_a_load_entered_by_keyboard_shows_in_the_table_and_on_another_persons_board(person: Window) -> None:
    manager = person("ann")
    board = manager.goes_to("/dashboard")
    before = tons_received(board)
    clerk = person("ben")
    page = clerk.goes_to("/received")
    page.keyboard.press("n")
    expect(page.locator("#records-form")).to_be_visible()
    enter_load(page, "18,25", "KEY-1204")
    expect(page.locator("#records-table tbody tr", has_text="KEY-1204")).to_contain_text("18.250")
    entered_at = time.monotonic()
    while tons_received(board) == before and time.monotonic() - entered_at < 2 * MOST_SECONDS:
        board.wait_for_timeout(20)
    assert time.monotonic() - entered_at < MOST_SECONDS
    assert tons_received(board) == pytest.approx(before + 18.25)
    assert clerk.surprises == manager.surprises == []


def test_after_saving_the_form_is_ready_for_the_next_load(person: Window) -> None:
    page = person("ben").goes_to("/received")
    page.keyboard.press("n")
    expect(page.locator("#field-vehicleId")).to_be_focused()
    day = page.locator("#field-date").input_value()
    for number, tons in enumerate(("11.5", "12.5", "13.5")):
        enter_load(page, tons, f"ROW-{number}")
        expect(page.locator("#records-table tbody tr", has_text=f"ROW-{number}")).to_have_count(1)
        expect(page.locator("#field-vehicleId")).to_be_focused()
        expect(page.locator("#field-quantity")).to_have_value("")
        assert page.locator("#field-date").input_value() == day
    expect(page.locator("#told")).to_contain_text("Saved")


def test_a_repeated_load_is_three_fields_and_enter(person: Window) -> None:
    """Nobody stops at fields that few entries need; they are one key away, and stay open while used."""
    page = person("ben").goes_to("/received/new")
    expect(page.locator("#field-vehicleId")).to_be_focused()
    for key in ("THREE-1", "Tab", "CONCRETE", "Tab", "٣٫٥", "Tab", "Old harbour", "Tab"):
        page.keyboard.press("Tab") if key == "Tab" else page.keyboard.type(key)
    expect(page.locator("#records-form summary")).to_be_focused()
    expect(page.locator("#field-notes")).not_to_be_visible()
    page.keyboard.press("Enter")
    page.locator("#field-notes").fill("weighed twice")
    page.locator("#field-vehicleId").press("Enter")
    row = page.locator("#records-table tbody tr", has_text="THREE-1")
    expect(row).to_contain_text("3.500")
    expect(row).to_contain_text("weighed twice")
    expect(page.locator("#field-notes")).to_be_visible()
    row.get_by_text("Correct").click()
    expect(page.locator("#records-form[data-entry=correction] #field-notes")).to_have_value("weighed twice")
    expect(page.locator("#field-notes")).to_be_visible()


def test_what_is_typed_while_the_last_load_is_being_saved_stays(person: Window) -> None:
    clerk = person("ben")
    page = clerk.goes_to("/received/new")
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 800, "downloadThroughput": -1, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", slow)
    for vehicle, tons, next_tons, saved in (
        ("SLOW-1", "20", "21", "20.000"),
        ("SLOW-2", "much", "22", "22.000"),
    ):
        page.locator("#field-vehicleId").fill(vehicle)
        page.locator("#field-materialId").select_option("RAW-MIXED")
        page.locator("#field-quantity").fill(tons)
        page.keyboard.press("Enter")
        page.locator("#field-quantity").fill(next_tons)
        if tons == "much":
            expect(page.locator("#field-quantity-problem")).to_be_visible()
            expect(page.locator("#field-quantity")).to_have_value("22")
            page.keyboard.press("Enter")
        expect(page.locator("#records-table tbody tr", has_text=vehicle)).to_contain_text(saved)
        if tons == "20":
            expect(page.locator("#field-vehicleId")).to_have_value("")
            expect(page.locator("#field-quantity")).to_have_value("21")
    assert clerk.surprises == []


def test_a_save_that_nobody_answers_is_said_and_can_be_sent_again(person: Window) -> None:
    page = person("ben").goes_to("/received/new")
    page.evaluate("htmx.config.timeout = 500")
    page.route("**/received", lambda route: None)
    page.locator("#field-vehicleId").fill("HANG-1")
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("20")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("Not sent")
    page.unroute_all(behavior="ignoreErrors")
    page.keyboard.press("Enter")
    expect(page.locator("#records-table tbody tr", has_text="HANG-1")).to_have_count(1)


def test_a_double_click_makes_one_record(person: Window) -> None:
    page = person("ben").goes_to("/received/new")
    page.locator("#field-vehicleId").fill("TWICE-1")
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("10")
    page.locator("#records-form button[type=submit]").dblclick()
    rows = page.locator("#records-table tbody tr", has_text="TWICE-1")
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)


def test_a_form_sent_twice_by_the_network_makes_one_record(person: Window) -> None:
    page = person("ben").goes_to("/received/new")
    page.locator("#field-vehicleId").fill("RESENT-1")
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("10")
    statuses = page.evaluate(
        """async () => {
            const form = document.getElementById("records-form");
            const sent = { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } };
            const send = () => fetch(form.action, sent);
            const answers = await Promise.all([send(), send(), send()]);
            return answers.map((answer) => answer.status);
        }"""
    )
    assert statuses == [204, 204, 204]
    page.goto(page.url.replace("/new", ""))
    expect(page.locator("#records-table tbody tr", has_text="RESENT-1")).to_have_count(1)


def test_a_refused_form_keeps_what_was_typed_and_shows_every_problem(person: Window) -> None:
    clerk = person("ben")
    page = clerk.goes_to("/received/new")
    page.locator("#field-vehicleId").fill("KEPT-1")
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("a lot")
    page.locator("#records-form summary").click()
    page.locator("#field-trips").fill("-2")
    page.locator("#field-notes").fill("two words")
    page.keyboard.press("Tab")
    page.locator("#records-form button[type=submit]").click()
    expect(page.locator("#field-quantity")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-quantity")).to_be_focused()
    expect(page.locator("#field-trips")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-quantity-problem")).to_contain_text("Must be a number")
    assert page.locator("#field-vehicleId").input_value() == "KEPT-1"
    assert page.locator("#field-quantity").input_value() == "a lot"
    assert page.locator("#field-notes").input_value() == "two words"
    assert clerk.surprises == []


def test_an_edit_conflict_shows_what_somebody_else_stored(person: Window) -> None:
    ben, ann = person("ben"), person("ann")
    mine = ben.goes_to("/received/new")
    mine.locator("#field-vehicleId").fill("BOTH-1")
    mine.locator("#field-materialId").select_option("RAW-MIXED")
    mine.locator("#field-quantity").fill("10")
    mine.keyboard.press("Enter")
    row = mine.locator("#records-table tbody tr", has_text="BOTH-1")
    row.get_by_text("Correct").click()
    expect(mine.locator("#records-form[data-entry=correction]")).to_be_visible()
    theirs = ann.goes_to("/received")
    theirs.locator("tbody tr", has_text="BOTH-1").get_by_text("Correct").click()
    theirs.locator("#field-quantity").fill("11")
    theirs.keyboard.press("Enter")
    expect(theirs.locator("tbody tr", has_text="BOTH-1")).to_contain_text("11.000")
    mine.locator("#field-quantity").fill("12")
    mine.keyboard.press("Enter")
    expect(mine.locator("#field-quantity-theirs")).to_contain_text("11.000")
    expect(mine.locator("#field-quantity")).to_be_focused()
    assert mine.locator("#field-quantity").input_value() == "12"
    mine.locator("#records-form button[type=submit]").click()
    expect(row).to_contain_text("12.000")
    expect(mine.locator("#records-form")).to_have_count(0)


def test_a_record_is_made_void_with_a_reason(person: Window) -> None:
    ben = person("ben")
    page = ben.goes_to("/received/new")
    page.locator("#field-vehicleId").fill("VOID-1")
    page.locator("#field-materialId").select_option("RAW-MIXED")
    page.locator("#field-quantity").fill("10")
    page.keyboard.press("Enter")
    row = page.locator("#records-table tbody tr", has_text="VOID-1")
    row.locator("a.grave").click()
    expect(page.locator("#void-reason")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row).to_have_count(1)
    page.keyboard.type("Typed twice")
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    expect(page.locator("#dialog")).not_to_be_visible()
    page.wait_for_function("document.activeElement !== document.body")
    page.wait_for_timeout(1200)
    assert page.evaluate("document.activeElement.matches('.actions a, .table-frame, #add')")
    assert ben.surprises == []
