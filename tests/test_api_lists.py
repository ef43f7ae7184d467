"""Lists by the API, of every module: filters, pages, walks, order, and what they cost."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskops import database
from deskops.accounts.models import Site
from deskops.modules import DISPATCH, MODULES, RECEIVED
from deskops.records import service
from deskops.records.module import Module
from deskops.records.query import COMMON, read_query
from deskops.schema import counters, references
from deskops.schema.fields import AnyOf
from tests.api_contract import (
    Api,
    Cast,
    always,
    bad_fields,
    body_of,
    data,
    enter,
    every_module,
    fill,
    path,
    refused,
)
from tests.samples import SAMPLES, as_read, sample

every_choice = pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module in MODULES.values()
        for name, (_, one) in module.filters.items()
        if isinstance(one, AnyOf)
    ],
    ids=lambda each: each.name if isinstance(each, Module) else each,
)


def one_and_another(module: Module, name: str, record: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What picks this record by this filter, and the change of a body that it does not pick."""
    field, one = module.filters[name]
    assert isinstance(one, AnyOf)
    if not field.reference:
        value = record[field.key]
        return value, {field.key: next(choice for choice in field.choices if choice != value)}
    attribute = one.by or "code"
    own = references.find(field.reference, SAMPLES[module.name][field.key])
    value = getattr(own, attribute)
    other = next(row for row in references.active(field.reference) if getattr(row, attribute) != value)
    return value, {field.key: other.code}


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


@every_module
def test_a_list_is_newest_first_and_tells_its_count(
    module: Module, api: Api, alpha: Site, cast: Cast
) -> None:
    newest_first = fill(module, alpha, cast("ben"), 27)
    answer = api("ben").get(path(module), **always(alpha))
    assert ids(data(answer)) == newest_first[:25]
    meta = body_of(answer)["meta"]
    assert meta.pop("nextCursor")
    assert meta == {"page": 1, "pageSize": 25, "totalCount": 27, "totalPages": 2}


@every_module
def test_an_empty_list_is_no_error(module: Module, api: Api, alpha: Site) -> None:
    answer = api("ben").get(path(module), **always(alpha))
    assert data(answer) == []
    assert body_of(answer)["meta"] == {"page": 1, "pageSize": 25, "totalCount": 0, "totalPages": 0}


@every_module
def test_pages_neither_overlap_nor_skip_and_end(module: Module, api: Api, alpha: Site, cast: Cast) -> None:
    newest_first = fill(module, alpha, cast("ben"), 7)
    ben = api("ben")
    pages = [
        ids(data(ben.get(path(module), **always(alpha), page=page, pageSize=3))) for page in (1, 2, 3, 4)
    ]
    assert pages == [newest_first[:3], newest_first[3:6], newest_first[6:], []]
    last = body_of(ben.get(path(module), **always(alpha), page=3, pageSize=3))["meta"]
    assert "nextCursor" not in last
    assert last["totalPages"] == 3


@every_module
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_walk_by_cursor_meets_every_record_once(
    module: Module, order: str, api: Api, alpha: Site, cast: Cast
) -> None:
    newest_first = fill(module, alpha, cast("ben"), 11)
    ben = api("ben")
    met: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(6):
        answer = ben.get(path(module), **always(alpha), pageSize=2, sortOrder=order, **cursor)
        met += ids(data(answer))
        meta = body_of(answer)["meta"]
        assert meta["totalCount"] == 11
        if "nextCursor" not in meta:
            break
        cursor = {"cursor": meta["nextCursor"]}
    assert met == (newest_first if order == "desc" else newest_first[::-1])


@every_module
def test_a_cursor_of_another_list_is_refused(module: Module, api: Api, alpha: Site, cast: Cast) -> None:
    fill(module, alpha, cast("ben"), 3)
    ben = api("ben")
    cursor = body_of(ben.get(path(module), **always(alpha), pageSize=1))["meta"]["nextCursor"]
    for other in ({"sortOrder": "asc"}, {"status": "PENDING"}, {"includeVoid": "true"}):
        assert bad_fields(ben.get(path(module), **always(alpha), cursor=cursor, **other)) == {"cursor"}
    assert bad_fields(ben.get(path(module), **always(alpha), cursor="zebra")) == {"cursor"}
    other_module = next(one for one in MODULES.values() if one is not module)
    assert bad_fields(ben.get(path(other_module), **always(alpha), cursor=cursor)) == {"cursor"}


