"""The pages of the modules: every module by the same views, for every role."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops.accounts.actor import Actor
from deskops.accounts.models import Membership, Site
from deskops.database import transaction
from deskops.modules import MODULES
from deskops.records import service
from deskops.schema import counters
from deskops.web.forms import working_shift
from tests.clients import PageClient
from tests.samples import as_read, sample

Browse = Callable[..., PageClient]
Cast = Callable[[str], Actor]
NAMES = list(MODULES)


def typed(module: str, site: Site, **values: str) -> dict[str, str]:
    """A sample as a clerk's form sends it."""
    body = sample(module, site)
    texts = {key: "; ".join(value) if isinstance(value, list) else str(value) for key, value in body.items()}
    return {**texts, "clientKey": "one-form", **values}


def stored(module: str, site: Site, actor: Actor, **values: Any) -> Any:
    return service.create(MODULES[module], as_read(sample(module, site, **values)), actor).record


def rows_of(answer: TestResponse) -> int:
    return len(re.findall(r'<tr id="record-', answer.text))


@pytest.mark.parametrize("name", NAMES)
def test_every_module_has_its_page_its_fragment_and_its_form(
    browse: Browse, alpha: Site, cast: Cast, name: str
) -> None:
    stored(name, alpha, cast("ben"))
    ben = browse("ben")
    page, fragment, form = (
        ben.get(f"/{name}"),
        ben.get(f"/{name}", fragment=True),
        ben.get(f"/{name}/new", fragment=True),
    )
    assert (page.status_code, fragment.status_code, form.status_code) == (200, 200, 200)
    assert rows_of(page) == rows_of(fragment) == 1
    assert fragment.text.startswith('<section id="records-table"')
    assert form.text.startswith('<form id="records-form"')
    assert "HX-Request" in page.headers["Vary"]
    assert "HX-Request" in fragment.headers["Vary"]


