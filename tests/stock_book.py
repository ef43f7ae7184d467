"""A yard's ledger, entered day by day: what the tests of the stock begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.modules import NILS
from deskops.records import service
from deskops.records.module import Module
from tests.entries import MONDAY

STONE, SAND, RUBBLE = "AGG-3/4", "FINE-WASHED", "RAW-MIXED"
INPUTS = ("production", "received", "dispatch")


class Book:
    """What somebody enters at a site; days are counted from `start`."""

    def __init__(self, site: Site, actor: Actor, start: date = MONDAY) -> None:
        self.site, self.actor, self.start = site, actor, start

    def day(self, offset: int) -> date:
        return self.start + timedelta(days=offset)

    def enter(self, module: Module, offset: int, material: str, tons: str, **values: Any) -> Any:
        """A record of so many tons."""
        sent = {"materialId": material, "quantity": Decimal(tons)} | values
        return self.keep(module, offset, **sent)

    def keep(self, module: Module, offset: int, /, **values: Any) -> Any:
        """A record with these values."""
        sent = {"siteId": self.site.code, "date": self.day(offset).isoformat()} | values
        return service.create(module, sent, self.actor).record

    def nil(self, offset: int, names: Sequence[str] = INPUTS, **values: Any) -> None:
        """Nothing to report by these modules."""
        for name in names:
            self.keep(NILS, offset, **{"module": name, **values})
