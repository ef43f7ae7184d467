"""The page of the settings: a site's calendar and stock policy, and the numbers of the lists that all sites share."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Membership, Site
from deskops.audit.chain import broken_links
from deskops.errors import Forbidden, ValidationFailed
from deskops.modules.numbers import NUMBERS, save_numbers
from deskops.modules.reference import Equipment, Material
from deskops.schema import references
from tests.clients import PageClient
from tests.conftest import ALPHA, BETA, user_of

Browse = Callable[..., PageClient]
SETTINGS, SAVE = "/settings", f"/settings/site?siteId={ALPHA}"
CRUSHERS, LOADS = "/settings/crushers", "/settings/loads"
WEEK = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# The form as it stands before anybody changed a setting, but for what it was.
FORM: dict[str, Any] = {
    "name": "Alpha Yard",
    "location": "",
    "timezone": "Asia/Riyadh",
    "shiftStarts": ["06:00", "14:00", "22:00"],
    "workDays": WEEK,
    "reports": ["equipment", "manpower"],
    "stockPolicy": "ALLOW",
}


def was_in(text: str, form: str) -> str:
    """What a form says it was when it was opened."""
    found = re.search(rf'id="{form}".*?name="was" value="([^"]*)"', text, re.DOTALL)
    assert found, text
    return html.unescape(found[1])


def entries() -> list[tuple[str, str, str, dict[str, Any]]]:
    """The installation's audit entries of what was corrected: (actor, subject, id, changes)."""
    found = database.rows(
        "SELECT actor, subject, subject_id, changes FROM audit_entry "
        "WHERE scope = '' AND verb = 'CORRECTED' ORDER BY sequence"
    )
    return [(actor, subject, key, json.loads(changes)) for actor, subject, key, changes in found]


def told(answer: TestResponse) -> str:
    return str(json.loads(answer.headers["HX-Trigger"])["tell"]["text"])


def menu(page: str) -> list[str]:
    found = re.search(r'<div class="menu-box".*?</div>', page, re.DOTALL)
    assert found
    return re.findall(r">([^<>]+)</a>", found[0])


def test_the_settings_are_in_the_menu_of_whoever_keeps_a_site(browse: Browse) -> None:
    for nick in ("ann", "ada"):
        assert menu(browse(nick).get("/dashboard").text)[0] == "Settings"
    for nick in ("ben", "vera", "cleo"):
        somebody = browse(nick)
        assert "Settings" not in menu(somebody.get("/dashboard").text)
        assert somebody.get(SETTINGS).status_code == 403


def test_days_and_stock_lead_to_what_they_rest_on(browse: Browse) -> None:
    ann, ben = browse("ann"), browse("ben")
    for path, place in (("/days", "#calendar"), ("/stock", "#stock-policy")):
        assert f'href="/settings{place}"' in ann.get(path).text
        assert "/settings" not in ben.get(path).text


