"""Reads that are asked for again: 304 as long as nothing they show has changed, and never a moment longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from deskops import database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Membership, Site, Token, User
from deskops.api import SECTIONS, conditional
from deskops.face.changes import state_of
from deskops.modules import MODULES, RECEIVED
from deskops.modules.reference import Material
from deskops.records import service
from deskops.schema import counters, references
from tests.api_contract import LIMIT_HEADERS, Api, Cast, always, data, enter, every_module, path, refused
from tests.clients import ApiClient, PageClient
from tests.reference import KEPT_AT
from tests.samples import as_read, sample

TAGGED = sorted(
    operation.rule for section in SECTIONS for operation in section.operations if operation.tagged
)
every_read = pytest.mark.parametrize("rule", TAGGED)


def asked(rule: str, site: Site) -> str:
    """The address of a read of this site."""
    days = "&".join(f"{name}={value}" for name, value in always(site).items())
    if rule.startswith(("/charts/", "/balance")) or rule.removeprefix("/") in (*MODULES, "inventory", "days"):
        return f"/api{rule}?siteId={site.code}&{days}"
    if rule.removeprefix("/") in KEPT_AT:
        return f"/api{rule}?siteId={site.code}"
    if rule in ("/sites", "/auth/session") or "<" in rule or not rule.startswith(("/metrics", "/dashboard")):
        return f"/api{rule.replace('<site_id>', site.code)}"
    return f"/api{rule}?siteId={site.code}"


def read(script: ApiClient, address: str) -> TestResponse:
    return script.open("GET", address)


def again(script: ApiClient, address: str, tag: str, **headers: str) -> TestResponse:
    return script.open("GET", address, headers={"If-None-Match": tag, **headers})


def tag_of(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Accept", "Authorization", "Cookie"} <= answer.vary.as_set(preserve_casing=True)
    return answer.headers["ETag"]


def is_unchanged(answer: TestResponse) -> bool:
    if answer.status_code == 200:
        return False
    assert (answer.status_code, answer.data) == (304, b"")
    assert all(answer.headers[name].isdigit() for name in LIMIT_HEADERS)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Content-Type" not in answer.headers
    return bool(answer.headers["ETag"])


def test_the_reads_that_are_tagged() -> None:
    expected = {f"/{name}" for name in (*MODULES, *KEPT_AT)} | {"/sites", "/sites/<site_id>", "/auth/session"}
    assert expected <= set(TAGGED)
    assert {"/metrics/production-today", "/charts/flow-trend", "/inventory", "/days"} <= set(TAGGED)
    assert not [rule for rule in TAGGED if "export" in rule or "record_id" in rule]


@every_read
def test_nothing_new_is_told_in_a_304(rule: str, api: Api, alpha: Site) -> None:
    ben, address = api("ben"), asked(rule, alpha)
    tag = tag_of(read(ben, address))
    assert tag.startswith('W/"')
    answer = again(ben, address, tag)
    assert is_unchanged(answer)
    assert answer.headers["ETag"] == tag
    assert is_unchanged(again(ben, address, f'"other", {tag}'))
    assert is_unchanged(again(ben, address, tag.removeprefix("W/")))
    assert is_unchanged(again(ben, address, "*"))
    for other in ('W/"other"', '""', "other", ","):
        assert not is_unchanged(again(ben, address, other))


@every_read
def test_a_304_reads_nothing_but_who_asks_and_the_counters(
    rule: str, api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, address = api("ben"), asked(rule, alpha)
    tag = tag_of(read(ben, address))
    seen: list[str] = []
    run = database.database.obj.execute_sql

    def note(sql: str, *rest: Any, **named: Any) -> Any:
        seen.append(sql)
        return run(sql, *rest, **named)

    monkeypatch.setattr(database.database.obj, "execute_sql", note)
    assert is_unchanged(again(ben, address, tag))
    assert [sql for sql in seen if "change_counter" in sql] == ["SELECT scope, value FROM change_counter"]
    assert all(any(name in sql for name in ("token", "membership", "change_counter")) for sql in seen), seen


# No change here makes a token, which would count by itself.
def enter_a_record(alpha: Site) -> None:
    service.create(RECEIVED, as_read(sample("received", alpha)), SYSTEM)


def rename_the_site(alpha: Site) -> None:
    people.save_site({"name": "Alpha Quarry"}, SYSTEM, alpha)


def add_a_site(_: Site) -> None:
    people.save_site({"code": "GAMMA-03", "name": "Gamma Yard"}, SYSTEM)


def rename_a_material(_: Site) -> None:
    with database.transaction():
        Material.update(name="Sea sand").where(Material.code == "FINE-WASHED").execute()
        references.changed()


def add_a_person(alpha: Site) -> None:
    words = "gravel and sand"
    people.add_user("new@yard.test", "New", words, role="VIEWER", sites=[alpha], is_admin=False, actor=SYSTEM)


CHANGES = (enter_a_record, rename_the_site, add_a_site, rename_a_material, add_a_person)


@every_read
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_change_is_told(rule: str, change: Callable[[Site], None], api: Api, alpha: Site) -> None:
    ben, address = api("ben"), asked(rule, alpha)
    tag = tag_of(read(ben, address))
    change(alpha)
    answer = again(ben, address, tag)
    assert not is_unchanged(answer)
    assert is_unchanged(again(ben, address, tag_of(answer)))


@every_module
def test_a_void_and_a_correction_are_told_where_they_show(
    module: Any, api: Api, alpha: Site, cast: Cast
) -> None:
    ben, ann = api("ben"), cast("ann")
    record = enter(ben, module, alpha)
    reads = [asked(f"/{module.name}", alpha), f"/api/sites/{alpha.code}", path(module, record)]
    tags = [tag_of(read(ben, address)) for address in reads]
    service.correct(module, record["id"], {"notes": "weighed again"}, ann)
    for address, tag in zip(reads, tags, strict=True):
        assert not is_unchanged(again(ben, address, tag))
    tags = [tag_of(read(ben, address)) for address in reads[:2]]
    service.void(module, record["id"], ann, reason=None)
    for address, tag in zip(reads[:2], tags, strict=True):
        assert not is_unchanged(again(ben, address, tag))
    refused(again(ben, reads[2], '"2"'), 404, "NOT_FOUND")


def test_another_sites_records_change_nothing_here(api: Api, alpha: Site, beta: Site, cast: Cast) -> None:
    ben = api("ben")
    reads = [asked(rule, alpha) for rule in TAGGED]
    tags = [tag_of(read(ben, address)) for address in reads]
    service.create(RECEIVED, as_read(sample("received", beta)), cast("cleo"))
    assert all(is_unchanged(again(ben, *each)) for each in zip(reads, tags, strict=True))


def test_every_site_in_view_counts(api: Api, alpha: Site, beta: Site, cast: Cast) -> None:
    ada = api("ada")
    days = "&".join(f"{name}={value}" for name, value in always(alpha).items())
    sites = ("", f"&siteId={alpha.id}&siteId={beta.code}", f"&siteIds={alpha.code},%20{beta.id}")
    for named in sites:
        address = f"/api/received?{days}{named}"
        tag = tag_of(read(ada, address))
        service.create(RECEIVED, as_read(sample("received", beta)), cast("cleo"))
        assert not is_unchanged(again(ada, address, tag)), named


def test_a_tag_is_of_one_person_one_token_one_address_and_one_form(
    api: Api, browse: Callable[[str], PageClient], alpha: Site
) -> None:
    ben, address = api("ben"), asked("/received", alpha)
    clients = [ben, api("ben"), api("vera"), api("ada")]
    # Every new token counts: the tags are taken once all are there.
    tag = tag_of(read(ben, address))
    assert not any(is_unchanged(again(other, address, tag)) for other in clients[1:])
    assert not is_unchanged(again(ben, f"{address}&page=2", tag))
    assert not is_unchanged(again(ben, asked("/dispatch", alpha), tag))
    assert not is_unchanged(again(ben, address, tag, Accept="application/json"))
    page = browse("ben")
    answer = page.client.get(address)
    own = tag_of(answer)
    assert own != tag
    assert page.client.get(address, headers={"If-None-Match": own}).status_code == 304


@pytest.mark.parametrize("form", ["text/csv", "application/x-ndjson"])
def test_a_whole_list_is_sent_again_only_where_it_changed(form: str, api: Api, alpha: Site) -> None:
    ben, address = api("ben"), asked("/received", alpha)
    enter(ben, RECEIVED, alpha)
    page = tag_of(read(ben, address))
    whole = ben.open("GET", address, headers={"Accept": form})
    assert whole.mimetype == form
    tag = tag_of(whole)
    assert is_unchanged(again(ben, address, tag, Accept=form))
    assert not is_unchanged(again(ben, address, page, Accept=form))
    assert not is_unchanged(again(ben, address, tag))
    enter(ben, RECEIVED, alpha)
    answer = again(ben, address, tag, Accept=form)
    assert not is_unchanged(answer)
    assert len(answer.text.splitlines()) == (3 if form == "text/csv" else 2)


def test_the_end_of_a_sites_day_is_told(api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = api("ben")
    reads = [asked(rule, alpha) for rule in TAGGED]
    tags = [tag_of(read(ben, address)) for address in reads]
    tomorrow = alpha.today() + timedelta(days=1)
    monkeypatch.setattr(Site, "today", lambda _: tomorrow)
    assert not any(is_unchanged(again(ben, *each)) for each in zip(reads, tags, strict=True))


def test_the_end_of_one_days_among_many_is_told(
    alpha: Site, beta: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another site is on either side of its midnight already."""
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    days = {alpha.id: first, beta.id: second, "gamma": first}
    monkeypatch.setattr(Site, "today", lambda site: days[site.id])
    sites = [alpha, beta, Site(id="gamma")]
    before = state_of(sites)
    days[alpha.id] = second
    assert state_of(sites) != before