@pytest.mark.parametrize(
    "place", [[10**30, 1, 2], ["x", "x", "x"], ["\x00", "\ud800", "x"], [True, False, True]]
)
@pytest.mark.parametrize("sort", ["date", "quantity", "createdAt"])
def test_a_cursor_made_by_hand_is_refused(
    place: list[Any], sort: str, api: Api, alpha: Site, cast: Cast
) -> None:
    asked = always(alpha) | {"sortBy": sort}
    query = read_query(RECEIVED, {name: [str(value)] for name, value in asked.items()}, cast("ben"))
    assert bad_fields(api("ben").get("/api/received", **asked, cursor=query.cursor(place))) == {"cursor"}


@pytest.mark.parametrize(
    "altered", [["2026-13-45", 0, "x"], [1, 2, 3], ["\x00", "\x00", "\x00"], [], "[" * 900]
)
def test_an_altered_cursor_is_refused(altered: Any, api: Api, alpha: Site, cast: Cast) -> None:
    fill(RECEIVED, alpha, cast("ben"), 2)
    ben = api("ben")
    cursor = body_of(ben.get("/api/received", **always(alpha), pageSize=1))["meta"]["nextCursor"]
    mark, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    place = altered * 5 if isinstance(altered, str) else json.dumps([mark, *altered])
    forged = base64.urlsafe_b64encode(place.encode()).decode()
    assert bad_fields(ben.get("/api/received", **always(alpha), cursor=forged)) == {"cursor"}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                *COMMON,
                "materialType",
                "status",
                "shift",
                "role",
                "equipmentType",
                "vehicleId",
                "notes",
                "source",
            ]
        ),
        st.one_of(
            st.text(max_size=12),
            st.integers().map(str),
            st.dates().map(str),
            st.sampled_from(["quantity", "%", "_", "\\", "\x00", "'", "ALPHA-01"]),
        ),
        min_size=1,
    )
)
def test_no_value_of_any_parameter_is_a_fault(api: Api, alpha: Site, strange: dict[str, str]) -> None:
    answer = api("ben").get("/api/received", **(always(alpha) | strange))
    assert answer.status_code in (200, 400), answer.text


@every_module
def test_every_sortable_column_sorts(module: Module, api: Api, alpha: Site, cast: Cast) -> None:
    fill(module, alpha, cast("ben"), 3)
    ben = api("ben")
    for column in module.sortable:
        down = ids(data(ben.get(path(module), **always(alpha), sortBy=column)))
        up = ids(data(ben.get(path(module), **always(alpha), sortBy=column, sortOrder="asc")))
        assert (len(down), up) == (3, down[::-1])


def test_a_list_sorts_by_what_it_is_asked_to(api: Api, alpha: Site) -> None:
    ben = api("ben")
    by_weight = {tons: enter(ben, RECEIVED, alpha, quantity=tons)["id"] for tons in (3, 20.5, 1.25)}
    asked = ben.get("/api/received", **always(alpha), sortBy="quantity", sortOrder="asc")
    assert ids(data(asked)) == [by_weight[tons] for tons in (1.25, 3, 20.5)]


@every_module
@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"sortBy": "colour"}, "sortBy"),
        ({"sortOrder": "up"}, "sortOrder"),
        ({"page": "0"}, "page"),
        ({"page": "two"}, "page"),
        ({"status": "GONE"}, "status"),
        ({"includeVoid": "maybe"}, "includeVoid"),
        ({"colour": "red"}, "colour"),
        ({"startDate": "yesterday"}, "startDate"),
        ({"startDate": "2026-02-30"}, "startDate"),
        ({"dateFrom": "2026-01-01"}, "startDate"),
    ],
    ids=lambda each: (
        each if isinstance(each, str) else ",".join(f"{key}={value}" for key, value in each.items())
    ),
)
def test_a_bad_parameter_is_refused_by_its_name(
    module: Module, params: dict[str, str], field: str, api: Api, alpha: Site
) -> None:
    assert bad_fields(api("ben").get(path(module), **(always(alpha) | params))) == {field}


@every_module
@pytest.mark.parametrize("size", ["0", "101", "-1", "ten", "1e1", "٥"])
def test_a_bad_page_size_has_its_own_code(module: Module, size: str, api: Api, alpha: Site) -> None:
    refused(api("ben").get(path(module), **always(alpha), pageSize=size), 400, "INVALID_PAGE_SIZE")


