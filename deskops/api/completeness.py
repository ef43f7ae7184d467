"""What a figure tells of what it rests on: the inputs that are there, those that are not, and the newest entry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskops.accounts.models import Site
from deskops.api.day_shapes import INPUTS, MISSING
from deskops.api.shapes import MOMENT, AnySchema, Shape, described, nullable
from deskops.insight import age
from deskops.ledger.inputs import Inputs, Missing
from deskops.records.module import Module
from deskops.schema.kinds import moment_json

OF_A_DAY = Shape(
    "Completeness",
    {**INPUTS.properties, "missing": described(MISSING, "Which ones are not there yet", [])},
    "How many of today's inputs are there; none is expected on a day that owes nothing",
)
UPDATED_AT = described(
    nullable(MOMENT), "When the newest of what it is made of was entered; null without any"
)
# What stands beside the rows of a chart.
OF_DAYS: dict[str, AnySchema] = {"completeness": INPUTS, "updatedAt": UPDATED_AT}


def of_a_day(inputs: Inputs) -> dict[str, Any]:
    return {**counts(inputs), "missing": places_json(inputs.missing)}


def counts(inputs: Inputs) -> dict[str, int]:
    return {"there": inputs.there, "expected": inputs.expected}


def places_json(places: Iterable[Missing]) -> list[dict[str, str]]:
    """(module, shift) as the API names them; no shift is of the whole day."""
    return [{"module": module, **({"shift": shift} if shift else {})} for module, shift in places]


def updated_at(site: Site, modules: Iterable[Module]) -> str | None:
    moment = age.entered_at(site.id, modules)
    return moment_json(moment) if moment else None
