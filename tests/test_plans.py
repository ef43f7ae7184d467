"""No question to a list scans a table: the database is asked how it would answer each statement."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import BLOCK, WARN, Site
from deskops.days import blockers, closing, sheet
from deskops.days.board import days_of
from deskops.insight import age, completeness, inventory, metrics, targets
from deskops.insight.balance import mass_balance
from deskops.insight.explained import DAYS_APART, explained
from deskops.insight.stock import GROUPINGS, MADE_OF, inventory_levels, levels_of_day
from deskops.ledger.preview import effects
from deskops.ledger.reckoning import reckoned_day
from deskops.modules import DISPATCH, EVERY_MODULE, MODULES, OPENINGS, PRODUCTION, RECEIVED, TARGETS
from deskops.records import listing, service, totals
from deskops.records.module import Module
from deskops.records.query import read_query
from deskops.sanity import reviews
from deskops.schema import counters, references
from deskops.schema.fields import AnyOf
from tests.samples import MATERIALS, as_read, sample
from tests.statements import plan_of
from tests.stock_book import STONE, Book

Cast = Callable[[str], Actor]
WITH_A_PLAN = ("SELECT", "INSERT", "UPDATE", "DELETE")
every_module = pytest.mark.parametrize("module", MODULES.values(), ids=list(MODULES))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Every statement that is run from here on, with its parameters."""
    seen: list[tuple[str, Any]] = []
    handle = database.database.obj
    run = handle.execute_sql

    def note(sql: str, params: Any = None, *rest: Any) -> Any:
        seen.append((sql, params))
        return run(sql, params, *rest)

    monkeypatch.setattr(handle, "execute_sql", note)
    return seen


def value_for(module: Module, name: str) -> str:
    """A value that this filter takes."""
    field, one = module.filters[name]
    if not isinstance(one, AnyOf):
        return "a piece"
    if not field.reference:
        return field.choices[0]
    row = field.reference.select().first()
    return str(getattr(row, one.by) if one.by else row.code)


def questions(module: Module, site: Site) -> list[dict[str, list[str]]]:
    """Every filter alone, every two of them, and every order; the first part, a later one, and all sites."""
    filters = {name: value_for(module, name) for name in module.filters}
    sets = [{}, *({name: filters[name]} for name in filters)]
    sets += [{one: filters[one], two: filters[two]} for one, two in itertools.combinations(filters, 2)]
    sets += [{"includeVoid": "true"}]
    days = {"startDate": str(site.today() - timedelta(days=900)), "endDate": str(site.today())}
    found = []
    for chosen, order, more in itertools.product(sets, ("asc", "desc"), ({}, {"page": "2", "pageSize": "1"})):
        found.append({**days, "siteId": site.code, "sortOrder": order, **chosen, **more})
    for name, part in itertools.product(module.sortable, ({"siteId": site.code}, {})):
        found.append({**days, "sortBy": name, **part})
    return [{name: [value] for name, value in one.items()} for one in found]


def fill(module: Module, site: Site, actor: Actor) -> None:
    for number in range(4):
        service.create(
            module, as_read(sample(module.name, site, site.today() - timedelta(days=number))), actor
        )


@every_module
def test_every_filter_and_sort_is_served_by_an_index(
    module: Module, alpha: Site, beta: Site, cast: Cast, asked: list[tuple[str, Any]]
) -> None:
    ada = cast("ada")
    fill(module, alpha, ada)
    fill(module, beta, ada)
    asked.clear()
    for params in questions(module, alpha):
        query = read_query(module, params, ada)
        page = listing.list_page(module, query)
        listing.sums(module, query)
        if page.next_cursor:
            listing.list_page(module, read_query(module, params | {"cursor": [page.next_cursor]}, ada))
    statements = {sql: params for sql, params in asked if sql.startswith("SELECT") and module.name in sql}
    assert len(statements) > 20
    for sql, params in statements.items():
        refuse_scan(module, sql, params)


@every_module
def test_a_walk_and_the_totals_of_days_are_served_by_an_index(
    module: Module, alpha: Site, cast: Cast, asked: list[tuple[str, Any]]
) -> None:
    ada = cast("ada")
    fill(module, alpha, ada)
    asked.clear()
    measures = [field.name for field in module.measures]
    names = [field.name for field in module.dimensions]
    for by in ([], *([name] for name in names), names):
        totals.by_day(module, alpha.id, alpha.today() - timedelta(days=900), alpha.today(), measures, by=by)
    for params in questions(module, alpha):
        assert list(listing.walk(module, read_query(module, params, ada))) is not None
    for sql, params in asked:
        if sql.startswith("SELECT") and module.name in sql:
            refuse_scan(module, sql, params)


def test_the_figures_of_the_stock_are_served_by_an_index(
    alpha: Site, cast: Cast, asked: list[tuple[str, Any]]
) -> None:
    today, long_ago = alpha.today(), alpha.today() - timedelta(days=900)
    book = Book(alpha, cast("ann"), today - timedelta(days=4))
    book.enter(OPENINGS, 0, STONE, "100")
    book.keep(TARGETS, 0, stockLowTons=Decimal(50))
    for offset in (0, 2):
        book.enter(RECEIVED, offset, STONE, "10")
        book.nil(offset, ["production", "dispatch"])
    asked.clear()
    metrics.inventory_current(alpha)
    for grouping in GROUPINGS:
        inventory_levels(alpha, long_ago, today, grouping)
    for day in (book.day(2), today):
        levels_of_day(alpha, day)
    inventory.snapshots(alpha, long_ago, today)
    inventory.count([alpha.id], long_ago, today)
    targets.in_force(alpha, long_ago, today)
    completeness.of_stock(alpha, today)
    age.entered_at(alpha.id, MADE_OF)
    assert len([sql for sql, _ in asked if sql.startswith("SELECT")]) > 15
    refuse_whole_reads(asked)


