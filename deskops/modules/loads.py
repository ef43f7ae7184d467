"""Loads and tons: what a load of a material weighs at a site from a day on, and counts of loads that become tons.

Records keep the tons they were entered with: another weight holds for what is entered after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import peewee

from deskops.accounts.models import Site
from deskops.database import rows
from deskops.errors import Problem, say
from deskops.modules.reference import LOAD, TON, Material, default_material
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


def counts_loads(sites: Iterable[Site]) -> bool:
    """Whether a load of anything has a weight at one of these sites, on whichever day."""
    if any(material.tons_per_load is not None for material in references.active(Material)):
        return True
    return any(
        rows(f"SELECT 1 FROM load_factor WHERE site_id = ? AND {COUNTED_SQL} LIMIT 1", (site.id,))
        for site in sites
    )


def loads_into_tons(sent: Sent, held: Any, *, received: bool = False) -> tuple[Sent, list[Problem]]:
    """Where a body counts in loads (`uom` LOAD), its quantity becomes tons by the tons per load of the day.

    What a correction does not send is as the record has it. Of a quantity that is corrected to other tons no count
    of loads stays, but one that is sent with it.
    """
    uom = sent.get("uom")
    if uom in (None, "", TON):
        return {**sent, "loads": None} if drops_loads(sent, held) else sent, []
    if uom != LOAD:
        return sent, [Problem("uom", say("Must be TON or LOAD"))]
    name = "qtyTon" if "qtyTon" in sent and "quantity" not in sent else "quantity"
    loads, problems = read_loads(sent, name, held)
    site, material, day = place_of(sent, held, received=received)
    if problems or site is None or material is None or day is None:
        # A field of the place that is missing or wrong is told by its own name.
        return sent, problems
    weight = tons_per_load(site, material, day)
    if weight is None:
        return sent, [Problem("uom", NO_WEIGHT)]
    return {**sent, name: loads * weight, "loads": loads}, []


def read_loads(sent: Sent, name: str, held: Any) -> tuple[int, list[Problem]]:
    """The count of loads that was sent by this name; `loads` beside it agrees, or repeats what the record has."""
    loads, told = count_of(sent.get(name)), count_of(sent.get("loads"))
    if loads is None:
        return 0, [Problem(name, say("A count of loads is a whole number from 1"))]
    if told not in (None, loads) and (held is None or told != held.loads):
        return 0, [Problem("loads", say("Given by two names with different values"))]
    return loads, []


def drops_loads(sent: Sent, held: Any) -> bool:
    """Whether a correction says other tons than the record holds, and no count of loads."""
    tons = sent.get("quantity", sent.get("qtyTon"))
    return (
        held is not None
        and held.loads is not None
        and "loads" not in sent
        and tons not in (None, held.quantity)
    )


def count_of(value: Any) -> int | None:
    """A count of loads, as a number or as a form's text."""
    value = kinds.COUNT.tidy(value.strip()) if isinstance(value, str) else kinds.whole(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def place_of(sent: Sent, held: Any, *, received: bool) -> tuple[Site | None, Material | None, date | None]:
    """Whose load it is, and of which day: as sent, else as held."""
    day = sent.get("date")
    try:
        read = DAY.validate_python(kinds.DAY.tidy(day.strip()) if isinstance(day, str) else day)
    except ValueError:
        read = held.date if held is not None and day in (None, "") else None
    site = sent.get("siteId")
    return (
        held.site if held is not None and not site else references.find(Site, site),
        material_of(sent, held, received=received),
        read,
    )


def material_of(sent: Sent, held: Any, *, received: bool) -> Material | None:
    """The material that is named, by id or code, or by its type alone; else the one held."""
    if named := sent.get("materialId"):
        return references.find(Material, named)
    if isinstance(of_type := sent.get("materialType"), str) and of_type:
        return default_material(of_type, received=received)
    return held.material if held is not None else None
