"""What the machines did with their hours: by type day by day, and by unit over a range."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.insight import targets
from deskops.insight.cells import as_hours, sum_of, sum_where, summed
from deskops.insight.rates import rate, shares
from deskops.ledger.inputs import days_between
from deskops.modules import EQUIPMENT
from deskops.modules.equipment import HOURS, EquipmentLog
from deskops.modules.reference import Equipment
from deskops.records.query import Query
from deskops.records.record import COUNTED_SQL
from deskops.records.totals import DayTotal, as_days
from deskops.schema import references

RUN, ALL = HOURS[0], " + ".join(HOURS)


class UtilizationDay(NamedTuple):
    """{type of machine: percent} of one day; None where no machine of the type has hours."""

    date: date
    rates: Mapping[str, Decimal | None]


class UnitHours(NamedTuple):
    """A machine's hours over a range, and why it was down: each reason once, those of earlier days first."""

    unit: Equipment
    run: Decimal
    idle: Decimal
    downtime: Decimal
    reasons: tuple[str, ...] = ()

    @property
    def available(self) -> Decimal:
        return self.run + self.idle + self.downtime

    @property
    def shares(self) -> tuple[Decimal, ...]:
        """Run, idle and downtime in percent: together exactly 100.00, or all 0 without hours."""
        return shares((self.run, self.idle, self.downtime))


def rate_of(row: DayTotal) -> Decimal | None:
    """run ÷ (run + idle + downtime) × 100."""
    return rate(row.sums[0], sum(row.sums))


def utilization_trend(site: Site, start: date, end: date) -> list[UtilizationDay]:
    """The utilization of every type of machine, a row for each day."""
    units: dict[str, list[str]] = {}
    for machine in references.every(Equipment):
        units.setdefault(machine.type, []).append(machine.id)
    cells = [sum_where("equipment_id", ids, hours) for ids in units.values() for hours in (RUN, ALL)]
    found = summed(EQUIPMENT, Query((site.id,), start, end), ("date",), ("equipment",), cells)
    rates = {
        day: dict(zip(units, map(rate, hours[::2], hours[1::2]), strict=True))
        for day, (_, *hours) in zip(as_days([row[0] for row in found]), found, strict=True)
    }
    unknown = dict.fromkeys(units)
    return [UtilizationDay(day, rates.get(day, unknown)) for day in days_between(start, end)]


def target_rate(site: Site, end: date) -> Decimal:
    """The utilization aimed at, in percent, as it stands at the end of the range."""
    return targets.on(site, end).utilization


def utilization_of_units(site: Site, start: date, end: date) -> list[UnitHours]:
    """The hours of every unit that has records in the range, in the list's order."""
    found = summed(
        EQUIPMENT,
        Query((site.id,), start, end),
        ("equipment_id",),
        ("equipment",),
        [sum_of(name) for name in HOURS],
    )
    hours = {unit: (as_hours(run), as_hours(idle), as_hours(down)) for unit, run, idle, down in found}
    reasons = downtime_reasons(site, start, end)
    return [
        UnitHours(machine, *hours[machine.id], tuple(reasons.get(machine.id, ())))
        for machine in references.every(Equipment)
        if machine.id in hours
    ]


def downtime_reasons(site: Site, start: date, end: date) -> dict[str, list[str]]:
    """{unit's id: reasons}, each once, by the day they were first told, those of one day by alphabet."""
    found = rows(
        "SELECT equipment_id, downtime_reasons FROM equipment_log "
        f"WHERE site_id = ? AND date BETWEEN ? AND ? AND downtime_reasons <> '' AND {COUNTED_SQL} "
        "GROUP BY equipment_id, downtime_reasons ORDER BY MIN(date), downtime_reasons",
        (site.id, start.isoformat(), end.isoformat()),
    )
    read = EquipmentLog.downtime_reasons.python_value
    told: dict[str, dict[str, None]] = {}
    for unit, text in found:
        told.setdefault(unit, {}).update(dict.fromkeys(read(text)))
    return {unit: list(reasons) for unit, reasons in told.items()}
