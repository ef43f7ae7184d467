"""A site's calendar, and what becomes of stock below zero: read from JSON, told as JSON.

`workDays` are the weekdays that owe their inputs, `workShifts` the shifts that records are expected of (none: of the
day as a whole), `reports` the modules that are expected. Stock is made of three of them: those always are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from deskops.accounts.models import STOCK_POLICIES, WEEKDAYS, Site
from deskops.errors import Message, Problem, say
from deskops.modules.dispatch import DISPATCH
from deskops.modules.nil import REPORTED
from deskops.modules.production import PRODUCTION
from deskops.modules.received import RECEIVED
from deskops.records.record import SHIFT_NAMES

ALWAYS_REPORT = tuple(module.name for module in (PRODUCTION, RECEIVED, DISPATCH))
STOCK_POLICY = "stockPolicy"


class Choice(NamedTuple):
    """A list of names from `among`, at least those `needed`, kept in a column between blanks."""

    column: str
    among: Sequence[str]
    text: Message
    least: int = 0
    needed: Collection[str] = ()

    def holds(self, value: Any) -> bool:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            return False
        given = set(value)
        is_sound = len(given) == len(value) >= self.least and given <= set(self.among)
        return is_sound and given >= set(self.needed)

    def stored(self, value: Collection[str]) -> str:
        return " ".join(name for name in self.among if name in value)


CHOICES: dict[str, Choice] = {
    "workDays": Choice(
        "work_days", WEEKDAYS, say("A list of MON, TUE, WED, THU, FRI, SAT, SUN: one of them at least"), 1
    ),
    "workShifts": Choice(
        "work_shifts", SHIFT_NAMES, say("A list of MORNING, AFTERNOON, NIGHT; empty: by the day")
    ),
    "reports": Choice(
        "reports",
        tuple(REPORTED),
        say("A list of production, received, dispatch, which the stock is made of, equipment, manpower"),
        needed=ALWAYS_REPORT,
    ),
}
KEYS = (*CHOICES, STOCK_POLICY)


def read_calendar(sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The columns of a site that a body names by these keys, and everything wrong with them."""
    values: dict[str, Any] = {}
    problems = []
    for key, choice in CHOICES.items():
        if key not in sent:
            continue
        if choice.holds(sent[key]):
            values[choice.column] = choice.stored(sent[key])
        else:
            problems.append(Problem(key, choice.text))
    if len(values.get("reports", "").split()) == len(REPORTED):
        # A module that comes later reports too.
        values["reports"] = ""
    if STOCK_POLICY in sent:
        values["stock_policy"] = sent[STOCK_POLICY]
        if sent[STOCK_POLICY] not in STOCK_POLICIES:
            problems.append(Problem(STOCK_POLICY, say("Must be ALLOW, WARN or BLOCK")))
    return values, problems


def calendar_json(site: Site) -> dict[str, Any]:
    """The calendar of a site by the keys of JSON."""
    return {
        "workDays": site.work_days.split(),
        "workShifts": site.work_shifts.split(),
        "reports": site.reports.split() or list(REPORTED),
        STOCK_POLICY: site.stock_policy,
    }
