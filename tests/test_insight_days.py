"""Which day a record belongs to, what counts at all, and what a figure asks the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site
from deskops.insight import metrics
from deskops.insight.attendance import manpower_attendance
from deskops.insight.flows import flow_trend, production_vs_target
from deskops.insight.recycling import recycling_rate
from deskops.insight.utilization import utilization_of_units, utilization_trend
from deskops.modules import DISPATCH, EQUIPMENT, MANPOWER, MODULES, PRODUCTION, RECEIVED
from deskops.records import service
from deskops.schema import counters
from tests.api_contract import Cast, fill
from tests.entries import MONDAY, TUESDAY, clock_at, entering, tons
from tests.statements import counted

CHARTS: dict[str, Callable[[Site, date, date], Any]] = {
    "flow trend": flow_trend,
    "production against target": production_vs_target,
    "attendance": manpower_attendance,
    "utilization trend": utilization_trend,
    "utilization of units": utilization_of_units,
    "recycling rate": recycling_rate,
}
FIGURES: dict[str, Callable[[Site], Any]] = {
    "production": metrics.production_today,
    "received": metrics.received_today,
    "dispatched": metrics.dispatched_today,
    "utilization": metrics.utilization_today,
}
THREE_YEARS = timedelta(days=1_095)


def yard(code: str, timezone: str) -> Site:
    return people.save_site({"code": code, "name": code, "timezone": timezone}, SYSTEM)


@pytest.mark.parametrize(
    ("timezone", "moment", "today"),
    [
        # Riyadh is three hours ahead of UTC: its midnight is 21:00.
        ("Asia/Riyadh", "2026-03-02T20:59:59", MONDAY),
        ("Asia/Riyadh", "2026-03-02T21:00:00", TUESDAY),
        # Los Angeles is eight hours behind in winter: its midnight is 08:00.
        ("America/Los_Angeles", "2026-03-03T07:59:59", MONDAY),
        ("America/Los_Angeles", "2026-03-03T08:00:00", TUESDAY),
        # And seven in summer time, since 8 March.
        ("America/Los_Angeles", "2026-03-10T06:59:59", MONDAY + timedelta(days=7)),
        ("America/Los_Angeles", "2026-03-10T07:00:00", TUESDAY + timedelta(days=7)),
    ],
)
def test_today_begins_at_the_sites_own_midnight(
    timezone: str, moment: str, today: date, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = yard("FAR-01", timezone)
    clock_at(monkeypatch, moment)
    enter = entering(site, cast("ada"))
    enter(RECEIVED, today, quantity=3)
    enter(RECEIVED, today - timedelta(days=1), quantity=2)
    enter(RECEIVED, today - timedelta(days=6), quantity=1)
    found = metrics.received_today(site)
    assert (found.value, found.previous_value, found.change) == (3, 2, 50)
    assert found.sparkline == tons("1", "0", "0", "0", "0", "2", "3")


def test_at_one_moment_two_sites_have_different_days(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 22:30 UTC it is Tuesday 01:30 in Riyadh and Monday 14:30 in Los Angeles."""
    near, far = yard("NEAR-01", "Asia/Riyadh"), yard("FAR-01", "America/Los_Angeles")
    clock_at(monkeypatch, "2026-03-02T22:30:00")
    for site in (near, far):
        entering(site, cast("ada"))(DISPATCH, MONDAY, quantity=5)
    assert (metrics.dispatched_today(near).value, metrics.dispatched_today(near).previous_value) == (0, 5)
    assert (metrics.dispatched_today(far).value, metrics.dispatched_today(far).previous_value) == (5, 0)