@every_module
def test_the_largest_page_has_100_records(module: Module, api: Api, alpha: Site, cast: Cast) -> None:
    fill(module, alpha, cast("ben"), 101)
    assert len(data(api("ben").get(path(module), **always(alpha), pageSize=100))) == 100


@every_module
def test_days_are_required_and_all_missing_ones_named(module: Module, api: Api, alpha: Site) -> None:
    details = refused(api("ben").get(path(module), siteId="NOWHERE"), 400, "MISSING_REQUIRED_PARAM")
    assert details == {"param": "startDate", "missing": ["startDate", "endDate"]}
    empty = api("ben").get(path(module), startDate="2026-01-01", endDate=" ")
    assert refused(empty, 400, "MISSING_REQUIRED_PARAM")["missing"] == ["endDate"]


@every_module
def test_a_range_runs_forward_and_ends(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    backwards = {"startDate": "2026-03-02", "endDate": "2026-03-01"}
    assert refused(ben.get(path(module), **backwards, status="GONE"), 400, "INVALID_DATE_RANGE") == backwards
    one_day = {"startDate": "2026-03-01", "endDate": "2026-03-01T23:59:59+03:00"}
    assert data(ben.get(path(module), **one_day)) == []
    ten_years = {"startDate": "2010-01-01", "endDate": "2020-01-08"}
    assert data(ben.get(path(module), **ten_years)) == []
    too_long = {"startDate": "2010-01-01", "endDate": "2020-01-09"}
    assert refused(ben.get(path(module), **too_long), 400, "INVALID_DATE_RANGE") == too_long


@every_module
def test_an_unknown_site_comes_after_missing_days_and_before_a_bad_range(
    module: Module, api: Api, alpha: Site
) -> None:
    backwards = {"startDate": "2026-03-02", "endDate": "2026-03-01"}
    details = refused(api("ben").get(path(module), siteId="NOWHERE", **backwards), 400, "INVALID_SITE_ID")
    assert details == {"siteId": "NOWHERE"}


@every_module
def test_both_ends_of_a_range_count_by_either_name(module: Module, api: Api, alpha: Site, cast: Cast) -> None:
    newest_first = fill(module, alpha, cast("ben"), 5)
    first, last = (alpha.today() - timedelta(days=back) for back in (3, 1))
    asked = api("ben").get(path(module), dateFrom=first.isoformat(), dateTo=last.isoformat())
    assert ids(data(asked)) == newest_first[1:4]


@every_choice
def test_a_filter_picks_what_has_the_value_and_counts_it(
    module: Module, name: str, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    wanted = enter(ben, module, alpha)
    value, change = one_and_another(module, name, wanted)
    unwanted = enter(ben, module, alpha, alpha.today() - timedelta(days=1), **change)
    answer = ben.get(path(module), **always(alpha), **{name: value})
    assert ids(data(answer)) == [wanted["id"]]
    assert body_of(answer)["meta"]["totalCount"] == 1
    both = data(ben.get(path(module), **always(alpha)))
    assert ids(both) == [wanted["id"], unwanted["id"]]


def test_a_material_is_picked_by_type_id_or_code_and_several_add_up(api: Api, alpha: Site) -> None:
    ben = api("ben")
    coarse, fine, base = (
        enter(ben, DISPATCH, alpha, materialId=code)["id"]
        for code in ("AGG-3/4", "FINE-WASHED", "BASE-CRUSHED")
    )

    def picked(*values: str) -> set[str]:
        return set(ids(data(ben.get("/api/dispatch", **always(alpha), materialType=values))))

    assert picked("COARSE_AGGREGATE") == picked("AGG-3/4") == picked("MAT002") == {coarse}
    assert picked("COARSE_AGGREGATE", "FINE-WASHED") == {coarse, fine}
    assert picked("AGGREGATE_BASE") == {base}
    assert bad_fields(ben.get("/api/dispatch", **always(alpha), materialType="GOLD")) == {"materialType"}


def test_a_text_is_found_in_any_letter_case_and_counted(api: Api, alpha: Site) -> None:
    ben = api("ben")
    enter(ben, RECEIVED, alpha, source="New harbour")
    wanted = enter(ben, RECEIVED, alpha, source="100% Old_Harbour")
    for text in ("OLD_h", "100%", " harbour"):
        answer = ben.get("/api/received", **always(alpha), source=text)
        assert wanted["id"] in ids(data(answer))
        assert body_of(answer)["meta"]["totalCount"] == len(data(answer))
    assert ids(data(ben.get("/api/received", **always(alpha), source="old_"))) == [wanted["id"]]
    assert data(ben.get("/api/received", **always(alpha), source="%x")) == []
    assert bad_fields(ben.get("/api/received", **always(alpha), source="a\x00b")) == {"source"}


def test_a_text_beyond_ascii_is_found_as_it_is_written(api: Api, alpha: Site) -> None:
    ben = api("ben")
    wanted = enter(ben, RECEIVED, alpha, source="Äußerer HÔTEL-Kai ميناء")
    enter(ben, RECEIVED, alpha, source="Inner quay")
    # In any case too, on PostgreSQL where the locale of its database knows these letters.
    for text in ("Äuß", "HÔTEL", "ميناء", *(["äUß", "hôtel"] if database.is_sqlite() else [])):
        assert ids(data(ben.get("/api/received", **always(alpha), source=text))) == [wanted["id"]]


@every_module
def test_a_filter_the_module_has_no_column_for_is_ignored_and_named(
    module: Module, api: Api, alpha: Site
) -> None:
    ben = api("ben")
    enter(ben, module, alpha)
    answer = ben.get(path(module), **always(alpha), role="LABORER", materialType="AGG-3/4", shift="MORNING")
    ignored = {"role", "materialType", "shift"} - module.filters.keys()
    assert set(body_of(answer)["meta"].get("ignored", [])) == ignored


def test_a_type_of_machine_that_is_none_is_told_so(api: Api, alpha: Site) -> None:
    answer = api("ben").get("/api/equipment", **always(alpha), equipmentType="CAR")
    told = refused(answer, 400, "VALIDATION_ERROR")["fields"]
    assert told == {"equipmentType": ["This value is not one of the choices"]}


@every_module
def test_void_records_are_in_no_list_unless_asked_for(module: Module, api: Api, alpha: Site) -> None:
    ben = api("ben")
    gone = enter(ben, module, alpha)
    ben.delete(path(module, gone))
    kept = enter(ben, module, alpha)
    assert ids(data(ben.get(path(module), **always(alpha)))) == [kept["id"]]
    with_void = ben.get(path(module), **always(alpha), includeVoid="true")
    assert set(ids(data(with_void))) == {gone["id"], kept["id"]}
    assert body_of(with_void)["meta"]["totalCount"] == 2


@every_module
def test_without_a_site_a_list_has_all_that_the_caller_may_see(
    module: Module, api: Api, alpha: Site, beta: Site
) -> None:
    ada = api("ada")
    at_alpha, at_beta = enter(ada, module, alpha)["id"], enter(ada, module, beta)["id"]

    def seen(nick: str, **params: Any) -> set[str]:
        return set(ids(data(api(nick).get(path(module), **always(alpha), **params))))

    assert seen("ada") == seen("ada", siteIds=f"{alpha.code},{beta.id}") == {at_alpha, at_beta}
    assert seen("ada", siteId=[alpha.id, beta.code]) == {at_alpha, at_beta}
    assert seen("ben") == seen("ada", siteId=alpha.code) == {at_alpha}
    assert seen("cleo") == {at_beta}


@every_module
def test_a_list_costs_as_many_statements_with_100_records_as_with_3(
    module: Module, api: Api, alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = api("ben")
    fill(module, alpha, cast("ben"), 3)
    few = statements(monkeypatch, lambda: ben.get(path(module), **always(alpha), pageSize=100))
    bodies = [
        as_read(sample(module.name, alpha, alpha.today() - timedelta(days=10 + day))) for day in range(97)
    ]
    service.create_many(module, bodies, cast("ben"))
    many = statements(monkeypatch, lambda: ben.get(path(module), **always(alpha), pageSize=100))
    assert len(many) == len(few)
    # Of the list itself: one for its rows, one for its count.
    assert (
        len([sql for sql in many if module.model._meta.table_name in sql or f"{module.name}_total" in sql])
        == 2
    )


def statements(monkeypatch: pytest.MonkeyPatch, ask: Any) -> list[str]:
    """The SQL of one request, with the lists in memory warm and the counters just looked at."""
    ask()
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3_600)
    counters.recent()
    seen: list[str] = []
    handle = database.database.obj
    run = handle.execute_sql

    def note(sql: str, *rest: Any, **named: Any) -> Any:
        seen.append(sql)
        return run(sql, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(handle, "execute_sql", note)
        assert ask().status_code == 200
    return seen
