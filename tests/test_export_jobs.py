"""Exports: asked for, made by a worker from the queue, downloaded, expired."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import redis
import rq

from deskops import background, config, database, queue
from deskops.accounts.actor import Actor
from deskops.accounts.models import Membership, Site
from deskops.errors import (
    ExportExpired,
    ExportJobFailed,
    ExportNotReady,
    Forbidden,
    FormatUnavailable,
    InvalidDateRange,
    InvalidSiteId,
    NotFound,
    RateLimitExceeded,
    ValidationFailed,
)
from deskops.exports import jobs, making
from deskops.exports.models import COMPLETED, FAILED, PENDING, PROCESSING, ExportJob
from deskops.modules import DISPATCH, RECEIVED
from deskops.records import listing, service
from deskops.records.query import read_query

Cast = Callable[[str], Actor]
DAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _used(settings: config.Settings, fresh_book: None) -> None:
    background.use(settings)


def load(actor: Actor, site: Site, **values: Any) -> Any:
    sent = {"siteId": site.id, "date": "2026-03-01", "materialId": "RAW-MIXED", "quantity": Decimal("1.5")}
    return service.create(RECEIVED, sent | values, actor).record


def body(site: Site, **values: Any) -> dict[str, Any]:
    filters = {"siteId": site.id, "dateRange": {"start": "2026-03-01", "end": "2026-03-31"}}
    return {"format": "csv", "module": "received", "filters": filters, "columns": []} | values


def work(settings: config.Settings) -> None:
    """Run what waits in the queue, as the worker's own process does."""
    with queue.connection(settings, for_worker=True) as connected:
        waiting = queue.exports_queue(connected)
        worker = rq.SimpleWorker([waiting], connection=connected, serializer="json")
        worker.work(burst=True, logging_level="WARNING")


def rows_of(job: ExportJob) -> list[list[str]]:
    return list(csv.reader(io.StringIO(read(job).decode())))


def read(job: ExportJob) -> bytes:
    with jobs.open_file(job).file as file:
        return file.read()


def made(actor: Actor, settings: config.Settings, sent: dict[str, Any]) -> ExportJob:
    job = jobs.create(actor, sent)
    work(settings)
    done = jobs.get(actor, job.id)
    assert done.status == COMPLETED, done.error
    return done


