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
from deskops.accounts.models import Site
from deskops.insight import age, completeness, inventory, metrics, targets
from deskops.insight.stock import GROUPINGS, MADE_OF, inventory_levels, levels_of_day
from deskops.modules import MODULES, OPENINGS, RECEIVED, TARGETS
from deskops.records import listing, service, totals
from deskops.records.module import Module
from deskops.records.query import read_query
from deskops.schema.fields import AnyOf
from tests.samples import as_read, sample
from tests.statements import plan_of
from tests.stock_book import STONE, Book

Cast = Callable[[str], Actor]
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
    tables = {
        "inventory_snapshot",
        "snapshot_day",
        "target",
        "nil_return",
        "opening",
        "site_ledger",
        *MODULES,
    }
    statements = {sql: params for sql, params in asked if sql.startswith("SELECT")}
    assert len(statements) > 15
    for sql, params in statements.items():
        plan = plan_of(sql, params)
        scans = re.findall(rf"SCAN (?:{'|'.join(tables)})\b.*|Seq Scan on (?:{'|'.join(tables)})\b", plan)
        assert not scans, f"{sql}\n{plan}"


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
