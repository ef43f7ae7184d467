"""Entering a yard's days: what the tests of the figures begin with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import pytest

from deskops.accounts import models
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.records import service
from deskops.records.module import Module
from deskops.records.record import Record
from tests.samples import as_read, sample

Enter = Callable[..., Record]

MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def entering(site: Site, actor: Actor) -> Enter:
    """enter(module, day, **values): the module's sample with these values, in the book of this site."""

    def enter(module: Module, day: date, **values: Any) -> Record:
        return service.create(module, as_read(sample(module.name, site, day, **values)), actor).record

    return enter


def clock_at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Every site's clock stands at this moment, given in UTC."""
    stands = datetime.fromisoformat(f"{moment}+00:00")

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return stands.astimezone(tz)

    monkeypatch.setattr(models, "datetime", Clock)


def tons(*numbers: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, numbers))