def test_a_new_version_of_the_program_answers_anew(
    api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, address = api("ben"), asked("/received", alpha)
    tag = tag_of(read(ben, address))
    monkeypatch.setattr(conditional, "__version__", "999")
    assert not is_unchanged(again(ben, address, tag))


def test_who_may_no_longer_read_gets_no_304(api: Api, alpha: Site, cast: Cast) -> None:
    ben, address = api("ben"), asked("/received", alpha)
    tag = tag_of(read(ben, address))
    with database.transaction():
        Membership.delete().where(Membership.user == cast("ben").user_id).execute()
        counters.take([counters.PEOPLE])
    refused(again(ben, address, tag), 403, "FORBIDDEN")
    refused(again(ben, address, "*"), 403, "FORBIDDEN")
    people.revoke_token(Token.get(Token.user == User.get(User.email == "ben@yard.test")), SYSTEM)
    refused(again(ben, address, tag), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("tag", ["*", '"1"', 'W/"1"'])
def test_a_wrong_question_is_answered_as_such_whatever_the_caller_has(
    tag: str, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    refused(again(ben, "/api/received", tag), 400, "MISSING_REQUIRED_PARAM")
    refused(again(ben, f"{asked('/received', alpha)}&colour=red", tag), 400, "VALIDATION_ERROR")
    refused(again(ben, "/api/sites/NOWHERE", tag), 404, "NOT_FOUND")
    refused(again(ben, "/api/colours", tag), 404, "NOT_FOUND")
    refused(again(api(None), "/api/sites", tag), 401, "UNAUTHORIZED")


@every_module
def test_a_record_answers_304_by_its_version(module: Any, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, module, alpha)
    address = path(module, record)
    first = tag_of(read(ben, address))
    for tag in (first, f"W/{first}", f'"7", {first}', "*"):
        answer = again(ben, address, tag)
        assert is_unchanged(answer)
        assert answer.headers["ETag"] == first
    for tag in ('"2"', '"11"', "garbage", ""):
        assert not is_unchanged(again(ben, address, tag))
    corrected = ben.patch(address, {"notes": "weighed again"})
    data(corrected)
    assert not is_unchanged(again(ben, address, first))
    assert is_unchanged(again(ben, address, corrected.headers["ETag"]))
    refused(again(api("cleo"), address, corrected.headers["ETag"]), 403, "FORBIDDEN")
    ben.delete(address)
    refused(again(ben, address, "*"), 404, "NOT_FOUND")
    assert is_unchanged(again(ben, f"{address}?includeVoid=true", first.replace("1-", "3-", 1)))


def test_a_record_is_new_where_its_site_has_another_name(api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    address = path(RECEIVED, record)
    before = tag_of(read(ben, address))
    data(api("ada").patch(f"/api/sites/{alpha.id}", {"name": "Alpha of old"}))
    answer = again(ben, address, before)
    assert data(answer)["site"]["name"] == "Alpha of old"
    # The record is the same: what was read before may still be corrected.
    data(ben.patch(address, {"notes": "seen"}, If_Match=before))


@pytest.mark.parametrize("tag", ["", ",", "garbage", '"1', 'w/"2"', '"2", "3"', '"-1"'])
def test_an_if_match_that_does_not_name_the_version_changes_nothing(tag: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    refused(ben.patch(path(RECEIVED, record), {"notes": "mine"}, If_Match=tag), 412, "EDIT_CONFLICT")
    stale = ben.open("DELETE", path(RECEIVED, record), headers={"If-Match": tag})
    assert refused(stale, 412, "EDIT_CONFLICT")["current"] == record
    assert data(read(ben, path(RECEIVED, record))) == record


@pytest.mark.parametrize("tag", ["*", '"1"'])
def test_if_match_of_a_record_that_is_not_there_is_not_found(tag: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, RECEIVED, alpha)
    address = path(RECEIVED, record)
    assert ben.open("DELETE", address, headers={"If-Match": tag}).status_code == 204
    refused(ben.patch(address, {"notes": "mine"}, If_Match=tag), 404, "NOT_FOUND")
    refused(ben.open("DELETE", address, headers={"If-Match": tag}), 404, "NOT_FOUND")


@contextmanager
def in_another_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is written inside, this process hears nothing of: it keeps what it knew of lists and counters."""
    with monkeypatch.context() as patched:
        patched.setattr(counters, "forget", lambda: None)
        yield


def test_what_another_process_wrote_is_read_at_once(
    api: Api, alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3_600)
    ada, address = api("ada"), asked("/received", alpha)
    tag, sites = tag_of(read(ada, address)), tag_of(read(ada, "/api/sites"))
    with in_another_process(monkeypatch):
        service.create(RECEIVED, as_read(sample("received", alpha)), cast("ann"))
        made = people.save_site({"code": "GAMMA-03", "name": "Gamma Yard"}, cast("ada"))
    answer = again(ada, address, tag)
    assert not is_unchanged(answer)
    assert len(data(answer)) == 1
    assert made.code in [site["code"] for site in data(again(ada, "/api/sites", sites))]
    assert data(read(ada, f"/api/sites/{made.code}"))["name"] == "Gamma Yard"
    data(ada.post("/api/received", sample("received", made), Idempotency_Key="1"), 201)


def test_a_look_at_the_counters_that_began_before_a_write_is_not_taken_for_a_later_one(
    app: Flask, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters.refresh()
    before = counters.recent().get(alpha.id, 0)
    slow = counters.rows

    def write_meanwhile(sql: str) -> Any:
        found = slow(sql)
        with database.transaction():
            database.execute("UPDATE change_counter SET value = value + 1 WHERE scope = ?", (alpha.id,))
        return found

    with database.transaction():
        counters.take([alpha.id])
    with monkeypatch.context() as patched:
        patched.setattr(counters, "rows", write_meanwhile)
        counters.refresh()
    assert counters.recent()[alpha.id] == before + 1
    counters.refresh()
    assert counters.recent()[alpha.id] == before + 2
