"""The stock of a demo yard: openings, what a manager keeps, days closed until a week ago, and a doubtful load."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.days import closing
from deskops.demo.scenery import (
    DEBRIS,
    FRIDAY,
    PRODUCTS,
    first_day,
    nothing_dispatched,
    rounded,
    working_days_before,
)
from deskops.ledger.reckoning import reckoned_day
from deskops.modules import ADJUSTMENTS, FACTORS, NILS, OPENINGS, RECEIVED, SURVEYS, TARGETS
from deskops.modules.reference import Material
from deskops.records import service
from deskops.records.module import Module
from deskops.sanity import history
from deskops.schema import references
from deskops.schema.columns import TonsField

# Tons that lay there when the ledger began.
LAY_THERE = {code: usual * 25 for code, usual in PRODUCTS.items()}
LAY_THERE |= {code: int(share * 12_000) for code, share in DEBRIS.items()}
LOADS = {"RAW-CONCRETE": "24", "RAW-MIXED": "22.5", "RAW-ASPHALT": "25.5"}
AIMS = {"utilizationPercent": "80", "recyclingPercent": "60", "attendancePercent": "92"}
# (days ago, material, kind, tons, reason)
ADJUSTED = (
    (40, "FINE-WASHED", "MOISTURE", "-14.2", "Dried in the heat: moisture measured twice"),
    (26, "AGG-3/8", "LOSS", "-6.75", "Washed away by the storm"),
    (17, "RAW-CONCRETE", "SURVEY", "-38.5", "As surveyed"),
)
# (days ago, material, t/m³, what was measured of each ton in the book)
SURVEYED = ((18, "RAW-CONCRETE", "1.55", "0.985"), (11, "AGG-3/4", "1.6", "1.012"))
OPEN_DAYS = 7


def keep_stock(site: Site, size: float, manager: Actor) -> None:
    """What the manager entered, once the records are there."""
    today = site.today()
    first = first_day(today)
    scale = Decimal(str(size))
    enter(
        manager,
        OPENINGS,
        site,
        first,
        *({"materialId": code, "quantity": rounded(tons * scale)} for code, tons in LAY_THERE.items()),
    )
    enter(
        manager,
        FACTORS,
        site,
        first,
        *({"materialId": code, "tonsPerLoad": tons} for code, tons in LOADS.items()),
    )
    levels = {"productionTons": 780, "stockLowTons": 400, "stockWarnTons": 900}
    aims = AIMS | {key: rounded(tons * scale) for key, tons in levels.items()}
    service.create(TARGETS, {"siteId": site.code, "from": first.isoformat()} | aims, manager, strict=False)
    for back, code, kind, tons, reason in ADJUSTED:
        adjustment = {"materialId": code, "kind": kind, "quantity": tons, "reason": reason}
        enter(manager, ADJUSTMENTS, site, today - timedelta(days=back), adjustment)
    for back, code, density, share in SURVEYED:
        survey(
            manager, site, today - timedelta(days=back), code, density=Decimal(density), share=Decimal(share)
        )
    day = nothing_dispatched(today).isoformat()
    nil = {"siteId": site.code, "date": day, "module": "dispatch", "reason": "The road was closed"}
    service.create(NILS, nil, manager)


def enter(actor: Actor, module: Module, site: Site, day: date, *bodies: dict[str, Any]) -> None:
    named = {"siteId": site.code, "date": day.isoformat()}
    service.create_many(module, [named | body for body in bodies], actor, strict=False)


def survey(manager: Actor, site: Site, day: date, code: str, *, density: Decimal, share: Decimal) -> None:
    """A pile that was measured at nearly what the book says."""
    material = next(one for one in references.every(Material) if one.code == code)
    book = TonsField().python_value(reckoned_day(site.id, day)[material.id][-1]) or Decimal(0)
    volume = rounded(book * share / density)
    enter(manager, SURVEYS, site, day, {"materialId": code, "volume": volume, "density": str(density)})


def close_days(site: Site, manager: Actor) -> None:
    """Every working day until a week ago, in their order."""
    today = site.today()
    day = first_day(today)
    while day <= today - timedelta(days=OPEN_DAYS):
        if day.weekday() != FRIDAY:
            closing.close(site, day, manager)
        day += timedelta(days=1)


def enter_doubtful(site: Site, clerk: Actor) -> None:
    """A load with a slipped digit, which waits for the manager."""
    # The loads that say what is usual were entered a moment ago.
    history.forget()
    load = {
        "siteId": site.code,
        "date": working_days_before(site.today(), 1)[0].isoformat(),
        "time": "11:40",
        "materialId": "RAW-CONCRETE",
        "quantity": "238.5",
        "source": "Corniche works",
        "vehicleId": "JED-1017",
    }
    service.create(RECEIVED, load, clerk, strict=False)
