"""Short files as yards really keep them, and the order to import one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deskops.accounts.actor import SYSTEM, Actor
from deskops.accounts.models import Site
from deskops.imports import jobs
from deskops.imports.models import Import
from deskops.imports.outcome import BadRow, Listener, Tally
from deskops.imports.plan import Plan, checked
from deskops.imports.running import Order, bring_in
from deskops.modules import MODULES

# Truck loads of a city: weights in pounds, two equal loads, a blank, a zero, and one too light to count.
LOADS = """\
report_date,load_time,load_type,load_weight,dropoff_site
2021-07-08,2021-07-08 12:00:00.000000 UTC,TIRES,2260.0,MRF
2021-07-08,2021-07-08 11:00:00.000000 UTC,TIRES,1260.0,MRF
2021-07-08,2021-07-08 11:00:00.000000 UTC,TIRES,1260.0,MRF
2021-07-07,2021-07-07 10:20:00.000000 UTC,SWEEPING,,ONION CREEK
2021-07-07,2021-07-07 01:15:00.000000 UTC,BRUSH,0.0,"HORNSBY, BEND"
2021-07-07,2021-07-07 02:15:00.000000 UTC,BRUSH,0.298,"HORNSBY, BEND"
2021-07-06,2021-07-06 02:15:00.000000 UTC,MIXED LITTER,1.5,TDS LANDFILL
"""
LOADS_PLAN = Plan(
    columns={
        "date": "report_date",
        "material": "load_type",
        "quantity": "load_weight",
        "source": "dropoff_site",
    },
    units={"quantity": "lb"},
    aliases={"material": {"*": "RAW-MIXED"}},
)

Excerpt = Callable[[str, str], Path]


class Heard(Listener):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.bad: list[BadRow] = []

    def bad_row(self, bad: BadRow) -> None:
        self.bad.append(bad)

    @property
    def reasons(self) -> list[tuple[int, str, str]]:
        """(line, field, reason) of everything wrong."""
        return [(bad.row.line, fault.field, str(fault.reason)) for bad in self.bad for fault in bad.faults]


def ordered(path: Path, site: Site, plan: Plan, module: str = "received", actor: Actor = SYSTEM) -> Order:
    return Order(MODULES[module], site, actor, checked(MODULES[module], plan), path)


def imported(order: Order, *listeners: Listener) -> tuple[Import, Tally]:
    """Import the file here and now: its row as stored, and its tally."""
    run = jobs.new_run(order.module, order.site, order.plan, order.actor, order.path.name)
    tally = bring_in(order, run, *listeners)
    return Import.get_by_id(run.id), tally