def test_the_worker_makes_the_file_of_a_list(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    ben = cast("ben")
    load(ben, alpha, source="Municipal CDW", quantity=Decimal("12.345"))
    load(ben, alpha, date="2026-04-01")
    job = jobs.create(ben, body(alpha, columns=["date", "siteId", "quantity", "source", "material"]))
    assert (job.status, job.progress, job.expected_rows) == (PENDING, 0, 1)
    with pytest.raises(ExportNotReady):
        jobs.open_file(job)
    work(settings)
    done = jobs.get(ben, job.id)
    assert (done.status, done.progress, done.row_count) == (COMPLETED, 100, 1)
    assert read(done) == (
        b"date,siteId,quantity,source,material\r\n"
        b"2026-03-01,ALPHA-01,12.345,Municipal CDW,RAW-MIXED MIXED C&D DEBRIS\r\n"
    )
    assert done.file_hash == hashlib.sha256(read(done)).hexdigest()
    assert done.file_size == len(read(done))
    download = jobs.open_file(done)
    download.file.close()
    assert download.name == "ALPHA-01-received-2026-03-01-2026-03-31.csv"


def test_a_file_holds_what_the_table_shows(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    ann = cast("ann")
    for number in range(1, 31):
        status = "CANCELLED" if number % 10 == 0 else "ACTIVE"
        load(ann, alpha, quantity=Decimal(number) / 1000, status=status, source=f"S{number % 3}")
    service.void(RECEIVED, load(ann, alpha).id, ann, reason="entered twice")
    params = {"siteId": [alpha.id], "startDate": ["2026-03-01"], "endDate": ["2026-03-31"], "source": ["S1"]}
    query = read_query(RECEIVED, params, ann)
    shown = listing.list_page(RECEIVED, query)
    filters = {**body(alpha)["filters"], "source": "S1"}
    rows = rows_of(made(ann, settings, body(alpha, filters=filters, columns=["id", "quantity", "status"])))
    assert [row[0] for row in rows[1:]] == [record.id for record in shown.records]
    counted = sum(Decimal(row[1]) for row in rows[1:] if row[2] != "CANCELLED")
    assert counted == listing.sums(RECEIVED, query)["quantity"]


def test_a_file_of_many_rows_is_whole(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    ben = cast("ben")
    sent = {"siteId": alpha.id, "date": "2026-03-02", "materialId": "RAW-MIXED", "quantity": Decimal("0.007")}
    for _ in range(3):
        service.create_many(RECEIVED, [sent] * 900, ben)
    rows = rows_of(made(ben, settings, body(alpha, columns=["id", "quantity"])))
    assert len({row[0] for row in rows[1:]}) == 2700
    assert sum(Decimal(row[1]) for row in rows[1:]) == Decimal("18.9")


def test_texts_that_look_like_formulas_are_marked_and_numbers_never(
    cast: Cast, beta: Site, settings: config.Settings
) -> None:
    cleo = cast("cleo")
    texts = ["=1+1", "+cmd", "-2", "@sum", "'quoted", 'a "b", c', "plain"]
    for text in texts:
        sent = {"siteId": beta.id, "date": "2026-03-01", "materialId": "AGG-G1", "quantity": Decimal(2)}
        service.create(DISPATCH, sent | {"destination": text}, cleo)
    sent = body(beta, module="dispatch", columns=["destination", "quantity"])
    sent["filters"]["sortOrder"] = "asc"
    rows = rows_of(made(cleo, settings, sent))[1:]
    assert [row[0] for row in rows] == ["'=1+1", "'+cmd", "'-2", "'@sum", "''quoted", 'a "b", c', "plain"]
    assert {row[1] for row in rows} == {"2.000"}


def test_a_workbook_has_typed_cells_and_says_what_it_holds(
    cast: Cast, alpha: Site, settings: config.Settings
) -> None:
    ben = cast("ben")
    load(ben, alpha, source="=1+1", quantity=Decimal("12.345"), trips=3, time="07:30")
    columns = ["date", "time", "quantity", "trips", "source", "notes", "createdAt"]
    job = made(ben, settings, body(alpha, format="xlsx", columns=columns))
    book = openpyxl.load_workbook(io.BytesIO(read(job)))
    assert book.sheetnames == ["About", "Received"]
    sheet = book["Received"]
    assert [cell.value for cell in sheet[1]] == [
        "Date", "Time", "Quantity (t)", "Trips", "Source", "Notes", "Created",
    ]  # fmt: skip
    values = [cell.value for cell in sheet[2]]
    assert [str(values[0]), *values[1:6]] == ["2026-03-01 00:00:00", "07:30", 12.345, 3, "=1+1", None]
    assert isinstance(values[6], datetime)
    assert sheet["E2"].data_type == "s"
    assert sheet["C2"].number_format == "#,##0.000"
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G2"
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["Sites"] == "ALPHA-01 Alpha Yard"
    assert (about["From"], about["To"], about["Rows"]) == ("2026-03-01", "2026-03-31", 1)


def test_more_rows_than_a_sheet_holds_go_to_further_sheets(
    cast: Cast, alpha: Site, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskops.exports.writers.xlsx.MOST_ROWS", 2)
    ben = cast("ben")
    for number in range(5):
        load(ben, alpha, quantity=Decimal(number + 1))
    job = made(ben, settings, body(alpha, format="xlsx", columns=["quantity"]))
    book = openpyxl.load_workbook(io.BytesIO(read(job)))
    assert book.sheetnames == ["About", "Received", "Received 2", "Received 3"]
    cells = [sheet.cell(row, 1).value for sheet in book.worksheets[1:] for row in range(2, sheet.max_row + 1)]
    assert sorted(cells) == [1, 2, 3, 4, 5]
    assert book["Received 3"]["A1"].value == "Quantity (t)"


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_an_empty_list_is_a_file_with_a_header(
    cast: Cast, alpha: Site, settings: config.Settings, format_: str
) -> None:
    job = made(cast("ben"), settings, body(alpha, format=format_, columns=["date"]))
    assert job.row_count == 0
    if format_ == "csv":
        assert read(job) == b"date\r\n"
    else:
        assert openpyxl.load_workbook(io.BytesIO(read(job)))["Received"]["A1"].value == "Date"


def test_without_a_site_all_ones_sites_are_in_the_file(
    cast: Cast, alpha: Site, beta: Site, settings: config.Settings
) -> None:
    ada = cast("ada")
    for number in range(1, 8):
        load(ada, alpha if number % 2 else beta, quantity=Decimal(number))
    sent = body(alpha, columns=["siteId", "quantity"])
    sent["filters"] = {"dateRange": sent["filters"]["dateRange"], "sortBy": "quantity", "sortOrder": "asc"}
    job = made(ada, settings, sent)
    rows = rows_of(job)[1:]
    assert [row[1] for row in rows] == [f"{number}.000" for number in range(1, 8)]
    assert sorted(row[0] for row in rows) == [alpha.code] * 4 + [beta.code] * 3
    assert job.file_name == "sites-received-2026-03-01-2026-03-31.csv"


def test_the_flat_body_asks_for_all_columns(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    ben = cast("ben")
    load(ben, alpha)
    sent = {
        "siteId": "ALPHA-01",
        "module": "received",
        "dateFrom": "2026-03-01T00:00:00.000Z",
        "dateTo": "2026-03-31T00:00:00.000Z",
        "format": "csv",
    }
    rows = rows_of(made(ben, settings, sent))
    assert rows[0] == list(RECEIVED.columns)
    assert len(rows) == 2


BAD = [
    ({"format": "doc"}, "format"),
    ({"module": "weather"}, "module"),
    ({"columns": ["date", "colour"]}, "columns"),
    ({"columns": "date"}, "columns"),
    ({"granularity": "daily"}, "granularity"),
    ({"layout": "portrait"}, "layout"),
    ({"colour": "red"}, "colour"),
    ({"filters": None}, "filters"),
    ({"filters": {"siteId": "ALPHA-01"}}, "dateRange"),
    ({"filters": {"dateRange": {"start": "2026-03-01", "end": "soon"}}}, "endDate"),
    ({"filters": {"dateRange": {"start": "2026-03-01", "end": "2026-03-02"}, "page": "2"}}, "page"),
    ({"filters": {"dateRange": {"start": "2026-03-01", "end": "2026-03-02"}, "status": 3}}, "status"),
    ({"filters": {"dateRange": {"start": "2026-03-01", "end": "2026-03-02"}, "status": "GONE"}}, "status"),
]


@pytest.mark.parametrize(("values", "field"), BAD)
def test_a_bad_body_is_refused_by_its_field(
    cast: Cast, alpha: Site, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        jobs.create(cast("ben"), body(alpha, **values))
    assert list(refused.value.fields) == [field]


def test_everything_wrong_with_a_body_is_told_at_once(cast: Cast, alpha: Site) -> None:
    with pytest.raises(ValidationFailed) as refused:
        jobs.create(cast("ben"), body(alpha, format="doc", columns=["colour"], grouping="site"))
    assert set(refused.value.fields) == {"format", "columns", "grouping"}


def test_another_site_is_forbidden_and_an_unknown_one_told_last(cast: Cast, alpha: Site, beta: Site) -> None:
    ben = cast("ben")
    with pytest.raises(Forbidden):
        jobs.create(ben, body(beta))
    unknown = body(alpha)
    unknown["filters"]["siteId"] = "NOWHERE"
    with pytest.raises(InvalidSiteId):
        jobs.create(ben, unknown)
    with pytest.raises(ValidationFailed):
        jobs.create(ben, {**unknown, "format": "doc"})
    backwards = {"dateRange": {"start": "2026-03-02", "end": "2026-03-01"}}
    with pytest.raises(InvalidDateRange):
        jobs.create(ben, body(alpha, filters=backwards))


@pytest.mark.parametrize("format_", ["pdf", "pbix"])
def test_a_format_without_its_library_says_so(cast: Cast, alpha: Site, format_: str) -> None:
    with pytest.raises(FormatUnavailable):
        jobs.create(cast("ben"), body(alpha, format=format_))


def test_the_sixth_active_export_is_refused(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    ben = cast("ben")
    for _ in range(5):
        jobs.create(ben, body(alpha))
    with pytest.raises(RateLimitExceeded) as refused:
        jobs.create(ben, body(alpha))
    assert refused.value.details == {"limit": 5}
    jobs.create(cast("ann"), body(alpha))
    work(settings)
    jobs.create(ben, body(alpha))


def test_anothers_job_is_forbidden_and_an_unknown_one_not_found(cast: Cast, alpha: Site) -> None:
    job = jobs.create(cast("ben"), body(alpha))
    with pytest.raises(Forbidden):
        jobs.get(cast("ann"), job.id)
    with pytest.raises(NotFound):
        jobs.get(cast("ben"), "nothing")
    assert [one.id for one in jobs.list_own(cast("ben"))] == [job.id]
    assert jobs.list_own(cast("ann")) == []


def test_who_lost_a_site_gets_no_file_of_it(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    waiting, ready = jobs.create(cast("ben"), body(alpha)), made(cast("ann"), settings, body(alpha))
    Membership.delete().execute()
    with pytest.raises(Forbidden):
        jobs.get(cast("ann"), ready.id)
    ExportJob.update(status=PENDING).where(ExportJob.id == waiting.id).execute()
    jobs.run(waiting.id)
    assert ExportJob.get_by_id(waiting.id).status == FAILED


def test_a_file_is_gone_after_a_day(cast: Cast, alpha: Site, settings: config.Settings) -> None:
    ben = cast("ben")
    job = made(ben, settings, body(alpha))
    assert timedelta(hours=23) < job.expires_at - database.utc_now() <= timedelta(hours=24)
    stored = settings.exports_folder / jobs.stored_name(job)
    jobs.expire()
    assert stored.is_file()
    ExportJob.update(expires_at=database.utc_now()).where(ExportJob.id == job.id).execute()
    with pytest.raises(ExportExpired):
        jobs.open_file(jobs.get(ben, job.id))
    jobs.expire()
    assert not stored.exists()
    with pytest.raises(ExportExpired):
        jobs.open_file(jobs.get(ben, job.id))


def test_without_a_queue_a_job_waits_and_is_dispatched_later(
    cast: Cast, alpha: Site, settings: config.Settings, tmp_path: Path, redis_url: str
) -> None:
    ben = cast("ben")
    away = config.load(
        {"DESKOPS_HOME": str(settings.home), "DATABASE_URL": settings.database_url,
         "REDIS_URL": f"unix://{tmp_path}/nothing.sock"}
    )  # fmt: skip
    background.use(away)
    job = jobs.create(ben, body(alpha))
    assert job.status == PENDING
    with pytest.raises(redis.RedisError):
        jobs.redispatch()
    background.use(settings)
    jobs.redispatch()
    jobs.redispatch()
    with queue.connection(settings) as connected:
        assert len(queue.exports_queue(connected)) == 1
    work(settings)
    assert jobs.get(ben, job.id).status == COMPLETED


def test_a_job_whose_worker_was_killed_is_made_again(
    cast: Cast, alpha: Site, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = cast("ben")
    job = jobs.create(ben, body(alpha))

    def killed(*_: Any) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(making, "make", killed)
        with pytest.raises(SystemExit):
            jobs.run(job.id)
    assert jobs.get(ben, job.id).status == PROCESSING
    with queue.connection(settings) as connected:
        connected.flushdb()
    jobs.redispatch()
    work(settings)
    assert jobs.get(ben, job.id).status == COMPLETED


def test_a_job_that_ends_every_worker_fails_at_last(cast: Cast, alpha: Site) -> None:
    job = jobs.create(cast("ben"), body(alpha))
    ExportJob.update(attempts=3, status=PROCESSING).where(ExportJob.id == job.id).execute()
    jobs.run(job.id)
    failed = jobs.get(cast("ben"), job.id)
    assert failed.status == FAILED
    with pytest.raises(ExportJobFailed, match="3 times"):
        jobs.open_file(failed)


def test_a_broken_writer_fails_the_job_and_leaves_no_file(
    cast: Cast, alpha: Site, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = cast("ben")
    load(ben, alpha)
    job = jobs.create(ben, body(alpha))

    def counts_one_more(*_: Any) -> int:
        return 2

    monkeypatch.setattr(listing, "count", counts_one_more)
    before = set(settings.exports_folder.iterdir())
    jobs.run(job.id)
    failed = jobs.get(ben, job.id)
    assert failed.status == FAILED
    assert "totals --verify" in str(failed.error)
    assert set(settings.exports_folder.iterdir()) == before


def test_the_estimate_comes_from_measured_jobs(cast: Cast, alpha: Site) -> None:
    ben = cast("ben")
    job = jobs.create(ben, body(alpha))
    ExportJob.update(expected_rows=30_000).execute()
    job = jobs.get(ben, job.id)
    guessed = jobs.estimated_time_ms(job)
    assert guessed == 500 + 500
    now = database.utc_now()
    ExportJob.insert(
        user=ben.user_id, module="received", format="csv", filters="{}", columns="[]", file_name="x",
        status=COMPLETED, row_count=1_000, started_at=now - timedelta(seconds=1), finished_at=now,
    ).execute()  # fmt: skip
    assert jobs.estimated_time_ms(job) == 500 + 30_000
