"""The pages of exports and imports: asked for, watched, downloaded; uploaded, mapped, checked, brought in."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import redis
import rq

from deskops import background, config
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.exports import jobs as export_jobs
from deskops.exports.models import FAILED, ExportJob
from deskops.imports.models import Import
from deskops.modules import RECEIVED
from deskops.records import listing, service
from deskops.records.query import read_query
from tests.clients import PageClient
from tests.samples import as_read, sample

Browse = Callable[..., PageClient]
Cast = Callable[[str], Actor]
LOADS = """report_date,load_type,load_weight,truck
2026-03-01,MIXED LITTER,20000,JED-1
2026-03-01,MIXED LITTER,,JED-2
2026-03-02,MIXED LITTER,15000,JED-3
"""
MEANING = {
    "column-date": "report_date",
    "column-materialId": "load_type",
    "column-quantity": "load_weight",
    "column-vehicleId": "truck",
    "unit-quantity": "lb",
    "alias-materialId": "MIXED LITTER=RAW-MIXED",
}


@pytest.fixture(autouse=True)
def _used(settings: config.Settings, fresh_book: None) -> Iterator[None]:
    background.use(settings)
    yield
    # The home outlives a test, and so does what was uploaded.
    shutil.rmtree(settings.imports_folder / "uploads", ignore_errors=True)


def work(settings: config.Settings) -> None:
    """Run what waits in the queue."""
    with redis.Redis.from_url(settings.redis_url) as connected:
        queue = rq.Queue("deskops", connection=connected, serializer="json")
        for job in queue.jobs:
            assert job.func is not None
            job.func(*job.args)
        queue.empty()


def enter(site: Site, actor: Actor, **values: Any) -> None:
    service.create(RECEIVED, as_read(sample("received", site, **values)), actor)


def asked(site: Site, **values: str) -> dict[str, str]:
    return {"module": "received", "format": "csv", "siteId": site.code, "period": "last7", **values}


def test_an_export_is_asked_for_watched_and_downloaded(
    browse: Browse, alpha: Site, cast: Cast, settings: config.Settings
) -> None:
    enter(alpha, cast("ben"), materialId="RAW-MIXED", quantity=5)
    enter(alpha, cast("ben"), materialId="RAW-ASPHALT", quantity=7)
    ann = browse("ann")
    assert ann.post("/exports", asked(alpha, materialType="RAW-ASPHALT")).status_code == 303
    waiting = ann.get("/exports")
    assert "Waiting" in waiting.text
    assert 'hx-trigger="every 1s"' in waiting.text
    work(settings)
    ready = ann.client.get("/exports", headers={"HX-Request": "true", "HX-Target": "exports-jobs"}).text
    assert "Ready" in ready
    assert "every 1s" not in ready
    found = re.search(r'href="(/exports/[^"]+/download)"', ready)
    assert found
    file = ann.client.get(found[1])
    text = file.get_data(as_text=True)
    file.close()
    assert "attachment" in file.headers["Content-Disposition"]
    assert "7.000" in text
    assert "5.000" not in text


def test_the_list_leads_to_an_export_of_the_same_filters(browse: Browse, alpha: Site) -> None:
    page = browse("ann").get("/received", materialType="RAW-ASPHALT", period="last30").text
    found = re.search(r'id="export-list" href="([^"]+)"', page)
    assert found
    form = browse("ann").get(found[1].replace("&amp;", "&")).text
    assert '<option value="RAW-ASPHALT" selected>' in form
    assert '<option value="last30" selected>' in form
    assert '<option value="received" selected>' in form


def test_another_module_brings_its_own_filters(browse: Browse, alpha: Site) -> None:
    form = browse("ann").get("/exports", fragment=True, module="manpower").text
    assert form.startswith('<form id="exports-form"')
    assert 'name="role"' in form
    assert 'name="materialType"' not in form


def test_the_sixth_export_is_refused_in_words(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    answers = [ann.post("/exports", asked(alpha)) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "You have 5 exports under way" in answers[5].text


def test_a_failed_export_says_why_and_is_made_again(browse: Browse, alpha: Site, cast: Cast) -> None:
    ann = browse("ann")
    ann.post("/exports", asked(alpha))
    ExportJob.update(status=FAILED, error="The disk is full").execute()
    page = ann.get("/exports").text
    assert "The disk is full" in page
    found = re.search(r'action="(/exports/[^"]+/again)"', page)
    assert found
    assert ann.post(found[1], {}).status_code == 303
    first, second = export_jobs.list_own(cast("ann"))
    assert (first.filters, first.columns) == (second.filters, second.columns)


def test_another_persons_file_is_not_mine(browse: Browse, alpha: Site, cast: Cast) -> None:
    browse("ann").post("/exports", asked(alpha))
    job = ExportJob.get()
    ben = browse("ben")
    assert ben.get(f"/exports/{job.id}/download").status_code == 403
    assert job.id not in ben.get("/exports").text


def uploaded(somebody: PageClient, site: Site, text: str = LOADS) -> str:
    form = {"module": "received", "siteId": site.code, "file": (io.BytesIO(text.encode()), "loads.csv")}
    answer = somebody.post("/imports", form)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_file_is_mapped_checked_and_brought_in(
    browse: Browse, alpha: Site, cast: Cast, settings: config.Settings
) -> None:
    ann = browse("ann")
    address = uploaded(ann, alpha)
    page = ann.get(address)
    assert page.status_code == 200
    assert "MIXED LITTER" not in page.text  # no column stands for the material yet
    checked = ann.post(address, MEANING | {"do": "check"})
    assert "3 rows: 2 good, 0 already there, 1 bad" in checked.text
    assert "Blank: a value is required" in checked.text
    assert Import.select().count() == 0
    assert ann.post(address, MEANING | {"do": "start", "skip-bad": "on"}).location == "/imports"
    work(settings)
    done = ann.get("/imports").text
    assert "2 stored, 0 already there, 1 bad" in done
    assert "15.876 t" in done
    found = re.search(r'href="(/imports/[^"]+/bad-rows)"', done)
    assert found
    bad = ann.client.get(found[1])
    assert "JED-2" in bad.get_data(as_text=True)
    bad.close()
    today = {"startDate": ["2026-01-01"], "endDate": ["2026-12-31"]}
    query = read_query(RECEIVED, today, cast("ann"))
    assert listing.sums(RECEIVED, query)["quantity"] == Decimal("15.876")


def test_without_skipping_a_file_with_bad_rows_changes_nothing(
    browse: Browse, alpha: Site, settings: config.Settings
) -> None:
    ann = browse("ann")
    ann.post(uploaded(ann, alpha), MEANING | {"do": "start"})
    work(settings)
    page = ann.get("/imports").text
    assert "Refused: nothing was imported" in page
    assert "1 × Blank: a value is required" in page


def test_what_was_said_of_a_refused_file_stands_there_again(
    browse: Browse, alpha: Site, settings: config.Settings
) -> None:
    ann = browse("ann")
    address = uploaded(ann, alpha)
    ann.post(address, MEANING | {"do": "start"})
    work(settings)
    page = ann.get("/imports").text
    assert re.search(r'<select name="module" aria-label="Records of [^>]*>.*"received" selected', page)
    again = ann.get(address).text
    assert '<option value="load_weight" selected>' in again
    assert '<option value="lb" selected>' in again


def test_a_plan_is_kept_by_a_name_and_taken_for_the_next_file(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    ann.post(uploaded(ann, alpha), MEANING | {"do": "check", "profile-name": "Weighbridge"})
    page = ann.get(uploaded(ann, alpha) + "&profile=Weighbridge").text
    assert '<option value="load_weight" selected>' in page
    assert '<option value="lb" selected>' in page


def test_a_plan_that_lacks_a_field_is_refused_in_words(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    answer = ann.post(uploaded(ann, alpha), {"column-date": "report_date", "do": "start"})
    assert answer.status_code == 400
    assert "No column stands for materialId, quantity" in answer.text
    assert "--map" not in answer.text
    strange = ann.post(uploaded(ann, alpha), MEANING | {"alias-materialId": "nothing", "do": "check"})
    assert "is not of the form TEXT=CODE" in strange.text


def test_another_persons_upload_is_not_mine(browse: Browse, alpha: Site) -> None:
    address = uploaded(browse("ann"), alpha)
    assert browse("ben").get(address).status_code == 404


def test_who_may_not_import_is_refused(browse: Browse, alpha: Site, beta: Site) -> None:
    vera, ben = browse("vera"), browse("ben")
    assert vera.get("/imports").status_code == 403
    assert 'href="/imports"' not in vera.get("/dashboard").text
    assert 'href="/imports"' in ben.get("/dashboard").text
    form = {"module": "received", "siteId": beta.code, "file": (io.BytesIO(b"a,b\n1,2\n"), "x.csv")}
    assert ben.post("/imports", form).status_code == 403


def test_a_plan_is_not_kept_by_a_name_that_is_no_text(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    answer = ann.post(uploaded(ann, alpha), {**MEANING, "profile-name": "a\x00b", "do": "check"})
    assert answer.status_code == 400
    assert "control characters" in answer.text


def test_a_zip_that_unpacks_to_much_is_not_checked_while_a_page_waits(
    browse: Browse, alpha: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = browse("ann")
    url = uploaded(ann, alpha)
    monkeypatch.setattr("deskops.web.imports.MOST_CHECKED_UNPACKED_BYTES", 10)
    answer = ann.post(url, {**MEANING, "do": "check"})
    assert answer.status_code == 400
    assert "Too large to be checked here" in answer.text


def test_a_file_that_is_no_table_is_refused_in_words(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    answer = ann.get(uploaded(ann, alpha, "\n"))
    assert answer.status_code == 400
    assert "its first line must name the columns" in answer.text


def test_large_files_are_admitted_here_and_nowhere_else(browse: Browse, alpha: Site) -> None:
    ann = browse("ann")
    large = LOADS + "2026-03-01,MIXED LITTER,1,JED-9\n" * 80_000
    parts = {"module": "received", "siteId": alpha.code, "csrf_token": ann.csrf}
    fields = "".join(
        f'--cut\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts.items()
    )
    head = '--cut\r\nContent-Disposition: form-data; name="file"; filename="large.csv"\r\n\r\n'
    body = f"{fields}{head}{large}\r\n--cut--\r\n".encode()
    answer = ann.client.post("/imports", data=body, content_type="multipart/form-data; boundary=cut")
    assert answer.location.startswith("/imports/")
    assert ann.post("/received", {"notes": "x" * 2_000_000}).status_code == 413
