"""Loads and tons: what a load of a material weighs at a site from a day on, and counts of loads that become tons.

Records keep the tons they were entered with: another weight holds for what is entered after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import peewee

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.errors import Problem, say
from deskops.modules.reference import LOAD, TON, Material
from deskops.records.record import COUNTED_SQL, Record
from deskops.schema import kinds, references
from deskops.schema.columns import TonsField

DAY = kinds.adapter(kinds.DAY)
NO_WEIGHT = say("No tons per load are set for this material at this site on that day: send tons")
Sent = Mapping[str, Any]


class LoadFactor(Record):
    material = peewee.ForeignKeyField(Material, on_delete="RESTRICT", index=False)
    tons_per_load = TonsField()

    class Meta:
        table_name = "load_factor"


def tons_per_load(site: Site, material: Material, day: date) -> Decimal | None:
    """What a load weighs on this day: the site's own figure in force, else the material's, else nobody knows."""
    found = rows(
        "SELECT tons_per_load FROM load_factor "
        f"WHERE site_id = ? AND material_id = ? AND date <= ? AND {COUNTED_SQL} ORDER BY date DESC LIMIT 1",
        (site.id, material.id, day.isoformat()),
    )
    in_general: Any = material.tons_per_load
    return LoadFactor.tons_per_load.python_value(found[0][0]) if found else in_general


def loads_into_tons(sent: Sent, held: Any) -> tuple[Sent, list[Problem]]:
    """Where a body counts in loads (`uom` LOAD), its quantity becomes tons by the tons per load of the day.

    What a correction does not send is as the record has it. Of a quantity that is corrected to tons no count of
    loads stays, but one that is sent with it.
    """
    uom = sent.get("uom")
    if uom in (None, "", TON):
        in_tons = (
            held is not None and "loads" not in sent and not sent.keys().isdisjoint(("quantity", "qtyTon"))
        )
        return {**sent, "loads": None} if in_tons else sent, []
    if uom != LOAD:
        return sent, [Problem("uom", say("Must be TON or LOAD"))]
    name = "qtyTon" if "qtyTon" in sent and "quantity" not in sent else "quantity"
    loads = count_of(sent.get(name))
    if loads is None:
        return sent, [Problem(name, say("A count of loads is a whole number from 1"))]
    site, material, day = place_of(sent, held)
    if site is None or material is None or day is None:
        # The field that is missing or wrong is told by its own name.
        missing = material is None and not sent.get("materialId")
        return sent, [Problem("uom", say("Loads need a material ID"))] if missing else []
    weight = tons_per_load(site, material, day)
    if weight is None:
        return sent, [Problem("uom", NO_WEIGHT)]
    return {**sent, name: loads * weight, "loads": loads}, []


def count_of(value: Any) -> int | None:
    """A count of loads, as a number or as a form's text."""
    value = kinds.COUNT.tidy(value.strip()) if isinstance(value, str) else value
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def place_of(sent: Sent, held: Any) -> tuple[Site | None, Material | None, date | None]:
    """Whose load it is, and of which day: as sent, else as held."""
    day = sent.get("date")
    try:
        read = DAY.validate_python(kinds.DAY.tidy(day.strip()) if isinstance(day, str) else day)
    except ValueError:
        read = held.date if held is not None and day in (None, "") else None
    site, material = sent.get("siteId"), sent.get("materialId")
    return (
        held.site if held is not None and not site else references.find(Site, site),
        held.material if held is not None and not material else references.find(Material, material),
        read,
    )
