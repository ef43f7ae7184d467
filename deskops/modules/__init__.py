"""The modules of the yard's book, each declared in its own file."""

from __future__ import annotations

from deskops.modules.adjustment import ADJUSTMENTS
from deskops.modules.dispatch import DISPATCH
from deskops.modules.equipment import EQUIPMENT
from deskops.modules.factor import FACTORS
from deskops.modules.manpower import MANPOWER
from deskops.modules.nil import NILS
from deskops.modules.opening import OPENINGS
from deskops.modules.production import PRODUCTION
from deskops.modules.received import RECEIVED
from deskops.modules.survey import SURVEYS
from deskops.modules.target import TARGETS
from deskops.records.module import Module

# What the day reports.
MODULES: dict[str, Module] = {
    module.name: module for module in (PRODUCTION, DISPATCH, RECEIVED, EQUIPMENT, MANPOWER)
}
# What a manager keeps beside it, for the stock to be right.
KEPT: dict[str, Module] = {
    module.name: module for module in (OPENINGS, ADJUSTMENTS, SURVEYS, TARGETS, FACTORS, NILS)
}
EVERY_MODULE: dict[str, Module] = MODULES | KEPT
# Those that are listed and entered by themselves: a nil return is declared of a day.
LISTED: dict[str, Module] = {name: module for name, module in EVERY_MODULE.items() if module is not NILS}

__all__ = [
    "ADJUSTMENTS",
    "DISPATCH",
    "EQUIPMENT",
    "EVERY_MODULE",
    "FACTORS",
    "KEPT",
    "LISTED",
    "MANPOWER",
    "MODULES",
    "NILS",
    "OPENINGS",
    "PRODUCTION",
    "RECEIVED",
    "SURVEYS",
    "TARGETS",
]