def test_a_manager_reads_the_settings_and_changes_none(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    text = ann.get(SETTINGS).text
    for shown in ("Sunday, Monday", "the day as a whole", "Allow and flag", "Jaw Crusher #1", "Asia/Riyadh"):
        assert shown in text
    assert not re.search(r'<form[^>]* action="/settings', text)
    for path in (SAVE, CRUSHERS):
        assert ann.post(path, {**FORM, "tons-CRUSHER-01": "1"}, fragment=True).status_code == 403
    assert entries() == []


def test_an_administrator_is_asked_which_site(browse: Browse, alpha: Site, beta: Site) -> None:
    ada = browse("ada")
    text = ada.get(SETTINGS).text
    assert f'href="/settings?siteId={ALPHA}"' in text
    assert 'id="settings-site"' not in text
    assert ada.post("/settings/site", FORM).status_code == 404
    assert 'value="Beta Yard"' in ada.get(SETTINGS, siteId=BETA).text
    chosen = ada.get(SETTINGS, fragment=True, siteId=BETA)
    assert chosen.text.startswith('<div id="settings-board"')


def test_of_several_sites_a_manager_sees_those_they_keep(browse: Browse, beta: Site) -> None:
    Membership.create(user=user_of("ann"), site=beta, role="VIEWER")
    text = browse("ann").get(SETTINGS, siteId=BETA).text
    assert 'aria-label="Settings of Alpha Yard"' in text
    assert "Beta Yard" not in text


def test_the_calendar_and_the_policy_are_saved_with_one_entry(browse: Browse, alpha: Site) -> None:
    ada = browse("ada")
    was = was_in(ada.get(SETTINGS, siteId=ALPHA).text, "settings-site")
    sent = FORM | {
        "was": was,
        "location": "Jeddah",
        "workDays": ["SUN", "MON", "TUE", "WED", "THU"],
        "workShifts": ["NIGHT", "MORNING"],
        "reports": ["manpower"],
        "stockPolicy": "BLOCK",
    }
    answer = ada.post(SAVE, sent, fragment=True)
    assert answer.status_code == 200
    assert told(answer) == "The settings of Alpha Yard are saved"
    site = Site.get_by_id(alpha.id)
    assert (site.work_days, site.work_shifts) == ("MON TUE WED THU SUN", "MORNING NIGHT")
    assert (site.reports, site.stock_policy) == ("production received dispatch manpower", "BLOCK")
    assert (site.name, site.location) == ("Alpha Yard", "Jeddah")
    [(actor, subject, key, changes)] = entries()
    assert (actor, subject, key) == (user_of("ada").id, "site", alpha.id)
    assert changes["stock_policy"] == ["ALLOW", "BLOCK"]
    assert sorted(changes) == ["location", "reports", "stock_policy", "work_days", "work_shifts"]
    assert broken_links("") == []
    again = ada.post(SAVE, sent | {"was": was_in(answer.text, "settings-site")}, fragment=True)
    assert told(again) == "Nothing was changed"
    assert len(entries()) == 1


def test_without_scripts_the_page_comes_back(browse: Browse, alpha: Site) -> None:
    ada = browse("ada")
    answer = ada.post(SAVE, FORM | {"name": "Alpha Quarry"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/settings?siteId={ALPHA}")
    assert 'value="Alpha Quarry"' in ada.get(answer.headers["Location"]).text
    refused = ada.post(SAVE, FORM | {"name": " "})
    assert refused.status_code == 400
    assert 'id="settings-name-problem"' in refused.text
    assert "<h1>Settings</h1>" in refused.text


def test_a_refused_form_keeps_what_was_typed_with_each_problem_beside_its_field(
    browse: Browse, alpha: Site
) -> None:
    sent = FORM | {
        "name": "Alpha Quarry",
        "timezone": "Riyadh",
        "shiftStarts": ["06:00", "05:00", "22:00"],
        "workDays": [],
        "workShifts": ["NIGHT"],
        "stockPolicy": "FORBID",
    }
    answer = browse("ada").post(SAVE, sent, fragment=True)
    assert answer.status_code == 400
    for key in ("timezone", "shiftStarts", "workDays", "stockPolicy"):
        assert f'id="settings-{key}-problem"' in answer.text
    assert 'id="settings-name-problem"' not in answer.text
    assert 'value="Alpha Quarry"' in answer.text
    assert 'value="05:00"' in answer.text
    assert 'name="workShifts" value="NIGHT" checked' in answer.text
    assert 'name="workDays" value="SUN" checked' not in answer.text
    assert (Site.get_by_id(alpha.id).name, entries()) == ("Alpha Yard", [])


def test_what_somebody_else_saved_meanwhile_stays(browse: Browse, alpha: Site) -> None:
    ada = browse("ada")
    was = was_in(ada.get(SETTINGS, siteId=ALPHA).text, "settings-site")
    ada.post(SAVE, FORM | {"was": was, "stockPolicy": "WARN"}, fragment=True)
    ada.post(SAVE, FORM | {"was": was, "location": "Asfan"}, fragment=True)
    site = Site.get_by_id(alpha.id)
    assert (site.stock_policy, site.location) == ("WARN", "Asfan")


@pytest.mark.parametrize("was", ["", "[]", "no JSON"])
def test_a_form_that_does_not_say_what_it_was_is_saved_whole(browse: Browse, alpha: Site, was: str) -> None:
    assert browse("ada").post(SAVE, FORM | {"was": was, "name": "Quarry"}, fragment=True).status_code == 200
    assert Site.get_by_id(alpha.id).name == "Quarry"
    assert [list(changes) for *_, changes in entries()] == [["name"]]


def test_the_crushers_get_their_rated_tons(browse: Browse) -> None:
    ada = browse("ada")
    text = ada.get(SETTINGS, siteId=ALPHA).text
    assert "tons-CRUSHER-01" in text
    assert "tons-LOADER-01" not in text
    sent = {"was": was_in(text, "settings-crushers"), "tons-CRUSHER-01": "1,250.5", "tons-CRUSHER-02": "١٨٠"}
    answer = ada.post(CRUSHERS, sent, fragment=True)
    assert told(answer) == "2 numbers are saved"
    rated = {row.code: row.rated_tons_per_hour for row in references.every(Equipment)}
    assert (rated["CRUSHER-01"], rated["CRUSHER-02"]) == (Decimal("1250.5"), Decimal(180))
    assert [changes for *_, changes in entries()] == [
        {"rated_tons_per_hour": [None, "1250.500"]},
        {"rated_tons_per_hour": [None, "180.000"]},
    ]
    assert 'value="1250.5"' in answer.text
    emptied = {
        "was": was_in(answer.text, "settings-crushers"),
        "tons-CRUSHER-01": "",
        "tons-CRUSHER-02": "180",
    }
    assert told(ada.post(CRUSHERS, emptied, fragment=True)) == "1 number is saved"
    assert Equipment.get(Equipment.code == "CRUSHER-01").rated_tons_per_hour is None
    assert broken_links("") == []


def test_a_material_gets_its_own_tons_per_load(browse: Browse) -> None:
    ada = browse("ada")
    answer = ada.post(LOADS, {"tons-AGG-3/4": "15,125"})
    assert (answer.status_code, answer.headers["Location"]) == (303, SETTINGS)
    assert Material.get(Material.code == "AGG-3/4").tons_per_load == Decimal("15.125")
    assert ada.post("/settings/nothing", {}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("0", "Must be more than 0"),
        ("-3", "Must be more than 0"),
        ("9999.001", "Must be at most 9999"),
        ("1.0001", "At most 3 decimals"),
        ("fast", "Must be a number"),
    ],
)
def test_a_number_that_is_none_is_refused_beside_its_row(browse: Browse, typed: str, problem: str) -> None:
    sent = {"tons-CRUSHER-01": typed, "tons-CRUSHER-02": "180"}
    answer = browse("ada").post(CRUSHERS, sent, fragment=True)
    assert answer.status_code == 400
    assert re.search(rf'id="number-EQ001-problem">{problem}<', answer.text)
    assert f'value="{typed}"' in answer.text
    assert 'value="180"' in answer.text
    assert Equipment.get(Equipment.code == "CRUSHER-02").rated_tons_per_hour is None


def test_only_an_administrator_sets_a_number_and_only_of_its_rows(cast: Callable[[str], Actor]) -> None:
    rated = NUMBERS["crushers"]
    with pytest.raises(Forbidden):
        save_numbers(rated, {"CRUSHER-01": "100"}, cast("ann"))
    with pytest.raises(ValidationFailed):
        save_numbers(NUMBERS["loads"], {"AGG-3/4": "1000.001"}, cast("ada"))
    assert save_numbers(rated, {"LOADER-01": "100", "nobody": "1"}, cast("ada")) == 0
    assert save_numbers(rated, {"CRUSHER-01": "9999"}, cast("ada")) == 1
    assert save_numbers(rated, {"CRUSHER-01": "9 999.0"}, cast("ada")) == 0
    assert len(entries()) == 1
