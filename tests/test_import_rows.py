"""What becomes of rows: whole files or good rows, each once, bad ones named."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from deskops import background, config
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import AuditEntry, broken_links
from deskops.errors import Forbidden
from deskops.exports import jobs as exports
from deskops.exports.models import COMPLETED
from deskops.imports import jobs
from deskops.imports.models import DONE, REFUSED, Import
from deskops.imports.plan import Plan
from deskops.imports.refusals import FileRefused
from deskops.imports.running import RowsRefused, check
from deskops.modules import DISPATCH, EQUIPMENT, PRODUCTION, RECEIVED
from deskops.modules.manpower import Manpower
from deskops.modules.production import Production
from deskops.modules.received import Received
from deskops.records import listing, service, totals
from deskops.records.query import read_query
from deskops.schema.counters import recent
from tests.import_fixtures import LOADS, LOADS_PLAN, Excerpt, Heard, imported, ordered

Cast = Callable[[str], Actor]
SKIPPING = Plan(columns=LOADS_PLAN.columns, units=LOADS_PLAN.units, aliases=LOADS_PLAN.aliases, skip_bad=True)
GOOD = "\n".join(LOADS.splitlines()[place] for place in (0, 1, 2, 3, 7)) + "\n"


@pytest.fixture(autouse=True)
def _used(settings: config.Settings, fresh_book: None) -> None:
    background.use(settings)


def stored() -> list[tuple[str, str, Decimal, str | None]]:
    found = Received.select().order_by(Received.date, Received.quantity, Received.id)
    return [(str(one.date), one.material.code, one.quantity, one.source) for one in found]


def test_a_dry_run_names_every_bad_row_and_writes_nothing(alpha: Site, excerpt: Excerpt) -> None:
    heard = Heard()
    tally = check(ordered(excerpt("loads.csv", LOADS), alpha, LOADS_PLAN), heard)
    assert (tally.rows, tally.bad, tally.good, tally.already_there) == (7, 3, 4, 0)
    assert heard.reasons == [
        (5, "quantity", "Blank: a value is required"),
        (6, "quantity", "Must be at least 0.001"),
        (7, "quantity", "Less than half a kilogram, the smallest weight that is kept"),
    ]
    assert [fault.value for bad in heard.bad for fault in bad.faults] == ["", "0.0", "0.298"]
    assert tally.sums["quantity"] == Decimal("2.170")
    assert stored() == []
    assert Import.select().count() == 0


def test_one_bad_row_refuses_the_whole_file(alpha: Site, excerpt: Excerpt) -> None:
    with pytest.raises(RowsRefused) as refused:
        imported(ordered(excerpt("loads.csv", LOADS), alpha, LOADS_PLAN))
    assert refused.value.tally.bad == 3
    assert stored() == []
    run = Import.get()
    assert (run.state, run.bad, run.stored, run.is_over) == (REFUSED, 3, 0, True)


def test_a_good_file_is_imported_whole_with_equal_loads_kept(alpha: Site, excerpt: Excerpt) -> None:
    run, tally = imported(ordered(excerpt("loads.csv", GOOD), alpha, LOADS_PLAN))
    assert stored() == [
        ("2021-07-06", "RAW-MIXED", Decimal("0.001"), "TDS LANDFILL"),
        ("2021-07-08", "RAW-MIXED", Decimal("0.572"), "MRF"),
        ("2021-07-08", "RAW-MIXED", Decimal("0.572"), "MRF"),
        ("2021-07-08", "RAW-MIXED", Decimal("1.025"), "MRF"),
    ]
    assert (run.state, run.stored, run.progress, tally.good) == (DONE, 4, 100, 4)
    assert run.sum_texts == {"quantity": "2.170"}
    assert {one.import_id for one in Received.select()} == {run.id}
    assert totals.verify(RECEIVED) == []


def test_the_same_file_adds_nothing_and_a_longer_one_what_is_new(alpha: Site, excerpt: Excerpt) -> None:
    imported(ordered(excerpt("loads.csv", GOOD), alpha, LOADS_PLAN))
    _, again = imported(ordered(excerpt("again.csv", GOOD), alpha, LOADS_PLAN))
    assert (again.good, again.already_there) == (0, 4)
    # Another load like two that are there, and an earlier one put before all others.
    head, *rows = GOOD.splitlines(keepends=True)
    early = "2021-07-05,2021-07-05 02:15:00.000000 UTC,BRUSH,4000,MRF\n"
    longer = "".join([head, early, *rows, rows[1]])
    _, tally = imported(ordered(excerpt("longer.csv", longer), alpha, LOADS_PLAN))
    assert (tally.good, tally.already_there) == (2, 4)
    assert len(stored()) == 6


def test_a_row_is_another_at_another_site_and_with_another_unmapped_cell(
    alpha: Site, beta: Site, excerpt: Excerpt
) -> None:
    imported(ordered(excerpt("loads.csv", GOOD), alpha, LOADS_PLAN))
    _, at_beta = imported(ordered(excerpt("loads.csv", GOOD), beta, LOADS_PLAN))
    _, later = imported(ordered(excerpt("loads.csv", GOOD.replace(" 12:00", " 12:30")), alpha, LOADS_PLAN))
    assert (at_beta.good, later.good, later.already_there) == (4, 1, 3)


def test_a_void_record_is_not_brought_back(alpha: Site, excerpt: Excerpt, cast: Cast) -> None:
    imported(ordered(excerpt("loads.csv", GOOD), alpha, LOADS_PLAN))
    service.void(RECEIVED, Received.select().first().id, cast("ann"), reason="wrong")
    _, again = imported(ordered(excerpt("loads.csv", GOOD), alpha, LOADS_PLAN))
    assert (again.good, again.already_there) == (0, 4)


def test_skipped_rows_go_to_a_file_that_is_mended_and_imported(alpha: Site, excerpt: Excerpt) -> None:
    run, tally = imported(ordered(excerpt("a load's list.csv", LOADS), alpha, SKIPPING))
    assert (run.state, tally.good, tally.bad, run.bad) == (DONE, 4, 3, 3)
    assert run.reason_counts[0] == ("quantity", "Blank: a value is required", 1)
    path = jobs.bad_file(run)
    assert path is not None
    assert path.name == f"a-load-s-list-{run.id}-bad.csv"
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["deskops_reason", *LOADS.splitlines()[0].split(",")]
    assert rows[0][0] == "line 5: quantity: Blank: a value is required"
    assert rows[1][5] == "HORNSBY, BEND"
    mended = path.read_text(encoding="utf-8").replace("SWEEPING,,", "SWEEPING,500,").replace(",0.0,", ",700,")
    run, tally = imported(ordered(excerpt("mended.csv", mended), alpha, SKIPPING))
    assert (tally.good, tally.bad) == (2, 1)
    assert Decimal("0.227") in [row[2] for row in stored()]


FAULTS = [
    ("2021-07-08,TIRES,1,MRF", "materialId", 'There is none by the name "TIRES": correct it, or add'),
    ("soon,RAW-MIXED,1,MRF", "date", "Must be a date, YYYY-MM-DD"),
    ("2999-01-01,RAW-MIXED,1,MRF", "date", "Must not be later than the site's today"),
    ("2021-07-08,RAW-MIXED,NA,MRF", "quantity", "Must be a number"),
    ("2021-07-08,RAW-MIXED,-3,MRF", "quantity", "Must be at least 0.001"),
    ("2021-07-08,RAW-MIXED,1.2345,MRF", "quantity", "At most 3 decimals"),
    ('2021-07-08,RAW-MIXED,"2,260",MRF', "quantity", "2,260 may be thousands or a fraction"),
    ("2021-07-08,RAW-MIXED,1," + "x" * 201, "source", "201 characters, 200 at most: shorten it"),
    ("2021-07-08,RAW-MIXED,1", "", "It has 3 cells, the header has 4"),
    ("2021-07-08,RAW-MIXED,1,MRF,more", "", "It has 5 cells, the header has 4"),
]


@pytest.mark.parametrize(("row", "field", "reason"), FAULTS)
def test_a_bad_row_is_named_with_its_cure(
    alpha: Site, excerpt: Excerpt, row: str, field: str, reason: str
) -> None:
    heard = Heard()
    check(ordered(excerpt("a.csv", f"date,materialId,quantity,source\n{row}\n"), alpha, Plan()), heard)
    assert [(line, name) for line, name, _ in heard.reasons] == [(2, field)]
    assert heard.reasons[0][2].startswith(reason)


def test_everything_wrong_with_a_row_is_told(alpha: Site, excerpt: Excerpt) -> None:
    heard = Heard()
    check(ordered(excerpt("a.csv", "date,materialId,quantity\nx,y,z\n"), alpha, Plan()), heard)
    assert [field for _, field, _ in heard.reasons] == ["date", "materialId", "quantity"]


def test_aliases_dates_and_decimals_are_read_as_the_plan_says(alpha: Site, excerpt: Excerpt) -> None:
    text = "Tag;Stoff;Menge;Schicht\n31.12.2020; Bauschutt ;1.234,5;Früh\n30.12.2020;sonst;2,5;Spät\n"
    plan = Plan(
        columns={"date": "Tag", "material": "Stoff", "quantity": "Menge", "shift": "Schicht"},
        aliases={"material": {"BAUSCHUTT": "RAW-MIXED", "*": "AGG-G1"}, "shift": {"früh": "morning", "Spät": "NIGHT"}},
        date_format="%d.%m.%Y",
        decimal="comma",
    )  # fmt: skip
    imported(ordered(excerpt("a.csv", text), alpha, plan, "production"))
    found = sorted(Production.select(), key=lambda record: record.date)
    assert [(str(one.date), one.material.code, one.quantity, one.shift) for one in found] == [
        ("2020-12-30", "AGG-G1", Decimal("2.500"), "NIGHT"),
        ("2020-12-31", "RAW-MIXED", Decimal("1234.500"), "MORNING"),
    ]


def test_a_material_type_stands_for_its_default(alpha: Site, excerpt: Excerpt) -> None:
    text = "date,materialType,quantity\n2021-01-01,CRUSHED_CONCRETE,1\n2021-01-01,CRUSHED_CONCRETE,2\n"
    imported(ordered(excerpt("a.csv", text), alpha, Plan(columns={
        "date": "date", "materialType": "materialType", "quantity": "quantity"})))  # fmt: skip
    assert {row[1] for row in stored()} == {"RAW-CONCRETE"}


PRODUCED = "date,materialId,quantity,shift\n2021-01-01,AGG-G1,1,NIGHT\n2021-01-02,AGG-G1,2,\n"


def test_a_taken_key_is_a_bad_row(alpha: Site, excerpt: Excerpt, cast: Cast) -> None:
    sent = {"siteId": alpha.id, "date": "2021-01-02", "materialId": "AGG-G1", "quantity": Decimal(9)}
    service.create(PRODUCTION, sent, cast("ann"))
    heard = Heard()
    order = ordered(excerpt("a.csv", PRODUCED), alpha, Plan(), "production")
    tally = check(order, heard)
    assert (tally.good, tally.bad) == (1, 1)
    assert heard.reasons == [
        (3, "siteId, date, shift, materialId, operation",
         "The same was entered already: siteId, date, shift, materialId, operation")
    ]  # fmt: skip
    with pytest.raises(RowsRefused):
        imported(order)
    skipping = ordered(excerpt("a.csv", PRODUCED), alpha, Plan(skip_bad=True), "production")
    run, tally = imported(skipping)
    assert (tally.good, tally.bad, run.bad) == (1, 1, 1)
    assert jobs.bad_file(run) is not None


@pytest.mark.parametrize("together", [20_000, 1])
def test_a_key_twice_in_the_file_is_a_bad_row(
    alpha: Site, excerpt: Excerpt, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr("deskops.imports.running.ONE_TRANSACTION_ROWS", together)
    text = PRODUCED + "2021-01-01,AGG-G1,3,NIGHT\n"
    order = ordered(excerpt("a.csv", text), alpha, Plan(), "production")
    heard = Heard()
    assert check(order, heard).bad == 1
    assert heard.bad[0].row.line == 4
    with pytest.raises(RowsRefused):
        imported(order)
    assert PRODUCTION.model.select().count() == 0


def test_hours_of_a_unit_are_added_up_over_the_rows_of_a_day(alpha: Site, excerpt: Excerpt) -> None:
    text = (
        "date,equipmentId,shift,runHours\n2021-01-01,CRUSHER-01,MORNING,14\n2021-01-01,CRUSHER-01,NIGHT,11\n"
    )
    heard = Heard()
    tally = check(ordered(excerpt("a.csv", text), alpha, Plan(), "equipment"), heard)
    assert (tally.good, tally.bad, heard.bad[0].row.line) == (1, 1, 3)
    assert EQUIPMENT.model.select().count() == 0


def test_head_counts_come_in_too(alpha: Site, excerpt: Excerpt) -> None:
    text = "date,role,presentCount,hours\n2021-01-01,LABORER,20,160\n2021-01-02,SECURITY,30.5,8\n"
    run, tally = imported(ordered(excerpt("a.csv", text), alpha, Plan(skip_bad=True), "manpower"))
    assert (tally.good, tally.bad) == (1, 1)
    assert run.reason_counts == [("presentCount", "Must be a whole number", 1)]
    assert Manpower.get().total_hours == Decimal("160.00")


def test_who_may_not_import_is_refused_before_the_file_is_read(
    alpha: Site, cast: Cast, excerpt: Excerpt
) -> None:
    for nick in ("vera", "cleo"):
        with pytest.raises(Forbidden):
            imported(ordered(excerpt("a.csv", GOOD), alpha, LOADS_PLAN, actor=cast(nick)))
    run, _ = imported(ordered(excerpt("a.csv", GOOD), alpha, LOADS_PLAN, actor=cast("ben")))
    assert {one.created_by for one in Received.select()} == {run.user_id} == {cast("ben").user_id}


def test_an_import_stands_in_the_audit_trail(alpha: Site, excerpt: Excerpt) -> None:
    before = recent().get(alpha.id, 0)
    run, _ = imported(ordered(excerpt("a.csv", GOOD), alpha, LOADS_PLAN))
    entries = AuditEntry.select().where(AuditEntry.subject_id == run.id).order_by(AuditEntry.sequence)
    assert [entry.verb for entry in entries] == ["IMPORT_BEGUN", "IMPORTED", "IMPORT_DONE"]
    assert '"records":[0,4]' in entries[2].changes
    assert broken_links(alpha.id) == []
    assert recent()[alpha.id] > before


def test_a_file_that_cannot_be_read_leaves_no_trace(alpha: Site, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(GOOD.encode() + b"\xff\xfe")
    with pytest.raises(FileRefused):
        imported(ordered(path, alpha, LOADS_PLAN))
    assert Import.select().count() == 0


def test_an_export_comes_in_again_as_it_was(
    alpha: Site, cast: Cast, excerpt: Excerpt, settings: config.Settings
) -> None:
    ann = cast("ann")
    texts = ["=1+1", "'quoted", "-5", "two\nlines", 'a "b", c', "plain"]
    for number, text in enumerate(texts, start=1):
        sent = {"siteId": alpha.id, "date": "2021-01-01", "materialId": "AGG-3/4", "trips": number}
        service.create(DISPATCH, sent | {"quantity": Decimal(number), "notes": text, "time": "07:15"}, ann)
    days = {"start": "2021-01-01", "end": "2021-01-01"}
    job = exports.create(
        ann, {"format": "csv", "module": "dispatch", "columns": [], "filters": {"dateRange": days}}
    )
    exports.run(job.id)
    done = exports.get(ann, job.id)
    assert done.status == COMPLETED
    with exports.open_file(done).file as file:
        path = excerpt("again.csv", "")
        path.write_bytes(file.read())
    params = {"siteId": [alpha.id], "startDate": ["2021-01-01"], "endDate": ["2021-01-01"]}
    query = read_query(DISPATCH, params, ann)
    kept = ("date", "time", "quantity", "trips", "notes", "operation", "status")

    def shown() -> list[list[object]]:
        rows = listing.list_page(DISPATCH, query).records
        return sorted([[getattr(row, name) for name in kept] for row in rows], key=str)

    before = shown()
    for record in listing.list_page(DISPATCH, query).records:
        service.void(DISPATCH, record.id, ann, reason="to be imported")
    _, tally = imported(ordered(path, alpha, Plan(), "dispatch"))
    assert tally.good == len(texts)
    assert shown() == before


def test_a_row_of_another_site_is_a_bad_row(alpha: Site, beta: Site, excerpt: Excerpt) -> None:
    text = f"date,siteId,materialId,quantity\n2021-01-01,{beta.code},AGG-G1,1\n2021-01-01,{alpha.code},AGG-G1,2\n"
    heard = Heard()
    assert check(ordered(excerpt("a.csv", text), alpha, Plan()), heard).good == 1
    assert heard.reasons == [(2, "siteId", "This row is of another site than the import")]
