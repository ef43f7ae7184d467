"""A million loads: lists stay lists, totals stay true, an export holds every row at flat memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.books import open_book
from benchmarks.filling import FIRST_DAY, YEARS_DAYS, fill
from deskops import book, config, database
from deskops.accounts.actor import Actor, actor_for
from deskops.accounts.models import User
from deskops.exports import jobs, storage
from deskops.modules import RECEIVED
from deskops.records import listing, totals
from deskops.records.query import read_query

MILLION = 1_000_000
# Of the whole process, with the database's cache and the test's own book-keeping.
MOST_MEMORY_MB = 400
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[config.Settings]:
    opened = open_book(tmp_path_factory.mktemp("million"))
    fill(RECEIVED, MILLION)
    yield opened
    book.close()


@pytest.fixture
def admin(settings: config.Settings) -> Actor:
    return actor_for(User.get(User.email == "bench@yard.test"))


def every_day(**params: str) -> dict[str, list[str]]:
    last = FIRST_DAY.fromordinal(FIRST_DAY.toordinal() + YEARS_DAYS - 1)
    days = {"startDate": [str(FIRST_DAY)], "endDate": [str(last)]}
    return days | {name: [value] for name, value in params.items()}


def test_the_totals_agree_with_a_million_records(settings: config.Settings) -> None:
    assert totals.verify(RECEIVED) == []


def test_a_walk_over_a_site_meets_each_record_once(admin: Actor) -> None:
    query = read_query(RECEIVED, every_day(siteId="ALASLA-29"), admin)
    seen: set[str] = set()
    for batch in listing.walk(RECEIVED, query):
        seen.update(row[0] for row in batch)
    assert len(seen) == listing.count(RECEIVED, query) > MILLION / 5


def test_counts_of_lists_are_exact(admin: Actor) -> None:
    for params in ({}, {"siteId": "ALASLA-29"}, {"materialType": "RAW-MIXED"}, {"vehicleId": "JED-1204"}):
        query = read_query(RECEIVED, every_day(**params), admin)
        where = listing.conditions(RECEIVED, query)
        by_rows = database.rows(f"SELECT COUNT(*) FROM received WHERE {where.sql}", where.params)[0][0]
        assert listing.count(RECEIVED, query) == by_rows


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_an_export_of_a_million_rows_holds_them_all(admin: Actor, format_name: str) -> None:
    days = every_day()
    span = {"start": days["startDate"][0], "end": days["endDate"][0]}
    asked = {"module": "received", "format": format_name, "filters": {"dateRange": span}, "columns": []}
    job = jobs.create(admin, asked)
    started = time.monotonic()
    jobs.run(job.id)
    done = jobs.get(admin, job.id)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{format_name}: {done.row_count:,} rows, {done.file_size:,} bytes in {seconds:.0f} s, peak {peak:.0f} MB"
    )
    assert (done.status, done.row_count) == ("completed", MILLION), done.error
    assert peak < MOST_MEMORY_MB
    if format_name == "csv":
        assert lines(done) == MILLION + 1


def lines(job: jobs.ExportJob) -> int:
    with jobs.open_file(job).file as opened:
        return sum(1 for _ in opened)


def test_the_home_holds_no_half_file(settings: config.Settings) -> None:
    assert list(Path(settings.exports_folder).glob(f".*{storage.DRAFT_SUFFIX}")) == []