@pytest.mark.parametrize("name", NAMES)
def test_a_form_makes_a_record_and_says_what_happened(browse: Browse, alpha: Site, name: str) -> None:
    ben = browse("ben")
    answer = ben.post(f"/{name}", typed(name, alpha), fragment=True)
    assert answer.status_code == 204, answer.text
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["records-changed"] is True
    assert told["record-saved"]["text"].startswith("Saved: ")
    assert rows_of(ben.get(f"/{name}")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_same_form_sent_again_makes_no_second_record(browse: Browse, alpha: Site, name: str) -> None:
    ben = browse("ben")
    answers = [ben.post(f"/{name}", typed(name, alpha), fragment=True).status_code for _ in range(3)]
    assert answers == [204, 204, 204]
    assert rows_of(ben.get(f"/{name}")) == 1


def test_a_form_sent_again_after_signing_in_anew_makes_no_second_record(browse: Browse, alpha: Site) -> None:
    for ben in (browse("ben"), browse("ben")):
        sent = typed("received", alpha) | {"csrf_token": ben.csrf}
        assert ben.post("/received", sent, fragment=True).status_code == 204
    assert rows_of(ben.get("/received")) == 1


def test_the_same_form_with_other_values_is_refused_in_plain_words(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    ben.post("/received", typed("received", alpha), fragment=True)
    answer = ben.post("/received", typed("received", alpha, quantity="99"), fragment=True)
    assert answer.status_code == 409
    assert "This form was saved before" in answer.text


def test_without_a_script_a_form_leads_back_to_the_table(browse: Browse, alpha: Site) -> None:
    answer = browse("ben").post("/received", typed("received", alpha))
    assert (answer.status_code, answer.location) == (303, "/received")


def test_a_refused_form_comes_back_whole_with_every_problem(browse: Browse, alpha: Site) -> None:
    sent = typed("received", alpha, quantity="heavy", trips="0", notes="<b>two</b> trips")
    answer = browse("ben").post("/received", sent, fragment=True)
    assert answer.status_code == 400
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'value="heavy"' in answer.text
    assert "&lt;b&gt;two&lt;/b&gt; trips" in answer.text
    assert 'value="one-form"' in answer.text
    assert re.search(r'id="field-quantity"[^>]*data-first', answer.text)


def test_a_refused_form_without_a_script_is_the_whole_page_with_the_form(browse: Browse, alpha: Site) -> None:
    answer = browse("ben").post("/received", typed("received", alpha, quantity=""))
    assert answer.status_code == 400
    assert 'id="records-form"' in answer.text
    assert 'id="records-table"' in answer.text


def test_a_taken_key_names_the_record_that_holds_it(browse: Browse, alpha: Site, cast: Cast) -> None:
    holder = stored("production", alpha, cast("ben"))
    answer = browse("ben").post("/production", typed("production", alpha), fragment=True)
    assert answer.status_code == 409
    assert f"/production/{holder.id}/edit" in answer.text


def test_a_comma_is_a_decimal_sign(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    ben.post("/received", typed("received", alpha, quantity="18,04"), fragment=True)
    assert "18.040" in ben.get("/received").text


def test_a_correction_carries_its_version_and_shows_what_somebody_else_stored(
    browse: Browse, alpha: Site, cast: Cast
) -> None:
    record = stored("received", alpha, cast("ben"))
    ann = browse("ann")
    url = f"/received/{record.id}/edit"
    first = typed("received", alpha, quantity="20", version="1")
    assert ann.post(url, first, fragment=True).status_code == 204
    late = ann.post(url, {**first, "quantity": "21"}, fragment=True)
    assert late.status_code == 412
    assert "Stored now: 20.000" in late.text
    assert 'value="21"' in late.text
    assert 'name="version" value="2"' in late.text
    assert ann.post(url, {**first, "quantity": "21", "version": "2"}, fragment=True).status_code == 204


def test_a_correction_without_a_version_is_refused(browse: Browse, alpha: Site, cast: Cast) -> None:
    record = stored("received", alpha, cast("ben"))
    answer = browse("ann").post(f"/received/{record.id}/edit", typed("received", alpha), fragment=True)
    assert answer.status_code == 400
    assert "This form has expired" in answer.text


def test_a_void_needs_a_reason(browse: Browse, alpha: Site, cast: Cast) -> None:
    record = stored("received", alpha, cast("ben"))
    ben = browse("ben")
    url = f"/received/{record.id}/void"
    assert ben.get(url, fragment=True).text.startswith('<form id="records-void"')
    assert ben.get(url).status_code == 200
    refused = ben.post(url, {"version": "1", "reason": "  "}, fragment=True)
    assert refused.status_code == 400
    assert 'aria-invalid="true"' in refused.text
    answer = ben.post(url, {"version": "1", "reason": "Typed twice"}, fragment=True)
    assert answer.status_code == 204
    assert rows_of(ben.get("/received")) == 0
    assert ben.get(url).status_code == 404


def test_each_sees_the_buttons_of_what_they_may(browse: Browse, alpha: Site, cast: Cast) -> None:
    record = stored("received", alpha, cast("ben"))
    correct = f'id="edit-{record.id}"'
    assert correct in browse("ben").get("/received").text
    assert correct in browse("ann").get("/received").text
    for nick in ("bob", "vera"):
        page = browse(nick).get("/received")
        assert rows_of(page) == 1
        assert correct not in page.text
    assert 'id="add"' not in browse("vera").get("/received").text


@pytest.mark.parametrize("nick", ["bob", "vera", "cleo"])
def test_what_one_may_not_is_refused_by_the_server_too(
    browse: Browse, alpha: Site, cast: Cast, nick: str
) -> None:
    record = stored("received", alpha, cast("ben"))
    somebody = browse(nick)
    url = f"/received/{record.id}"
    assert somebody.get(f"{url}/edit").status_code == 403
    assert somebody.post(f"{url}/edit", typed("received", alpha, version="1")).status_code == 403
    assert somebody.post(f"{url}/void", {"version": "1", "reason": "Mine now"}).status_code == 403
    assert rows_of(browse("ann").get("/received")) == 1


def test_cleo_sees_nothing_of_alpha(browse: Browse, alpha: Site, cast: Cast) -> None:
    stored("received", alpha, cast("ben"))
    cleo = browse("cleo")
    assert rows_of(cleo.get("/received")) == 0
    assert cleo.get("/received", siteId=alpha.code).status_code == 403
    assert cleo.get("/dashboard", siteId=alpha.code).status_code == 403
    assert cleo.post("/received", typed("received", alpha), fragment=True).status_code == 403


def test_a_refusal_for_a_script_is_a_notice_and_replaces_nothing_else(browse: Browse, alpha: Site) -> None:
    answer = browse("cleo").get("/received", fragment=True, siteId=alpha.code)
    assert answer.headers["HX-Retarget"] == "#shell-notice"
    assert answer.text.startswith('<div id="shell-notice"')


def test_the_totals_are_of_the_whole_list_and_the_pages_of_its_parts(
    browse: Browse, alpha: Site, cast: Cast
) -> None:
    for number in range(30):
        stored("received", alpha, cast("ben"), quantity=1 + number / 1000)
    ann = browse("ann")
    first, second = ann.get("/received"), ann.get("/received", page="2")
    assert (rows_of(first), rows_of(second)) == (25, 5)
    assert "1–25 of 30 records" in first.text
    assert "26–30 of 30 records" in second.text
    assert "30.435" in first.text
    assert "30.435" in second.text
    assert rows_of(ann.get("/received", pageSize="50")) == 30
    assert rows_of(ann.get("/received", page="9")) == 5


def test_filters_and_sorting_stand_in_the_address(browse: Browse, alpha: Site, cast: Cast) -> None:
    for material, tons in (("RAW-MIXED", 5), ("RAW-ASPHALT", 9), ("RAW-ASPHALT", 7)):
        stored("received", alpha, cast("ben"), materialId=material, quantity=tons)
    ann = browse("ann")
    page = ann.get("/received", materialType="RAW-ASPHALT", sortBy="quantity", sortOrder="asc")
    assert re.findall(r'data-key="quantity"[^>]*><span class="text">([\d.]+)', page.text) == [
        "7.000",
        "9.000",
    ]
    assert 'aria-sort="ascending"' in page.text
    assert '<option value="RAW-ASPHALT" selected>' in page.text
    assert rows_of(ann.get("/received", vehicleId="no such")) == 0


def test_an_old_address_with_a_sort_that_is_no_more_shows_the_list(
    browse: Browse, alpha: Site, cast: Cast
) -> None:
    stored("received", alpha, cast("ben"))
    page = browse("ann").get("/received", sortBy="materialId", sortOrder="asc")
    assert rows_of(page) == 1
    assert "materialId" not in re.findall(r"sortBy=(\w+)", page.text)


def test_the_filter_form_is_answered_with_a_clean_address(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    url = "/received?period=last30&status=&page=1&startDate=2020-01-01&endDate=2020-01-02"
    answer = ann.client.get(url, headers={"HX-Request": "true", "HX-Trigger": "view"})
    assert answer.headers["HX-Push-Url"] == "/received?period=last30"


def test_a_record_shows_without_a_reload_although_fragments_are_kept(
    browse: Browse, alpha: Site, cast: Cast
) -> None:
    ann = browse("ann")
    assert rows_of(ann.get("/received", fragment=True)) == 0
    stored("received", alpha, cast("ben"))
    assert rows_of(ann.get("/received", fragment=True)) == 1


def test_bad_days_are_told(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    backward = ann.get("/received", period="custom", startDate="2026-02-01", endDate="2026-01-01")
    assert backward.status_code == 400
    assert "End date must not be before start date" in backward.text
    assert (
        ann.get("/received", period="custom", startDate="nonsense", endDate="2026-01-01").status_code == 400
    )


@pytest.mark.parametrize(
    ("clock", "day", "shift"),
    [
        ("2026-03-10 00:30", "2026-03-09", "NIGHT"),
        ("2026-03-10 05:59", "2026-03-09", "NIGHT"),
        ("2026-03-10 06:00", "2026-03-10", "MORNING"),
        ("2026-03-10 14:00", "2026-03-10", "AFTERNOON"),
        ("2026-03-10 23:59", "2026-03-10", "NIGHT"),
    ],
)
def test_before_the_morning_the_form_offers_yesterdays_night(clock: str, day: str, shift: str) -> None:
    found = working_shift(datetime.fromisoformat(clock), "06:00 14:00 22:00")
    assert found == (date.fromisoformat(day), shift)


def test_periods_count_today_in(browse: Browse, alpha: Site, cast: Cast) -> None:
    today = alpha.today()
    for back in (0, 6, 7, 29, 30):
        day = (today - timedelta(days=back)).isoformat()
        stored("received", alpha, cast("ann"), date=day)
    ann = browse("ann")
    counts = {period: rows_of(ann.get("/received", period=period)) for period in ("today", "last7", "last30")}
    assert counts == {"today": 1, "last7": 2, "last30": 4}


def test_a_person_without_a_site_sees_empty_pages(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    with transaction():
        Membership.delete().execute()
        counters.take([counters.PEOPLE])
    assert ben.get("/dashboard").status_code == 200
    assert rows_of(ben.get("/received")) == 0
    assert ben.get("/received/new").status_code == 403


def test_a_text_is_shown_as_text_and_never_as_markup(browse: Browse, alpha: Site, cast: Cast) -> None:
    stored("received", alpha, cast("ben"), notes="<script>alert(1)</script>", source='"><img src=x>')
    page = browse("ann").get("/received").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


def test_an_address_that_names_no_record_is_not_found(browse: Browse) -> None:
    for name in ("%00", "x", "00000000-0000-7000-8000-000000000000"):
        assert browse("ann").get(f"/received/{name}/edit").status_code == 404
