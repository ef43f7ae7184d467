"""Nil returns: somebody says that a module had nothing to report, so that a day without records is no missing one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import peewee

from deskops.accounts.policy import DECLARE_NIL
from deskops.errors import DayBlocked, DeskOpsError, Problem, say
from deskops.modules.common import READ_ONLY, bookkeeping, head, shift_field
from deskops.modules.dispatch import DISPATCH
from deskops.modules.equipment import EQUIPMENT
from deskops.modules.manpower import MANPOWER
from deskops.modules.production import PRODUCTION
from deskops.modules.received import RECEIVED
from deskops.records import totals
from deskops.records.module import Change, Module, Rights
from deskops.records.query import Query
from deskops.records.record import SHIFTS, Record
from deskops.schema.fields import AnyOf, Field
from deskops.schema.reading import Schema

# The inputs that a day's book is made of.
REPORTED = {module.name: module for module in (PRODUCTION, RECEIVED, DISPATCH, EQUIPMENT, MANPOWER)}
CHOICES = [(name, module.title) for name, module in REPORTED.items()]


class NilReturn(Record):
    """Of one shift, or of the whole day where `shift` is empty."""

    module = peewee.CharField(max_length=20, choices=CHOICES)
    shift = peewee.CharField(max_length=10, choices=SHIFTS, default="")
    reason = peewee.CharField(max_length=500, null=True)

    class Meta:
        table_name = "nil_return"


def has_shifts(name: str) -> bool:
    """Whether records of this module name their shift."""
    return "shift" in REPORTED[name].schema.by_name


def the_shift_is_one_that_records_name(record: Any) -> Iterator[Problem]:
    if record.shift and not has_shifts(record.module):
        yield Problem("shift", say("Records of this module name no shift: it reports by the day"))


def nothing_was_entered(changes: Sequence[Change]) -> Mapping[int, DeskOpsError]:
    """Where live records exist, there is something to report."""
    refused: dict[int, DeskOpsError] = {}
    for index, change in enumerate(changes):
        nil: Any = change.after
        if nil is None or not nil.is_counted:
            continue
        shifts = ("", nil.shift) if nil.shift and has_shifts(nil.module) else None
        if count := entered(nil, shifts):
            text = say(
                "%(count)s records stand there: void them, or there is something to report", count=count
            )
            refused[index] = DayBlocked(
                text, blockers=[{"kind": "RECORDS", "module": nil.module, "count": count}]
            )
    return refused


def entered(nil: Any, shifts: Collection[str] | None) -> int:
    """How many counted records the nil return's day has, of these shifts."""
    chosen = {} if shifts is None else {"shift": shifts}
    query = Query((nil.site_id,), nil.date, nil.date, chosen)
    return totals.counted_records(REPORTED[nil.module], query)


NILS = Module(
    name="nils",
    title="Nil returns",
    model=NilReturn,
    schema=Schema(
        fields=(
            *head(NilReturn),
            Field(NilReturn.module, "Module", filters=(AnyOf("module"),)),
            shift_field(NilReturn),
            Field(NilReturn.reason, "Reason", personal=True),
        ),
        derived=bookkeeping(),
        read_only=READ_ONLY,
    ),
    table=("date", "module", "shift", "reason"),
    seldom=("reason",),
    rules=(the_shift_is_one_that_records_name,),
    checks=(nothing_was_entered,),
    unique=("site", "date", "module", "shift"),
    rights=Rights(DECLARE_NIL, DECLARE_NIL, DECLARE_NIL),
)
