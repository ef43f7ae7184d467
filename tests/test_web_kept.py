"""The pages of what a manager keeps: the same as every record's, with buttons for managers alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops.accounts.models import Site
from deskops.modules import ADJUSTMENTS, FACTORS, KEPT, OPENINGS, PRODUCTION, RECEIVED, SURVEYS, TARGETS
from deskops.records import service
from deskops.records.module import Module
from deskops.web import KEPT_PLACES as PLACES
from tests.api_contract import Cast
from tests.clients import PageClient
from tests.samples import as_read, sample

Browse = Callable[..., PageClient]
every_place = pytest.mark.parametrize("module", PLACES, ids=lambda each: each.name)


def stored(module: Module, site: Site, cast: Cast, days_ago: int = 0, **values: Any) -> Any:
    day = site.today() - timedelta(days=days_ago)
    return service.create(module, as_read(sample(module.name, site, day, **values)), cast("ann")).record


def typed(module: Module, site: Site, **values: str) -> dict[str, str]:
    """A sample as a form sends it, by the names of its own inputs."""
    body = sample(module.name, site)
    body[module.schema.by_name["date"].key] = body.pop("date")
    return {key: str(value) for key, value in body.items()} | {"clientKey": "one-form", **values}


def rows_of(answer: TestResponse) -> list[str]:
    return re.findall(r'<tr id="record-([^"]+)"', answer.text)


def test_they_stand_beside_the_stock(browse: Browse, alpha: Site) -> None:
    vera = browse("vera")
    assert {module.name for module in PLACES} == KEPT.keys() - {"nils"}
    all_of_them = ["stock", "balance", *(module.name for module in PLACES)]
    for here in all_of_them:
        page = vera.get(f"/{here}", period="last30").text
        places = page.partition('<nav class="places"')[2].partition("</nav>")[0]
        assert re.findall(r'href="/(\w+)[^"]*" data-carries-scope aria-current="page"', places) == ["stock"]
        beside = page.partition('<nav id="stock-places"')[2].partition("</nav>")[0]
        assert re.findall(r'href="/(\w+)\?period=last30"', beside) == all_of_them
        assert re.findall(r'href="/(\w+)[^"]*" data-carries-scope aria-current="page"', beside) == [here]


@every_place
def test_a_manager_enters_corrects_and_voids(module: Module, browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    assert 'id="add"' in ann.get(f"/{module.name}").text
    assert ann.get(f"/{module.name}/new").status_code == 200
    saved = ann.post(f"/{module.name}", typed(module, alpha), fragment=True)
    assert saved.status_code == 204, saved.text
    page = ann.get(f"/{module.name}")
    (record_id,) = rows_of(page)
    assert f"/{module.name}/{record_id}/edit" in page.text
    text = "reason" if module is ADJUSTMENTS else "notes"
    again = typed(module, alpha, version="1", **{text: "measured again"})
    again.pop("siteId")
    corrected = ann.post(f"/{module.name}/{record_id}/edit", again, fragment=True)
    assert corrected.status_code == 204, corrected.text
    assert "measured again" in ann.get(f"/{module.name}").text
    gone = ann.post(
        f"/{module.name}/{record_id}/void", {"version": "2", "reason": "wrong pile"}, fragment=True
    )
    assert gone.status_code == 204, gone.text
    assert rows_of(ann.get(f"/{module.name}")) == []


@every_place
@pytest.mark.parametrize("nick", ["ben", "vera"])
def test_others_see_it_without_a_button(
    module: Module, nick: str, browse: Browse, alpha: Site, cast: Cast
) -> None:
    record = stored(module, alpha, cast)
    reader = browse(nick)
    page = reader.get(f"/{module.name}")
    assert rows_of(page) == [record.id]
    assert 'id="add"' not in page.text
    assert "/edit" not in page.text
    assert "/void" not in page.text
    assert reader.get(f"/{module.name}/new").status_code == 403
    assert reader.get(f"/{module.name}/{record.id}/edit").status_code == 403
    assert reader.post(f"/{module.name}", typed(module, alpha)).status_code == 403
    void = reader.post(f"/{module.name}/{record.id}/void", {"version": "1", "reason": "no"})
    assert void.status_code == 403


@every_place
def test_what_stays_is_listed_whole_and_what_happened_by_its_days(
    module: Module, browse: Browse, alpha: Site, cast: Cast
) -> None:
    record = stored(module, alpha, cast, 400)
    page = browse("ann").get(f"/{module.name}")
    by_days = module is ADJUSTMENTS
    assert rows_of(page) == ([] if by_days else [record.id])
    assert ('name="period"' in page.text) is by_days
    assert 'id="export-list"' not in page.text


@pytest.mark.parametrize(
    ("module", "has_totals"),
    [(OPENINGS, True), (ADJUSTMENTS, True), (SURVEYS, False), (TARGETS, False), (FACTORS, False)],
    ids=lambda each: getattr(each, "name", ""),
)
def test_only_what_adds_up_has_a_total(
    module: Module, has_totals: bool, browse: Browse, alpha: Site, cast: Cast
) -> None:
    stored(module, alpha, cast)
    assert ("<tfoot>" in browse("ann").get(f"/{module.name}").text) is has_totals


def marks(page: TestResponse) -> dict[str, str]:
    """{record: what its row says of its standing}"""
    rows = re.findall(r'<tr id="record-([^"]+)"(.*?)</tr>', page.text, re.DOTALL)
    found = {row_id: re.search(r'<span class="badge[^"]*">([^<]+)</span>', row) for row_id, row in rows}
    return {row_id: mark[1] if mark else "" for row_id, mark in found.items()}


def test_a_target_says_whether_it_is_in_force(browse: Browse, alpha: Site, cast: Cast) -> None:
    values: dict[str, Any] = {"productionTons": None, "utilizationPercent": None}
    old = stored(TARGETS, alpha, cast, 90, productionTons=900)
    partly = stored(TARGETS, alpha, cast, 60, **values, recyclingPercent=70)
    newest = stored(TARGETS, alpha, cast, 30)
    ahead = stored(TARGETS, alpha, cast, -10, productionTons=2_000)
    told = marks(browse("vera").get("/targets"))
    assert told == {ahead.id: "ahead", newest.id: "in force", partly.id: "in force", old.id: ""}


def test_a_load_weighs_what_the_row_in_force_says(browse: Browse, alpha: Site, cast: Cast) -> None:
    old = stored(FACTORS, alpha, cast, 90)
    newest = stored(FACTORS, alpha, cast, 30, tonsPerLoad=20)
    other = stored(FACTORS, alpha, cast, 90, materialId="AGG-3/4")
    assert marks(browse("vera").get("/factors")) == {
        newest.id: "in force",
        other.id: "in force",
        old.id: "",
    }


def test_the_feed_of_an_entry_is_voided_with_its_entry_which_the_page_says(
    browse: Browse, alpha: Site, cast: Cast
) -> None:
    feed = {"materialId": "RAW-MIXED", "quantity": 14.2}
    stored(PRODUCTION, alpha, cast, feed=feed)
    ann = browse("ann")
    page = ann.get("/adjustments")
    (record_id,) = rows_of(page)
    assert f"/adjustments/{record_id}/" not in page.text
    answer = ann.post(f"/adjustments/{record_id}/void", {"version": "1", "reason": "too much"}, fragment=True)
    assert answer.status_code == 400
    assert "This is the feed of a production entry: correct it there" in answer.text


def test_a_form_counts_in_loads_where_a_load_has_a_weight(browse: Browse, alpha: Site, cast: Cast) -> None:
    ben = browse("ben")
    assert 'name="uom"' not in ben.get("/received/new", fragment=True).text
    stored(FACTORS, alpha, cast, 5)
    form = ben.get("/received/new", fragment=True).text
    assert '<option value="TON" selected>' in form
    assert 'name="uom"' not in browse("ann").get("/adjustments/new", fragment=True).text
    load = typed(RECEIVED, alpha, materialId="RAW-MIXED", quantity="2", uom="LOAD")
    wrong = ben.post("/received", load | {"quantity": "2.5"}, fragment=True)
    assert wrong.status_code == 400
    assert '<option value="LOAD" selected>' in wrong.text
    assert ben.post("/received", load, fragment=True).status_code == 204
    assert "37.000" in ben.get("/received").text


@pytest.mark.parametrize(("module", "key"), [(TARGETS, "from"), (OPENINGS, "date")], ids=["from", "date"])
def test_a_new_form_begins_today(module: Module, key: str, browse: Browse, alpha: Site) -> None:
    form = browse("ann").get(f"/{module.name}/new", fragment=True).text
    assert f'value="{alpha.today().isoformat()}" id="field-{key}"' in form
