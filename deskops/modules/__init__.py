"""The modules of the yard's book, each declared in its own file."""

from __future__ import annotations

from deskops.modules.dispatch import DISPATCH
from deskops.modules.equipment import EQUIPMENT
from deskops.modules.manpower import MANPOWER
from deskops.modules.production import PRODUCTION
from deskops.modules.received import RECEIVED
from deskops.records.module import Module

MODULES: dict[str, Module] = {
    module.name: module for module in (PRODUCTION, DISPATCH, RECEIVED, EQUIPMENT, MANPOWER)
}

__all__ = ["DISPATCH", "EQUIPMENT", "MANPOWER", "MODULES", "PRODUCTION", "RECEIVED"]
