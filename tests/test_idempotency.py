"""What is sent twice with one key is stored once, and answered the same to the byte."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deskops import database
from deskops.accounts.models import Site
from deskops.config import Settings
from deskops.exports.models import ExportJob
from deskops.modules import PRODUCTION, RECEIVED
from deskops.records import idempotency, service, totals
from deskops.records.idempotency import KeptAnswer
from deskops.records.module import Module
from tests.api_contract import Api, Cast, bad_fields, data, enter, every_module, path, refused
from tests.clients import ApiClient, PageClient
from tests.samples import sample
from tests.test_concurrency import all_at_once
from tests.test_web_records import typed

KEPT = ("Content-Type", "Location", "ETag", "Cache-Control")
Request = tuple[str, dict[str, Any]]


def send(script: ApiClient, asked: Request, key: str) -> TestResponse:
    return script.post(*asked, Idempotency_Key=key)


def same(first: TestResponse, again: TestResponse) -> bool:
    """Whether the second is the first, told apart by its one header."""
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [again.headers.get(name) for name in KEPT] == [first.headers.get(name) for name in KEPT]
    return (again.status_code, again.data) == (first.status_code, first.data)


def stored(module: Module) -> int:
    return int(database.rows(f"SELECT COUNT(*) FROM {module.model._meta.table_name}")[0][0])


def a_day_passes() -> None:
    for kept in KeptAnswer.select():
        before = kept.created_at - idempotency.KEPT_FOR
        KeptAnswer.update(created_at=before).where(KeptAnswer.key_hash == kept.key_hash).execute()


def one_of(module: Module, site: Site, **values: Any) -> Request:
    return path(module), sample(module.name, site, **values)


def batch_of(module: Module, site: Site) -> Request:
    days = (site.today() - timedelta(days=back) for back in range(3))
    return f"{path(module)}/bulk", {"records": [sample(module.name, site, day) for day in days]}


def export_of(site: Site) -> Request:
    today = site.today().isoformat()
    flat = {"siteId": site.code, "module": "received", "dateFrom": today, "dateTo": today, "format": "csv"}
    return "/api/exports", flat


@every_module
@pytest.mark.parametrize("asked_of", [one_of, batch_of])
def test_the_first_answer_is_given_again_to_the_byte(
    module: Module, asked_of: Callable[[Module, Site], Request], api: Api, alpha: Site
) -> None:
    ben, asked = api("ben"), asked_of(module, alpha)
    first = send(ben, asked, "load 17")
    made = data(first, 201)
    made = made if isinstance(made, list) else [made]
    assert same(first, send(ben, asked, "load 17"))
    data(ben.patch(path(module, made[0]), {"notes": "corrected since"}))
    assert same(first, send(ben, asked, "load 17"))
    assert ben.delete(path(module, made[0])).status_code == 204
    assert same(first, send(ben, asked, "load 17"))
    assert stored(module) == len(made)
    assert totals.verify(module) == []


def test_an_export_and_a_site_are_made_once_too(api: Api, alpha: Site) -> None:
    ada = api("ada")
    for asked in (export_of(alpha), ("/api/sites", {"code": "GAMMA-03", "name": "Gamma Yard"})):
        first = send(ada, asked, f"key of {asked[0]}")
        data(first, 201)
        assert same(first, send(ada, asked, f"key of {asked[0]}"))
    assert ExportJob.select().count() == 1


@pytest.mark.parametrize(
    "change", [{"quantity": 9}, {"quantity": "18.04"}, {"notes": None}, {"date": "2025-01-01"}]
)
def test_another_body_is_refused(change: dict[str, Any], api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(send(ben, one_of(RECEIVED, alpha), "k"), 201)
    refused(send(ben, one_of(RECEIVED, alpha, **change), "k"), 409, "IDEMPOTENCY_CONFLICT")
    assert stored(RECEIVED) == 1


def test_another_route_is_refused(api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(send(ben, one_of(RECEIVED, alpha), "k"), 201)
    for asked in (one_of(PRODUCTION, alpha), batch_of(RECEIVED, alpha), export_of(alpha)):
        refused(send(ben, asked, "k"), 409, "IDEMPOTENCY_CONFLICT")
    assert (stored(RECEIVED), stored(PRODUCTION), ExportJob.select().count()) == (1, 0, 0)


def test_blanks_and_the_order_of_keys_are_no_other_body(api: Api, alpha: Site) -> None:
    ben, (route, body) = api("ben"), one_of(RECEIVED, alpha)
    first = send(ben, (route, body), "k")
    backwards = json.dumps(dict(reversed(body.items())), indent=4)
    headers = {"Idempotency-Key": " k ", "Content-Type": "application/json"}
    assert same(first, ben.open("POST", route, data=backwards, headers=headers))


def test_a_refused_request_keeps_nothing(api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert bad_fields(send(ben, one_of(RECEIVED, alpha, quantity=-1), "k")) == {"quantity"}
    assert KeptAnswer.select().count() == 0
    data(send(ben, one_of(RECEIVED, alpha), "k"), 201)


def test_a_conflict_keeps_nothing(api: Api, alpha: Site) -> None:
    ben = api("ben")
    record = enter(ben, PRODUCTION, alpha)
    refused(send(ben, one_of(PRODUCTION, alpha), "k"), 409, "DUPLICATE_RECORD")
    assert ben.delete(path(PRODUCTION, record)).status_code == 204
    first = send(ben, one_of(PRODUCTION, alpha), "k")
    data(first, 201)
    assert same(first, send(ben, one_of(PRODUCTION, alpha), "k"))


@pytest.mark.parametrize(
    "breaks", [service.record_changes, idempotency.delete_expired], ids=["before", "after"]
)
def test_a_crash_leaves_neither_the_record_nor_its_answer(
    breaks: Callable[..., Any], api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = api("ben")

    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(f"{breaks.__module__}.{breaks.__name__}", break_down)
        refused(send(ben, one_of(RECEIVED, alpha), "k"), 500, "INTERNAL_ERROR")
    assert (stored(RECEIVED), KeptAnswer.select().count()) == (0, 0)
    data(send(ben, one_of(RECEIVED, alpha), "k"), 201)


def test_a_key_is_its_senders_own_on_every_route(api: Api, alpha: Site) -> None:
    for nick in ("ben", "bob"):
        assert "Idempotent-Replayed" not in send(api(nick), one_of(RECEIVED, alpha), "1").headers
    assert stored(RECEIVED) == 2


def test_a_key_is_the_same_by_another_token_of_its_sender(api: Api, alpha: Site) -> None:
    first = send(api("ben"), one_of(RECEIVED, alpha), "1")
    assert same(first, send(api("ben"), one_of(RECEIVED, alpha), "1"))


def test_a_token_of_other_sites_learns_nothing_by_a_key(api: Api, alpha: Site, beta: Site) -> None:
    data(send(api("ada"), one_of(RECEIVED, alpha), "1"), 201)
    data(send(api("ada"), batch_of(RECEIVED, alpha), "2"), 201)
    narrow = api("ada", sites=(beta,))
    refused(send(narrow, one_of(RECEIVED, alpha), "1"), 403, "FORBIDDEN")
    refused(send(narrow, batch_of(RECEIVED, alpha), "2"), 403, "FORBIDDEN")
    refused(send(api("ada", scope="read"), one_of(RECEIVED, alpha), "1"), 403, "FORBIDDEN")


@pytest.mark.parametrize("key", ["", "  ", "k" * 256])
def test_a_key_that_is_none_is_refused(key: str, api: Api, alpha: Site) -> None:
    ben = api("ben")
    assert bad_fields(send(ben, one_of(RECEIVED, alpha), key)) == {"Idempotency-Key"}
    assert stored(RECEIVED) == 0
    data(send(ben, one_of(RECEIVED, alpha), "k" * 255), 201)


@every_module
@pytest.mark.parametrize("asked_of", [one_of, batch_of])
def test_after_a_day_the_key_answers_the_record_as_it_stands(
    module: Module, asked_of: Callable[[Module, Site], Request], api: Api, alpha: Site
) -> None:
    ben, asked = api("ben"), asked_of(module, alpha)
    made = data(send(ben, asked, "k"), 201)
    one = made[0] if isinstance(made, list) else made
    corrected = data(ben.patch(path(module, one), {"notes": "corrected since"}))
    a_day_passes()
    answer = send(ben, asked, "k")
    told = data(answer, 201)
    assert (told[0] if isinstance(told, list) else told) == corrected
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert answer.headers.get("ETag", "").startswith("" if isinstance(told, list) else '"2-')
    assert stored(module) == (len(made) if isinstance(made, list) else 1)


@pytest.mark.parametrize("asked_of", [one_of, batch_of])
def test_after_a_day_the_key_of_a_void_record_enters_nothing(
    asked_of: Callable[[Module, Site], Request], api: Api, alpha: Site
) -> None:
    ben, asked = api("ben"), asked_of(RECEIVED, alpha)
    made = data(send(ben, asked, "k"), 201)
    one = made[0] if isinstance(made, list) else made
    assert ben.delete(path(RECEIVED, one)).status_code == 204
    a_day_passes()
    assert refused(send(ben, asked, "k"), 409, "IDEMPOTENCY_CONFLICT") == {"id": one["id"]}
    assert stored(RECEIVED) == (len(made) if isinstance(made, list) else 1)


def test_a_form_sent_again_after_its_record_was_voided_says_so(
    browse: Callable[[str], PageClient], alpha: Site, cast: Cast
) -> None:
    ben, form = browse("ben"), typed("received", alpha)
    assert ben.post("/received", form).status_code == 303
    assert ben.post("/received", form).status_code == 303
    (record_id,) = (record_id for (record_id,) in database.rows("SELECT id FROM received"))
    service.void(RECEIVED, record_id, cast("ann"), reason=None)
    answer = ben.post("/received", form)
    assert answer.status_code == 409
    assert "voided since" in answer.text
    assert stored(RECEIVED) == 1


def test_after_a_day_another_body_is_still_refused(api: Api, alpha: Site) -> None:
    ben = api("ben")
    data(send(ben, one_of(RECEIVED, alpha), "k"), 201)
    a_day_passes()
    refused(send(ben, one_of(RECEIVED, alpha, quantity=9), "k"), 409, "IDEMPOTENCY_CONFLICT")
    assert stored(RECEIVED) == 1


def test_expired_answers_are_deleted_a_few_at_a_time(
    api: Api, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MOST_DELETED", 3)
    ben = api("ben")
    for number in range(8):
        send(ben, one_of(RECEIVED, alpha), str(number))
    a_day_passes()
    for number, left in enumerate((6, 4, 3, 4)):
        send(ben, one_of(RECEIVED, alpha), f"later {number}")
        assert KeptAnswer.select().count() == left


def test_one_key_of_eight_at_once_answers_all_the_same(api: Api, alpha: Site, beta: Site) -> None:
    ada, asked = api("ada"), one_of(RECEIVED, alpha)
    scripts = [ApiClient(ada.client.application.test_client(), None) for _ in range(8)]
    for script in scripts:
        script.headers = ada.headers
    answers = all_at_once(lambda number: send(scripts[number], asked, "k"))
    assert {answer.data for answer in answers} == {answers[0].data}
    assert [answer.status_code for answer in answers] == [201] * 8
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    sites = (alpha, beta)
    answers = all_at_once(lambda number: send(scripts[number], one_of(RECEIVED, sites[number % 2]), "other"))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 4
    assert stored(RECEIVED) == 2


# Says that it is ready, then posts what its input says; answers status, replayed and body.
ANOTHER_PROCESS = """
import json, sys
from deskops.app import create_app
client = create_app().test_client()
print("ready", flush=True)
for line in sys.stdin:
    route, body, headers = json.loads(line)
    answer = client.post(route, json=body, headers=headers)
    print(json.dumps([answer.status_code, "Idempotent-Replayed" in answer.headers, answer.text]), flush=True)
"""


def test_two_processes_answer_one_key_the_same(
    api: Api, alpha: Site, settings: Settings, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {
        "DESKOPS_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DESKOPS_REQUESTS_PER_MINUTE": "100000",
        "DESKOPS_REQUESTS_PER_SECOND": "100000",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    headers = api("ben").headers
    command = [sys.executable, "-c", ANOTHER_PROCESS]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    asked = [(*one_of(RECEIVED, alpha), headers | {"Idempotency-Key": str(number)}) for number in range(20)]
    try:
        lines = "".join(json.dumps(one) + "\n" for one in asked)
        for process in both:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin
            process.stdin.write(lines)
            process.stdin.close()
        answers = [[json.loads(line) for line in process.stdout or []] for process in both]
    finally:
        for process in both:
            process.wait(timeout=30)
            assert process.stdout
            process.stdout.close()
    for one, other in zip(*answers, strict=True):
        assert (one[0], one[2]) == (201, other[2])
        assert one[1] != other[1]
    assert len(answers[0]) == 20
    assert stored(RECEIVED) == 20
