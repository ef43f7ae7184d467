"""The rows behind the charts of one site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Response

from deskops.api import completeness as rests_on
from deskops.api import envelope, params
from deskops.api.chart_shapes import (
    FLOW_DAY,
    LEVEL_DAY,
    LEVEL_KEYS,
    PRODUCTION_DAY,
    RECYCLING_DAY,
    SHIFT,
    SHIFT_ATTENDANCE,
    UNIT_HOURS,
    UTILIZATION_DAY,
)
from deskops.api.operations import SITE_DAYS_ERRORS, Answer, Operation, Parameter, Section
from deskops.api.shapes import PERCENT, JsonSchema, charted, described, one_of
from deskops.face import identity
from deskops.insight import attendance, completeness, flows, recycling, stock, utilization
from deskops.insight.attendance import ShiftAttendance
from deskops.insight.flows import FlowDay, ProductionDay
from deskops.insight.recycling import LEAST_AVERAGED, MOST_AVERAGED, RecyclingDay
from deskops.insight.stock import BY_MATERIAL, BY_TYPE, LevelDay
from deskops.insight.utilization import UnitHours, UtilizationDay
from deskops.ledger.inputs import Inputs, together
from deskops.modules import DISPATCH, EQUIPMENT, MANPOWER, MODULES, PRODUCTION, RECEIVED
from deskops.records.module import Module

TREND, COMPOSITION = "trend", "composition"
ONE_SHIFT = Parameter("shift", "Only this shift; absent: all", SHIFT)
VIEW = Parameter(
    "view", "By type of machine and day (trend, the default), or by unit", one_of(TREND, COMPOSITION)
)
AVERAGE = Parameter(
    "average",
    "Adds a moving average of so many days to every row",
    {"type": "integer", "minimum": LEAST_AVERAGED, "maximum": MOST_AVERAGED, "examples": [7]},
)


GROUP_BY = Parameter(
    "groupBy", "By type of material (type, the default), or by material", one_of(BY_TYPE, BY_MATERIAL)
)


def charted_rows(
    asked: params.AskedDays,
    modules: Sequence[Module],
    rows: Iterable[dict[str, Any]],
    inputs: Iterable[Inputs] | None = None,
    **beside: Any,
) -> Response:
    """The rows of a chart that is made of these modules, and what they rest on: `inputs`, where they are known."""
    if inputs is None:
        reporting = [one.name for one in modules if one.name in MODULES]
        inputs = [completeness.of_days(asked.site, reporting, asked.start, asked.end)]
    told = {
        "completeness": rests_on.counts(together(inputs)),
        "updatedAt": rests_on.updated_at(asked.site, modules),
    }
    return envelope.answer({"data": list(rows), **beside, **told})


def read_flow_trend() -> Response:
    """Received against dispatched tons, a row for each day, ascending."""
    asked = params.site_days(identity.actor())
    rows = flows.flow_trend(asked.site, asked.start, asked.end)
    inputs = (one for row in rows for one in (row.received_inputs, row.dispatch_inputs))
    return charted_rows(asked, (RECEIVED, DISPATCH), map(flow_json, rows), inputs)


def flow_json(row: FlowDay) -> dict[str, Any]:
    return {
        "date": row.date,
        "received": row.received,
        "dispatched": row.dispatched,
        "net": row.net,
        "receivedCount": row.received_count,
        "dispatchCount": row.dispatch_count,
        "complete": row.complete,
    }


def read_production_vs_target() -> Response:
    """Produced tons against the target, a row for each day, ascending."""
    asked = params.site_days(identity.actor())
    rows = flows.production_vs_target(asked.site, asked.start, asked.end)
    return charted_rows(asked, (PRODUCTION,), map(production_json, rows), (row.inputs for row in rows))


def production_json(row: ProductionDay) -> dict[str, Any]:
    return {
        "date": row.date,
        "production": row.production,
        "target": row.target,
        "variance": row.variance,
        "variancePercent": row.variance_percent,
        "complete": row.complete,
    }


def read_manpower_attendance() -> Response:
    """People by role, a row for each day and shift that has records."""
    asked = params.site_days(identity.actor(), ONE_SHIFT)
    rows = attendance.manpower_attendance(
        asked.site, asked.start, asked.end, shift=asked.further[ONE_SHIFT.name]
    )
    return charted_rows(asked, (MANPOWER,), map(attendance_json, rows))


def attendance_json(row: ShiftAttendance) -> dict[str, Any]:
    return {
        "date": row.date,
        "shift": row.shift or None,
        "present": row.present,
        "presentHours": row.hours,
        "absent": row.absent,
        "totalScheduled": row.scheduled,
        "attendanceRate": row.rate,
        "targetRate": row.target,
    }


def read_equipment_utilization() -> Response:
    """Percents by type and day, or by unit over the range."""
    asked = params.site_days(identity.actor(), VIEW)
    if asked.further[VIEW.name] == COMPOSITION:
        units = utilization.utilization_of_units(asked.site, asked.start, asked.end)
        return charted_rows(asked, (EQUIPMENT,), map(unit_json, units))
    rows = utilization.utilization_trend(asked.site, asked.start, asked.end)
    target = utilization.target_rate(asked.site, asked.end)
    return charted_rows(asked, (EQUIPMENT,), map(utilization_json, rows), targetRate=target)


def utilization_json(row: UtilizationDay) -> dict[str, Any]:
    return {"date": row.date, **row.rates}


def unit_json(row: UnitHours) -> dict[str, Any]:
    run, idle, downtime = row.shares
    return {
        "unit": row.unit.code,
        "def": row.unit.definition,
        "type": row.unit.type,
        "runTime": run,
        "idleTime": idle,
        "downtime": downtime,
        "runHours": row.run,
        "idleHours": row.idle,
        "downtimeHours": row.downtime,
        "totalAvailableHours": row.available,
        "downtimeReasons": row.reasons,
    }


def read_recycling_rate() -> Response:
    """The recyclable part of the received tons, a row for each day."""
    asked = params.site_days(identity.actor(), AVERAGE)
    average = asked.further[AVERAGE.name]
    rows = recycling.recycling_rate(asked.site, asked.start, asked.end, average=average or 0)
    told = [recycling_json(row) for row in rows]
    if average:
        for row, answered in zip(rows, told, strict=True):
            answered["movingAverage"] = row.moving_average
    return charted_rows(asked, (RECEIVED,), told, (row.inputs for row in rows))


def recycling_json(row: RecyclingDay) -> dict[str, Any]:
    return {
        "date": row.date,
        "rate": row.rate,
        "recycledMaterial": row.recycled,
        "totalReceived": row.received,
        "targetRate": row.target,
        "variance": row.variance,
        "complete": row.complete,
    }


def read_inventory_levels() -> Response:
    """Closing tons by type or by material, a row for each day, the last known ones carried forward."""
    asked = params.site_days(identity.actor(), GROUP_BY)
    rows = stock.inventory_levels(
        asked.site, asked.start, asked.end, group_by=asked.further[GROUP_BY.name] or BY_TYPE
    )
    return charted_rows(asked, stock.MADE_OF, map(level_json, rows), materials=list(rows[0].closing))


def level_json(row: LevelDay) -> dict[str, Any]:
    return {"date": row.date, **row.closing, "complete": row.complete}


def chart(
    path: str, view: Callable[[], Response], summary: str, told: str, schema: JsonSchema, *further: Parameter
) -> Operation:
    first, *rest = view.__name__.split("_")
    return Operation(
        first + "".join(word.capitalize() for word in rest),
        f"GET /charts/{path}",
        view,
        summary,
        Answer(schema),
        told,
        parameters=(*params.SITE_DAYS, *further),
        errors=SITE_DAYS_ERRORS,
        tagged=True,
    )


SECTION = Section(
    "Charts",
    "The rows behind the charts of one site, ascending by date.",
    (
        chart(
            "flow-trend",
            read_flow_trend,
            "Received against dispatched tons",
            "A row for each day of the range. A day that nobody reported is a row of zeros that is not complete; "
            "a nil return reports too.",
            charted(FLOW_DAY, **rests_on.OF_DAYS),
        ),
        chart(
            "production-vs-target",
            read_production_vs_target,
            "Produced tons against the target",
            "A row for each day of the range. A day that nobody reported is 0 and not complete; a nil return "
            "reports too.",
            charted(PRODUCTION_DAY, **rests_on.OF_DAYS),
        ),
        chart(
            "manpower-attendance",
            read_manpower_attendance,
            "People and hours by role",
            "A row for each day and shift that has records: morning, afternoon, night, none. Every role is a key.",
            charted(SHIFT_ATTENDANCE, **rests_on.OF_DAYS),
            ONE_SHIFT,
        ),
        chart(
            "equipment-utilization",
            read_equipment_utilization,
            "What the machines did with their hours",
            "The trend has a row for each day of the range; the composition one for each unit that has records.",
            {
                "anyOf": [
                    charted(
                        UTILIZATION_DAY,
                        targetRate=described(PERCENT, "The utilization aimed at", 80),
                        **rests_on.OF_DAYS,
                    ),
                    charted(UNIT_HOURS, **rests_on.OF_DAYS),
                ]
            },
            VIEW,
        ),
        chart(
            "recycling-rate",
            read_recycling_rate,
            "The recyclable part of the received tons",
            "A row for each day of the range; the rate of a day on which nothing was received is null.",
            charted(RECYCLING_DAY, **rests_on.OF_DAYS),
            AVERAGE,
        ),
        chart(
            "inventory-levels",
            read_inventory_levels,
            "Tons in stock at the end of each day",
            "A row for each day of the range, with a key for each of the six types, or for the code of each material "
            "that was ever in stock. On a day whose snapshots are not stored the last known tons are carried forward, "
            "and `complete` is false; before the first ones, and after the site's today, they are null.",
            charted(LEVEL_DAY, materials=LEVEL_KEYS, **rests_on.OF_DAYS),
            GROUP_BY,
        ),
    ),
)
