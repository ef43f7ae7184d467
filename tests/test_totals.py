"""The totals always equal the records, whatever was entered, corrected and voided in which order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import DeskOpsError
from deskops.modules import MODULES, RECEIVED
from deskops.records import listing, service, totals
from deskops.records.module import Module
from deskops.records.query import read_query
from tests.samples import as_read, sample

Cast = Callable[[str], Actor]
STATUSES = ("ACTIVE", "PENDING", "COMPLETED", "CANCELLED")
STEP = st.tuples(
    st.sampled_from(["enter", "enter", "correct", "void"]),
    st.integers(0, 30),
    st.fixed_dictionaries(
        {"days_ago": st.integers(0, 2), "shift": st.sampled_from(["MORNING", "NIGHT", None])},
        optional={"status": st.sampled_from(STATUSES), "tons": st.integers(1, 999_999_999)},
    ),
)


def values_of(module: Module, site: Site, choice: dict[str, Any]) -> dict[str, Any]:
    """What a step sends: only what the module has a field for."""
    day = (site.today() - timedelta(days=choice["days_ago"])).isoformat()
    sent: dict[str, Any] = {"date": day, "shift": choice["shift"]}
    if "status" in choice:
        sent["status"] = choice["status"]
    if "tons" in choice:
        sent["quantity"] = Decimal(choice["tons"]).scaleb(-3)
    return {key: value for key, value in sent.items() if key in module.schema.accepted}


def take_step(module: Module, site: Site, actor: Actor, step: Any, made: list[Any]) -> None:
    verb, number, choice = step
    values = values_of(module, site, choice)
    try:
        if verb == "enter":
            body = as_read(sample(module.name, site)) | values
            made.append(service.create(module, body, actor).record)
        elif made and verb == "correct":
            service.correct(module, made[number % len(made)].id, values, actor)
        elif made:
            service.void(module, made[number % len(made)].id, actor, reason="a step back")
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise


@pytest.mark.parametrize("module", MODULES.values(), ids=list(MODULES))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=25))
def test_totals_and_counts_equal_the_records_after_any_steps(
    alpha: Site, cast: Cast, module: Module, steps: list[Any]
) -> None:
    actor = cast("ann")
    for table in (listing.table(module), totals.table_name(module)):
        database.execute(f"DELETE FROM {table}")
    made: list[Any] = []
    for step in steps:
        take_step(module, alpha, actor, step, made)
    assert totals.verify(module) == []
    days = {
        "startDate": [str(alpha.today() - timedelta(days=2))],
        "endDate": [str(alpha.today())],
        "pageSize": ["100"],
    }
    page = listing.list_page(module, read_query(module, days, actor))
    assert page.total_count == len(page.records) == sum(1 for _ in live(module))


def live(module: Module) -> list[Any]:
    return database.rows(f"SELECT id FROM {listing.table(module)} WHERE voided_at IS NULL")


def test_a_total_that_is_off_is_named_with_both_figures(alpha: Site, cast: Cast) -> None:
    service.create(RECEIVED, as_read(sample("received", alpha)), cast("ann"))
    database.execute("UPDATE received_total SET quantity = quantity + 5")
    (line,) = totals.verify(RECEIVED)
    assert "quantity is 18045, the records say 18040" in line


def test_a_day_sums_what_counts(alpha: Site, cast: Cast) -> None:
    """Worked by hand: 18.040 active + 2.000 pending; 50 cancelled and 7 void stay out."""
    for tons, status in ((18.04, "ACTIVE"), (2, "PENDING"), (50, "CANCELLED")):
        body = as_read(sample("received", alpha, quantity=tons, status=status))
        service.create(RECEIVED, body, cast("ann"))
    gone = service.create(RECEIVED, as_read(sample("received", alpha, quantity=7)), cast("ann")).record
    service.void(RECEIVED, gone.id, cast("ann"), reason="typed twice")
    today = alpha.today()
    assert totals.by_day(RECEIVED, alpha.id, today, today, "quantity") == {today: (2, Decimal("20.040"))}
