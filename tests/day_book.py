"""A Monday of Alpha for the tests of its pages and its sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.modules import DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED
from deskops.records import service
from deskops.records.module import Module

MONDAY = date(2026, 3, 2)
STONE = "AGG-3/4"


class Book(NamedTuple):
    """enter(RECEIVED, "12.5") is on Monday, with 1 the day after; what Ann entered. Ben declares nil returns."""

    site: Site
    cast: Callable[[str], Actor]

    def enter(self, module: Module, tons: str, offset: int = 0, **values: Any) -> Any:
        sent: dict[str, Any] = {
            "siteId": self.site.code,
            "date": (MONDAY + timedelta(days=offset)).isoformat(),
        }
        sent |= {"materialId": STONE, "quantity": Decimal(tons)}
        return service.create(module, sent | values, self.cast("ann")).record

    def nil(self, *modules: str, offset: int = 0, **values: str) -> None:
        day = (MONDAY + timedelta(days=offset)).isoformat()
        for name in modules:
            sent = {"siteId": self.site.code, "date": day, "module": name}
            service.create(NILS, sent | values, self.cast("ben"))

    def whole_day(self) -> None:
        """Monday with all that the calendar asks for: 100 t, 5 made, 12.5 in, 2.25 out."""
        self.enter(OPENINGS, "100")
        self.enter(PRODUCTION, "5", shift="MORNING")
        self.enter(RECEIVED, "12.5")
        self.enter(DISPATCH, "2.25")
        self.nil("equipment", "manpower")
