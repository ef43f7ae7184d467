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
from deskops.modules import MANPOWER, MODULES, RECEIVED
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
    lines = totals.verify(RECEIVED)
    # Of the load's material and status together, of each alone, and of its day.
    assert len(lines) == 4
    assert all("quantity is 18045, the records say 18040" in line for line in lines)
    with database.transaction():
        totals.rebuild(RECEIVED)
    assert totals.verify(RECEIVED) == []


def test_a_total_of_nothing_is_named(alpha: Site, cast: Cast) -> None:
    service.create(RECEIVED, as_read(sample("received", alpha)), cast("ann"))
    database.execute("DELETE FROM received")
    assert len([line for line in totals.verify(RECEIVED) if "records is 1, the records say 0" in line]) == 4


def test_a_day_sums_what_counts(alpha: Site, cast: Cast) -> None:
    """Worked by hand: 18.040 active + 2.000 pending; 50 cancelled and 7 void stay out."""
    for tons, status in ((18.04, "ACTIVE"), (2, "PENDING"), (50, "CANCELLED")):
        body = as_read(sample("received", alpha, quantity=tons, status=status))
        service.create(RECEIVED, body, cast("ann"))
    gone = service.create(RECEIVED, as_read(sample("received", alpha, quantity=7)), cast("ann")).record
    service.void(RECEIVED, gone.id, cast("ann"), reason="typed twice")
    today = alpha.today()
    (total,) = totals.by_day(RECEIVED, alpha.id, today, today, ["quantity"])
    assert total == (today, (), 2, (Decimal("20.040"),))


def test_days_are_told_apart_by_what_is_asked(alpha: Site, cast: Cast) -> None:
    """Worked by hand: mornings 3 + 4 present drivers and 9 laborers, one night 5 drivers, one shift unnamed."""
    today, yesterday = alpha.today(), alpha.today() - timedelta(days=1)
    for day, shift, role, present in (
        (yesterday, "MORNING", "EQUIPMENT_DRIVER", 3),
        (today, "MORNING", "EQUIPMENT_DRIVER", 4),
        (today, "MORNING", "LABORER", 9),
        (today, "NIGHT", "EQUIPMENT_DRIVER", 5),
        (today, None, "EQUIPMENT_DRIVER", 2),
    ):
        body = sample("manpower", alpha, day, shift=shift, role=role, presentCount=present, totalHours=0)
        service.create(MANPOWER, as_read(body), cast("ann"))

    def told(by: list[str], **where: list[str]) -> list[tuple[Any, ...]]:
        days = totals.by_day(MANPOWER, alpha.id, yesterday, today, ["present_count"], by=by, where=where)
        return [(each.day, each.group, each.records, each.sums[0]) for each in days]

    assert told([]) == [(yesterday, (), 1, 3), (today, (), 4, 20)]
    assert told(["role"], role=["ROLE_LABORER"]) == [(today, ("ROLE_LABORER",), 1, 9)]
    assert told(["shift"], role=["ROLE_EQUIPMENT_DRIVER"]) == [
        (yesterday, ("MORNING",), 1, 3),
        (today, ("",), 1, 2),
        (today, ("MORNING",), 1, 4),
        (today, ("NIGHT",), 1, 5),
    ]
