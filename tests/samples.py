"""One valid body for each module: what a script would send. A new module adds its own here."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from deskops.accounts.models import Site
from deskops.modules.reference import Material, rows_to_seed

SAMPLES: dict[str, dict[str, Any]] = {
    "production": {"shift": "MORNING", "materialId": "AGG-3/4", "quantity": 12.5, "operation": "CRU-PRO"},
    "dispatch": {
        "time": "09:30",
        "vehicleId": "JED-1204",
        "materialId": "BASE-CRUSHED",
        "quantity": 24.125,
        "trips": 1,
        "destination": "Airport road",
        "owner": "Coast Concrete",
        "reference": "DR-001",
    },
    "received": {
        "time": "07:15",
        "vehicleId": "JED-2210",
        "materialId": "RAW-CONCRETE",
        "quantity": 18.04,
        "source": "Old harbour",
    },
    "equipment": {
        "shift": "MORNING",
        "equipmentId": "CRUSHER-01",
        "runHours": 6.5,
        "idleHours": 1,
        "downtimeHours": 0.5,
        "downtimeReasons": ["Belt change"],
    },
    "manpower": {
        "shift": "MORNING",
        "role": "LABORER",
        "presentCount": 14,
        "absentCount": 2,
        "totalHours": 112,
    },
    "openings": {"quantity": 1250.5},
    "adjustments": {"materialId": "AGG-3/4", "quantity": -14.2, "kind": "LOSS", "reason": "Washed away"},
    "surveys": {"materialId": "AGG-3/4", "volume": 812.5, "density": 1.6, "errorPercent": 4},
    "targets": {"productionTons": 1200, "utilizationPercent": 82.5},
    "factors": {"materialId": "RAW-MIXED", "tonsPerLoad": 18.5},
}
MATERIALS = [row.code for row in rows_to_seed() if isinstance(row, Material)]


def sample(module: str, site: Site, day: date | None = None, **values: Any) -> dict[str, Any]:
    """A body for this module at this site, today unless said otherwise."""
    day = day or site.today()
    found = {"siteId": site.code, "date": day.isoformat()} | SAMPLES[module]
    if module == "openings":
        # A material is opened once: each day another.
        found["materialId"] = MATERIALS[day.toordinal() % len(MATERIALS)]
    return found | values


def as_read(body: dict[str, Any]) -> dict[str, Any]:
    """The body as the engine gets it from JSON: numbers with a point are Decimals."""
    read: dict[str, Any] = json.loads(json.dumps(body), parse_float=Decimal)
    return read