def test_a_night_shift_belongs_to_the_day_it_began_on(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entered on Tuesday at 05:00, a part of Monday's night: it is in Monday's figures, and in none of Tuesday's."""
    clock_at(monkeypatch, "2026-03-03T02:00:00")
    enter = entering(alpha, cast("ben"))
    enter(PRODUCTION, MONDAY, shift="NIGHT", quantity=40)
    enter(MANPOWER, MONDAY, shift="NIGHT")
    enter(EQUIPMENT, MONDAY, shift="NIGHT", runHours=6, idleHours=2, downtimeHours=0)
    figure = metrics.production_today(alpha)
    assert (figure.value, figure.previous_value) == (0, 40)
    monday, tuesday = production_vs_target(alpha, MONDAY, TUESDAY)
    assert (monday.production, tuesday.production) == (40, 0)
    assert [row.date for row in manpower_attendance(alpha, MONDAY, TUESDAY)] == [MONDAY]
    monday_rates, tuesday_rates = utilization_trend(alpha, MONDAY, TUESDAY)
    assert monday_rates.rates["CRUSHING_SCREENING"] == 75
    assert tuesday_rates.rates["CRUSHING_SCREENING"] is None
    utilization = metrics.utilization_today(alpha)
    assert (utilization.value, utilization.previous_value, utilization.change) == (0, 75, -100)


def test_utilization_is_what_ran_of_all_hours_of_the_day(alpha: Site, cast: Cast) -> None:
    """6.5 + 1 of 8 + 4 hours are 62.5 % today, 4 of 8 yesterday are 50 %: a change of 25 %."""
    today = alpha.today()
    enter = entering(alpha, cast("ben"))
    enter(EQUIPMENT, today, equipmentId="CRUSHER-01", runHours=6.5, idleHours=1, downtimeHours=0.5)
    enter(EQUIPMENT, today, equipmentId="LOADER-01", runHours=1, idleHours=3, downtimeHours=0)
    enter(EQUIPMENT, today - timedelta(days=1), runHours=4, idleHours=0, downtimeHours=4)
    found = metrics.utilization_today(alpha)
    assert (found.value, found.previous_value, found.change) == (Decimal("62.5"), 50, 25)


def everything_told(site: Site) -> list[Any]:
    """Every chart and figure of the last two days."""
    today = site.today()
    charts = [chart(site, today - timedelta(days=1), today) for chart in CHARTS.values()]
    return charts + [figure(site) for figure in FIGURES.values()]


def test_what_is_void_or_cancelled_is_in_no_chart_and_pending_is_in_all(alpha: Site, cast: Cast) -> None:
    before = everything_told(alpha)
    enter, today = entering(alpha, cast("ben")), alpha.today()
    for module in MODULES.values():
        enter(module, today, status="CANCELLED")
        gone = enter(module, today)
        service.void(module, gone.id, cast("ben"), reason="typed twice")
    assert everything_told(alpha) == before
    for module in MODULES.values():
        enter(module, today, status="PENDING")
    assert all(now != then for now, then in zip(everything_told(alpha), before, strict=True))


def test_a_site_tells_nothing_of_another(alpha: Site, beta: Site, cast: Cast) -> None:
    before = everything_told(beta)
    for module in MODULES.values():
        entering(alpha, cast("ben"))(module, alpha.today())
    assert everything_told(beta) == before


@pytest.mark.parametrize("chart", CHARTS.values(), ids=list(CHARTS))
def test_a_chart_of_three_years_asks_as_often_as_one_of_a_day_and_never_for_the_records(
    chart: Callable[[Site, date, date], Any], alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = alpha.today()
    for module in MODULES.values():
        fill(module, alpha, cast("ben"), 20)
    chart(alpha, today, today)
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3_600)
    counters.recent()
    with counted(monkeypatch) as one_day:
        chart(alpha, today, today)
    with counted(monkeypatch) as three_years:
        assert len(chart(alpha, today - THREE_YEARS, today)) > 0
    assert len(three_years) == len(one_day) <= 5
    small = ("_total ", "downtime_reasons <> ''", "FROM nil_return ", "FROM target ")
    assert all(any(piece in sql for piece in small) for sql in three_years)


def test_the_five_figures_of_a_day_are_one_question_each(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in MODULES.values():
        fill(module, alpha, cast("ben"), 9)
    monkeypatch.setattr(counters, "FRESH_SECONDS", 3_600)
    metrics.dashboard(alpha)
    with counted(monkeypatch) as asked:
        found = metrics.dashboard(alpha)
    assert len(asked) == 5
    assert found.received == metrics.received_today(alpha)
    assert (found.production.value, found.dispatched.value) == tons("12.5", "24.125")
    assert (found.utilization.value, found.stock.value) == tons("81.25", "0")
