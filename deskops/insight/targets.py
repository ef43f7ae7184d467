"""What a site aims at, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from deskops.accounts.models import Site
from deskops.insight.periods import days


@dataclass(frozen=True)
class Targets:
    """Production in tons a day, utilization and recycling in percent. There is no usual production to aim at."""

    production: Decimal | None = None
    utilization: Decimal = Decimal(80)
    recycling: Decimal = Decimal(75)


USUAL = Targets()


def in_force(_site: Site, start: date, end: date) -> list[Targets]:
    """The targets of every day of the range, in order."""
    return [USUAL for _ in days(start, end)]