def test_what_a_change_moves_is_found_by_an_index(
    alpha: Site, cast: Cast, asked: list[tuple[str, Any]]
) -> None:
    book = whole_week(alpha, cast)
    set_policy(alpha, BLOCK)
    load = book.enter(RECEIVED, 4, STONE, "10")
    asked.clear()
    book.enter(DISPATCH, 0, STONE, "5")
    book.keep(
        PRODUCTION,
        0,
        **as_read(sample("production", alpha, book.day(0))),
        feedMaterialId=STONE,
        feedQuantity=Decimal(3),
    )
    service.correct(RECEIVED, load.id, {"quantity": Decimal(12)}, cast("ann"))
    effects(RECEIVED, load, load.copy(date=book.day(1)))
    service.void(RECEIVED, load.id, cast("ann"), reason="Twice")
    set_policy(alpha, WARN)
    book.enter(DISPATCH, 1, STONE, "5")
    assert len(asked) > 60
    refuse_whole_reads(asked)


def test_the_days_and_the_balance_are_served_by_an_index(
    alpha: Site, cast: Cast, asked: list[tuple[str, Any]]
) -> None:
    book, ann = whole_week(alpha, cast), cast("ann")
    first, last = book.day(0), book.day(5)
    asked.clear()
    days_of(alpha, first - timedelta(days=900), last, with_people=True)
    blockers.blockers(alpha, last)
    completeness.of_days(alpha, list(MODULES), first - timedelta(days=900), last)
    closing.close(alpha, first, ann, reason="Enough", override=True)
    closing.reopen(alpha, first, ann, "One more load")
    closing.moved_since(alpha, first)
    sheet.sheet_of(alpha, first)
    explained(alpha, last)
    mass_balance(alpha, first - timedelta(days=900), last)
    reviews.open_reviews([alpha.id])
    assert len(asked) > 60
    refuse_whole_reads(asked)


def test_a_day_long_after_the_last_stored_one_is_summed_by_the_database(
    alpha: Site, cast: Cast, asked: list[tuple[str, Any]]
) -> None:
    book = Book(alpha, cast("ann"), alpha.today() - timedelta(days=40))
    book.enter(OPENINGS, 0, STONE, "100")
    for offset in range(41):
        book.enter(RECEIVED, offset, STONE, "10")
    asked.clear()
    assert reckoned_day(alpha.id, alpha.today()).popitem()[1] == (500_000, 0, 10_000, 0, 0, 510_000)
    told = explained(alpha, alpha.today()).popitem()[1]
    assert (len(told.lines), told.lines[0].records, told.closing) == (DAYS_APART + 1, 27, 510)
    for sql, params in list(asked):
        assert len(database.database.execute_sql(sql, params).fetchall()) <= len(MATERIALS), sql


def whole_week(site: Site, cast: Cast) -> Book:
    """A ledger with two stored days, a survey, a target, a weight of loads and an entry that waits for review."""
    book = Book(site, cast("ann"), site.today() - timedelta(days=5))
    book.enter(OPENINGS, 0, STONE, "100")
    book.keep(TARGETS, 0, stockLowTons=Decimal(50))
    for offset in (0, 2):
        book.enter(RECEIVED, offset, STONE, "10")
        book.nil(offset, ["production", "dispatch"])
    for name in ("surveys", "factors", "equipment"):
        book.keep(EVERY_MODULE[name], 1, **as_read(sample(name, site, book.day(1))))
    book.enter(RECEIVED, 2, STONE, "10")
    return book


def set_policy(site: Site, policy: str) -> None:
    with database.transaction():
        database.execute("UPDATE site SET stock_policy = ? WHERE id = ?", (policy, site.id))
        counters.take([counters.LISTS])
    references.forget()


# These grow with the records or with the days; of an opening there is one a material and site.
GROWING = "|".join(
    sorted(
        {
            *(module.model._meta.table_name for module in EVERY_MODULE.values() if module is not OPENINGS),
            *(f"{name}_total" for name in EVERY_MODULE),
            *("inventory_snapshot", "snapshot_day", "day_closing", "review", "audit_entry"),
        }
    )
)


def refuse_whole_reads(asked: list[tuple[str, Any]]) -> None:
    """No scan of a table, and on SQLite, whose plan does not hang on its sizes, none of all that a site has."""
    table = f"(?:{GROWING})"
    whole = rf"SCAN {table}\b.*|Seq Scan on {table}\b|SEARCH {table} (?!.*review_open).*\(site_id=\?\)"
    # The last of an index is one look, though its plan reads like all of them; only open reviews are in theirs.
    asked = [(sql, params) for sql, params in asked if not sql.startswith("SELECT MAX(created_at)")]
    for sql, params in {sql: params for sql, params in asked if sql.startswith(WITH_A_PLAN)}.items():
        plan = plan_of(sql, params)
        found = re.findall(whole, plan)
        assert not found, f"{sql}\n{plan}"


def refuse_scan(module: Module, sql: str, params: Any) -> None:
    plan = plan_of(sql, params)
    tables = f"({listing.table(module)}|{module.name}_total)"
    # SQLite names a scan by its table, also one of a whole index; PostgreSQL calls it sequential.
    scans = re.findall(rf"SCAN {tables}\b.*|Seq Scan on {tables}\b", plan)
    assert not scans, f"{sql}\n{plan}"


def test_a_scan_would_be_seen(alpha: Site) -> None:
    module = MODULES["received"]
    with pytest.raises(AssertionError):
        refuse_scan(module, "SELECT COUNT(*) FROM received WHERE notes IS NOT NULL", ())
