"""Lists: exact counts and sums, pages that never overlap, and a constant number of statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import (
    Forbidden,
    InvalidDateRange,
    InvalidPageSize,
    InvalidSiteId,
    MissingRequiredParam,
    ValidationFailed,
)
from deskops.modules import EQUIPMENT, MANPOWER, MODULES, PRODUCTION, RECEIVED
from deskops.records import listing, service
from deskops.records.module import Module
from deskops.records.query import read_query
from tests.samples import as_read, sample
from tests.statements import counted

Cast = Callable[[str], Actor]
DAY = date(2026, 3, 2)
RANGE = {"startDate": ["2026-03-01"], "endDate": ["2026-03-31"]}


def enter(module: Module, site: Site, actor: Actor, day: date = DAY, **values: Any) -> Any:
    return service.create(module, as_read(sample(module.name, site, day, **values)), actor).record


def page(module: Module, actor: Actor, **params: str) -> listing.Page:
    return listing.list_page(
        module, read_query(module, RANGE | {name: [value] for name, value in params.items()}, actor)
    )


@pytest.fixture
def loads(alpha: Site, beta: Site, cast: Cast) -> list[Any]:
    """Sixty loads: over ten days, two sites, three materials, two sources."""
    materials = ("RAW-CONCRETE", "RAW-MIXED", "RAW-ASPHALT")
    return [
        enter(
            RECEIVED,
            (alpha, beta)[number % 2],
            cast("ada"),
            DAY + timedelta(days=number % 10),
            materialId=materials[number % 3],
            quantity=1 + number,
            source=("North pit", "50% off_lane")[number % 4 == 0],
        )
        for number in range(60)
    ]


def test_a_list_holds_exactly_the_filters_records(loads: list[Any], cast: Cast) -> None:
    found = page(RECEIVED, cast("ada"), materialType="RECYCLED_ASPHALT", siteId="ALPHA-01")
    assert found.total_count == len(found.records) == 10
    assert {record.material.code for record in found.records} == {"RAW-ASPHALT"}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("void", ["false", "true"])
@pytest.mark.parametrize(
    "filters", [{}, {"materialType": "RAW-MIXED"}, {"status": "PENDING", "materialType": "RAW-MIXED"}]
)
def test_any_part_of_a_filtered_list_is_found_where_the_whole_list_has_it(
    loads: list[Any], cast: Cast, order: str, void: str, filters: dict[str, str]
) -> None:
    """Days without a match lie between those with one; the pages are found by the totals of the days."""
    ada = cast("ada")
    for number, load in enumerate(loads):
        if number % 7 == 0:
            service.void(RECEIVED, load.id, ada, reason="typed twice")
        elif load.date.day % 3 == 0:
            service.correct(RECEIVED, load.id, {"status": "PENDING"}, ada)
    asked = {"sortOrder": order, "includeVoid": void, **filters}
    whole = page(RECEIVED, ada, pageSize="100", **asked)
    expected = [record.id for record in whole.records]
    assert len(expected) == whole.total_count
    for size in (1, 4, 25):
        parts = [
            page(RECEIVED, ada, pageSize=str(size), page=str(n + 1), **asked)
            for n in range(whole.total_count)
        ]
        assert [record.id for each in parts for record in each.records] == expected
        assert {each.total_count for each in parts} <= {whole.total_count}
        met: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            each = page(RECEIVED, ada, pageSize=str(size), **asked, **cursor)
            met += [record.id for record in each.records]
            if each.next_cursor is None:
                break
            cursor = {"cursor": each.next_cursor}
        assert met == expected


def test_a_walk_of_a_text_counts_the_whole_list_at_every_step(loads: list[Any], cast: Cast) -> None:
    first = page(RECEIVED, cast("ada"), source="north", pageSize="10")
    assert first.next_cursor
    second = page(RECEIVED, cast("ada"), source="north", pageSize="10", cursor=first.next_cursor)
    assert first.total_count == second.total_count == 45


def test_sums_are_of_the_whole_list_and_exact(loads: list[Any], cast: Cast) -> None:
    query = read_query(RECEIVED, RANGE, cast("ada"))
    assert listing.sums(RECEIVED, query)["quantity"] == Decimal(sum(range(1, 61)))


def test_a_person_sees_only_their_sites(loads: list[Any], alpha: Site, cast: Cast) -> None:
    found = page(RECEIVED, cast("vera"), pageSize="100")
    assert {record.site_id for record in found.records} == {alpha.id}
    assert found.total_count == 30


@pytest.mark.parametrize("sort", ["date", "createdAt", "quantity"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("site", ["ALPHA-01", ""])
def test_pages_and_a_walk_meet_every_record_once(
    loads: list[Any], cast: Cast, sort: str, order: str, site: str
) -> None:
    asked = {"sortBy": sort, "sortOrder": order, "pageSize": "7", "siteId": site}
    first = page(RECEIVED, cast("ada"), **asked)
    by_page = [
        record.id
        for number in range(first.pages)
        for record in page(RECEIVED, cast("ada"), page=str(number + 1), **asked).records
    ]
    by_cursor, part = [record.id for record in first.records], first
    while part.next_cursor:
        part = page(RECEIVED, cast("ada"), cursor=part.next_cursor, **asked)
        by_cursor += [record.id for record in part.records]
    assert by_page == by_cursor
    assert len(set(by_page)) == first.total_count == (30 if site else 60)


def test_a_walk_for_an_export_is_the_same_list(
    loads: list[Any], cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "BATCH", 7)
    query = read_query(RECEIVED, RANGE | {"pageSize": ["100"]}, cast("ada"))
    walked = [row[0] for batch in listing.walk(RECEIVED, query) for row in batch]
    assert walked == [record.id for record in listing.list_page(RECEIVED, query).records]


def test_a_cursor_of_another_list_is_refused(loads: list[Any], cast: Cast) -> None:
    cursor = page(RECEIVED, cast("ada"), pageSize="5").next_cursor
    assert cursor
    for other in ({"sortBy": "quantity"}, {"siteId": "ALPHA-01"}, {"cursor": "rubbish"}, {"cursor": "W10"}):
        with pytest.raises(ValidationFailed):
            page(RECEIVED, cast("ada"), **({"cursor": cursor} | other))


def test_a_text_filter_is_a_text_and_no_pattern(loads: list[Any], cast: Cast) -> None:
    assert page(RECEIVED, cast("ada"), source="50% OFF_").total_count == 15
    assert page(RECEIVED, cast("ada"), source="5__").total_count == 0


def test_a_page_past_the_end_is_empty(loads: list[Any], cast: Cast) -> None:
    found = page(RECEIVED, cast("ada"), page="999999999")
    assert (found.records, found.total_count) == ([], 60)


def test_void_records_show_only_where_asked_for(alpha: Site, cast: Cast) -> None:
    record = enter(RECEIVED, alpha, cast("ann"))
    enter(RECEIVED, alpha, cast("ann"))
    service.void(RECEIVED, record.id, cast("ann"), reason="typed twice")
    assert page(RECEIVED, cast("ann")).total_count == 1
    with_void = page(RECEIVED, cast("ann"), includeVoid="true")
    assert with_void.total_count == len(with_void.records) == 2


def test_cancelled_records_are_listed_and_not_summed(alpha: Site, cast: Cast) -> None:
    enter(RECEIVED, alpha, cast("ann"), status="CANCELLED")
    enter(RECEIVED, alpha, cast("ann"), status="PENDING")
    query = read_query(RECEIVED, RANGE, cast("ann"))
    assert listing.count(RECEIVED, query) == 2
    assert listing.sums(RECEIVED, query)["quantity"] == Decimal("18.04")


def test_equipment_is_filtered_by_unit_and_by_type(alpha: Site, cast: Cast) -> None:
    for unit in ("CRUSHER-01", "LOADER-01", "SCREEN-01"):
        enter(EQUIPMENT, alpha, cast("ann"), equipmentId=unit)
    assert page(EQUIPMENT, cast("ann"), equipmentType="CRUSHING_SCREENING").total_count == 2
    assert page(EQUIPMENT, cast("ann"), equipmentId="LOADER-01").total_count == 1
    assert (
        page(EQUIPMENT, cast("ann"), equipmentType="EARTH_MOVING", equipmentId="CRUSHER-01").total_count == 0
    )


def test_a_filter_that_a_module_lacks_is_ignored_and_named(alpha: Site, cast: Cast) -> None:
    enter(MANPOWER, alpha, cast("ann"))
    found = page(MANPOWER, cast("ann"), materialType="FINE_SAND", role="LABORER")
    assert (found.total_count, found.ignored) == (1, ("materialType",))


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"siteId": "BETA-02", "startDate": ""}, Forbidden),
        ({"startDate": "", "siteId": "NOWHERE"}, MissingRequiredParam),
        ({"siteId": "NOWHERE", "endDate": "2026-02-01"}, InvalidSiteId),
        ({"endDate": "2026-02-01", "sortBy": "colour"}, InvalidDateRange),
        ({"startDate": "2016-01-01"}, InvalidDateRange),
        ({"pageSize": "101", "sortBy": "colour"}, InvalidPageSize),
        ({"pageSize": "0"}, InvalidPageSize),
        ({"pageSize": "many"}, InvalidPageSize),
        ({"page": "0"}, ValidationFailed),
        ({"sortBy": "colour"}, ValidationFailed),
        ({"sortOrder": "down"}, ValidationFailed),
        ({"startDate": "2026-02-30"}, ValidationFailed),
        ({"dateFrom": "2026-03-05"}, ValidationFailed),
        ({"status": "GONE"}, ValidationFailed),
        ({"materialType": "GOLD"}, ValidationFailed),
        ({"includeVoid": "yes"}, ValidationFailed),
        ({"colour": "red"}, ValidationFailed),
    ],
)
def test_a_bad_question_is_told_by_its_first_fault(
    cast: Cast, params: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        page(PRODUCTION, cast("ben"), **params)


def test_a_range_may_be_one_day_and_a_datetime_counts_by_its_day(alpha: Site, cast: Cast) -> None:
    enter(RECEIVED, alpha, cast("ann"))
    found = page(RECEIVED, cast("ann"), startDate="2026-03-02T23:30:00Z", endDate="2026-03-02")
    assert found.total_count == 1


@pytest.mark.parametrize("sort", ["quantity", "createdAt"])
def test_few_records_of_a_filter_are_looked_for_on_their_own_days_alone(
    loads: list[Any], alpha: Site, cast: Cast, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [DAY + timedelta(days=3), DAY + timedelta(days=8)]
    entered = [enter(RECEIVED, alpha, cast("ann"), day, status="PENDING").id for day in days]
    with counted(monkeypatch) as asked:
        found = page(RECEIVED, cast("ann"), status="PENDING", sortBy=sort, sortOrder="asc")
    assert [record.id for record in found.records] == entered
    [read] = [sql for sql in asked if "FROM received " in sql]
    assert "BETWEEN" not in read
    beyond = page(RECEIVED, cast("ann"), status="PENDING", sortBy=sort, pageSize="1", page="2")
    assert [record.id for record in beyond.records] == entered[:1]


@pytest.mark.parametrize("module", MODULES.values(), ids=list(MODULES))
def test_a_list_costs_the_same_statements_however_long(
    alpha: Site, cast: Cast, module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = database.execute

    def counted(sql: str, params: Any = ()) -> Any:
        asked.append(sql)
        return real(sql, params)

    monkeypatch.setattr(database, "execute", counted)
    counts = []
    actor = cast("ann")
    for days in (1, 12):
        for number in range(days):
            enter(module, alpha, actor, DAY + timedelta(days=number + days))
        page(module, actor)
        asked.clear()
        page(module, actor)
        counts.append(len(asked))
    asked_of_tables = [sql for sql in asked if sql.startswith("SELECT")]
    assert counts[0] == counts[1]
    assert len(asked_of_tables) <= 3
