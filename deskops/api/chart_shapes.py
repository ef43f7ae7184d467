"""The shapes of the charts' rows."""

from __future__ import annotations

from deskops.api.shapes import (
    CODE,
    COUNT,
    DAY,
    FLAG,
    HOURS,
    PERCENT,
    TEXT,
    TONS,
    Shape,
    described,
    each,
    nullable,
    one_of,
)
from deskops.modules.reference import EQUIPMENT_TYPES, MATERIAL_TYPES, ROLE_ROWS
from deskops.records.record import SHIFT_NAMES

SHIFT = one_of(*SHIFT_NAMES)
ROLES = [code for code, _ in ROLE_ROWS]

FLOW_DAY = Shape(
    "FlowDay",
    {
        "date": DAY,
        "received": TONS,
        "dispatched": TONS,
        "net": TONS,
        "receivedCount": COUNT,
        "dispatchCount": COUNT,
        "complete": described(FLAG, "Whether both were reported, or had nothing to report"),
    },
    "Tons in and out of the gate on one day; the counts are records, not trips",
)
PRODUCTION_DAY = Shape(
    "ProductionDay",
    {
        "date": DAY,
        "production": TONS,
        "target": described(nullable(TONS), "The target in force on that day; null without one"),
        "variance": described(nullable(TONS), "production − target, in tons"),
        "variancePercent": described(nullable(PERCENT), "variance ÷ target × 100"),
        "complete": described(FLAG, "Whether every shift that the site's calendar names reported"),
    },
    "Tons produced on one day against the target",
)
SHIFT_ATTENDANCE = Shape(
    "ShiftAttendance",
    {
        "date": DAY,
        "shift": described(nullable(SHIFT), "Null for records of no shift"),
        "present": Shape("PresentByRole", dict.fromkeys(ROLES, COUNT), rules={"additionalProperties": COUNT}),
        "presentHours": Shape(
            "HoursByRole", dict.fromkeys(ROLES, HOURS), rules={"additionalProperties": HOURS}
        ),
        "absent": COUNT,
        "totalScheduled": described(COUNT, "present + absent"),
        "attendanceRate": described(
            nullable(PERCENT), "present ÷ totalScheduled × 100; null with nobody scheduled"
        ),
        "targetRate": described(
            nullable(PERCENT), "The attendance aimed at on that day; null without one", 95
        ),
    },
    "The people of one shift of one day",
)
UTILIZATION_DAY = Shape(
    "UtilizationDay",
    {"date": DAY, **dict.fromkeys(EQUIPMENT_TYPES, nullable(PERCENT))},
    "The utilization of every type of machine on one day: run ÷ all hours × 100, null without hours",
    rules={"additionalProperties": nullable(PERCENT)},
)
UNIT_HOURS = Shape(
    "UnitHours",
    {
        "unit": described(CODE, "The unit's code", "CRUSHER-01"),
        "def": described(TEXT, "", "CRUSHER"),
        "type": described(TEXT, "", EQUIPMENT_TYPES[0]),
        "runTime": described(PERCENT, "With idleTime and downtime exactly 100.00, or all 0 without hours"),
        "idleTime": described(PERCENT, "", 12.5),
        "downtime": described(PERCENT, "", 6.25),
        "runHours": HOURS,
        "idleHours": described(HOURS, "", 1),
        "downtimeHours": described(HOURS, "", 0.5),
        "totalAvailableHours": described(HOURS, "run + idle + downtime", 8),
        "downtimeReasons": described(each(TEXT), "Each once, those of earlier days first", ["Belt change"]),
    },
    "The hours of one unit over the range",
)
RECYCLING_DAY = Shape(
    "RecyclingDay",
    {
        "date": DAY,
        "rate": described(nullable(PERCENT), "recycledMaterial ÷ totalReceived × 100; null without any"),
        "recycledMaterial": described(TONS, "Received tons of materials that can be recycled"),
        "totalReceived": described(TONS, "", 30),
        "targetRate": described(PERCENT, "The target in force on that day", 75),
        "variance": described(nullable(PERCENT), "rate − targetRate, in points", 6.25),
        "complete": described(FLAG, "Whether received loads were reported, or that there were none"),
        "movingAverage": described(
            nullable(PERCENT), "With `average`: the rate of that many days together, the day itself the last"
        ),
    },
    "How much of one day's received tons can be recycled",
    optional=("movingAverage",),
)
LEVEL_DAY = Shape(
    "LevelDay",
    {
        "date": DAY,
        **dict.fromkeys(MATERIAL_TYPES, nullable(TONS)),
        "complete": described(
            FLAG, "Whether the day's snapshots are stored; else the last known tons stand here"
        ),
    },
    "Tons in stock at the end of one day, by type or by the code of the material",
    optional=MATERIAL_TYPES,
    rules={"additionalProperties": nullable(TONS)},
)
LEVEL_KEYS = described(each(TEXT), "The keys of the rows", list(MATERIAL_TYPES))
