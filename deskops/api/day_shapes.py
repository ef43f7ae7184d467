"""The shapes of days: what is sent about one, and what is answered."""

from __future__ import annotations

from deskops.api.operations import Parameter
from deskops.api.record_shapes import record_shape
from deskops.api.shapes import (
    COUNT,
    DAY,
    FLAG,
    ID,
    LINE,
    MOMENT,
    AnySchema,
    JsonSchema,
    Shape,
    described,
    each,
    nullable,
    one_of,
)
from deskops.days.board import CLOSED, OPEN, OPENING, REOPENED
from deskops.modules import NILS
from deskops.modules.nil import REPORTED, NilReturn
from deskops.records.record import SHIFT_NAMES

SHIFTS = one_of(*SHIFT_NAMES)
REASON: JsonSchema = {**nullable(LINE), "maxLength": NilReturn.reason.max_length, "examples": ["Sandstorm"]}
DAY_OF_PATH = Parameter("day", "The day", DAY, required=True, place="path")
MODULE = Parameter(
    "module",
    "The module that had nothing to report",
    described(one_of(*REPORTED), "", "dispatch"),
    required=True,
)
SHIFT = Parameter("shift", "The shift; absent: of the whole day", SHIFTS)


def place(name: str, modules: JsonSchema) -> Shape:
    """A module, and its shift where it is not of the whole day."""
    return Shape(name, {"module": modules, "shift": SHIFTS}, optional=("shift",))


MISSING = each(place("MissingInput", one_of(OPENING, *REPORTED)))
INPUTS = Shape(
    "DayInputs",
    {
        "there": described(COUNT, "How many inputs are there", 4),
        "expected": described(COUNT, "How many the day owes", 6),
    },
)
DAY_KEYS: dict[str, AnySchema] = {
    "date": DAY,
    "state": one_of(OPEN, CLOSED, REOPENED),
    "due": described(FLAG, "Whether the day owes its inputs: by the calendar, or as something was entered"),
    "missing": described(MISSING, "What is not there yet"),
    "nil": described(each(place("NilInput", one_of(*REPORTED))), "What had nothing to report"),
    "inputs": INPUTS,
    "snapshotStored": described(FLAG, "Whether the day's snapshots are stored"),
    "closedAt": nullable(MOMENT),
    "closedBy": nullable(described(ID, "A person's id")),
}
DAY_SHAPE = Shape("Day", DAY_KEYS)
NIL_RETURN = record_shape(NILS)
NEW_NIL = Shape(
    "NewNilReturn",
    {"module": one_of(*REPORTED), "shift": nullable(SHIFTS), "reason": REASON},
    optional=("shift", "reason"),
)
CLOSING = Shape(
    "DayClosing",
    {"reason": REASON, "override": nullable(described(FLAG, "Close it all the same; needs a reason"))},
    optional=("reason", "override"),
)
REOPENING = Shape(
    "DayReopening",
    {
        "reason": {**LINE, "minLength": 1, "maxLength": REASON["maxLength"]},
        "override": nullable(described(FLAG, "As of a closing; nothing stands against opening a day again")),
    },
    optional=("override",),
)
