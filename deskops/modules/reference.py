"""The reference lists: materials, equipment and manpower roles, with the rows that a new installation starts with."""

from __future__ import annotations

import peewee

from deskops.accounts.models import Site
from deskops.audit.chain import INSTALLATION, Event, append
from deskops.database import transaction
from deskops.schema import references
from deskops.schema.columns import TonsField
from deskops.schema.references import Reference

MATERIAL_TYPES = (
    "AGGREGATE_BASE",
    "CRUSHED_CONCRETE",
    "RECYCLED_ASPHALT",
    "FINE_SAND",
    "COARSE_AGGREGATE",
    "MIXED_RUBBLE",
)
TON, LOAD = "TON", "LOAD"


class Material(Reference):
    """`uom` is TON or LOAD, the unit people count it in; stored quantities are always tons.

    `is_default` marks the material that its type stands for; RAW-CONCRETE stands for crushed concrete when received.
    """

    material_type = peewee.CharField(max_length=20)
    category = peewee.CharField(max_length=20)
    uom = peewee.CharField(max_length=10, default=TON)
    is_final = peewee.BooleanField(default=True)
    is_recyclable = peewee.BooleanField(default=False)
    is_default = peewee.BooleanField(default=False)
    is_received_default = peewee.BooleanField(default=False)
    tons_per_load = TonsField(null=True)

    def card(self) -> dict[str, str]:
        return {"code": self.code, "name": self.name, "category": self.category, "uom": self.uom}


def default_material(material_type: str, *, received: bool) -> Material | None:
    """The material that a type alone stands for: what is received of it may be another than what is produced."""
    of_type = [row for row in references.active(Material) if row.material_type == material_type]
    first_choice = [row for row in of_type if received and row.is_received_default]
    return next(iter(first_choice + [row for row in of_type if row.is_default]), None)


class Equipment(Reference):
    """A machine; the list is shared by all sites. `rated_tons_per_hour` is what a crusher is built for."""

    type = peewee.CharField(max_length=20)
    definition = peewee.CharField(max_length=20)
    rated_tons_per_hour = TonsField(null=True)

    def card(self) -> dict[str, str]:
        return {"code": self.code, "name": self.name, "type": self.type}


class ManpowerRole(Reference):
    pass


SITE_ROWS = (
    ("ALASLA-29", "Al Asla Recycling Facility", "Jeddah, Saudi Arabia"),
    ("ASFAN-30", "Asfan Recycling Facility", "Jeddah, Saudi Arabia"),
    ("NJED-31", "North Jeddah Recycling Facility", "Jeddah, Saudi Arabia"),
    ("SJED-32", "South Jeddah Recycling Facility", "Jeddah, Saudi Arabia"),
    ("DAHBAN-33", "Dahban Recycling Facility", "Rabegh, Saudi Arabia"),
)

# code, name, material type, category, flags: D its type's default, R the default when received, C recyclable
MATERIAL_ROWS = (
    ("AGG-G1", "G1", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("AGG-3/4", "3/4", "COARSE_AGGREGATE", "AGGREGATES", "D"),
    ("AGG-3/8", "3/8", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("AGG-S1", "S1", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("AGG-APBC", "APBC", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("AGG-FILLING", "FILLING MATERIAL", "AGGREGATE_BASE", "AGGREGATES", ""),
    ("AGG-RIPRAP", "RIPRAP", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("AGG-4INCH", "4 INCH", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("AGG-6INCH", "6 INCH", "COARSE_AGGREGATE", "AGGREGATES", ""),
    ("FINE-WASHED", "WASHED SAND", "FINE_SAND", "FINE", "D"),
    ("FINE-NATURAL", "NATURAL SAND", "FINE_SAND", "FINE", ""),
    ("SPEC-BEDDING", "BEDDING SAND", "FINE_SAND", "SPECIALTY", ""),
    ("BASE-CRUSHED", "CRUSHED BASE", "AGGREGATE_BASE", "PROCESSED_BASE", "D"),
    ("BASE-RECYCLED", "RECYCLED BASE", "CRUSHED_CONCRETE", "PROCESSED_BASE", "DC"),
    ("RAW-CONCRETE", "CONCRETE DEBRIS", "CRUSHED_CONCRETE", "RAW_FEED", "RC"),
    ("RAW-MIXED", "MIXED C&D DEBRIS", "MIXED_RUBBLE", "RAW_FEED", "D"),
    ("RAW-ASPHALT", "ASPHALT DEBRIS", "RECYCLED_ASPHALT", "RAW_FEED", "DC"),
)

EQUIPMENT_ROWS = (
    ("CRUSHER-01", "Jaw Crusher #1", "CRUSHING_SCREENING", "CRUSHER"),
    ("CRUSHER-02", "Cone Crusher #1", "CRUSHING_SCREENING", "CRUSHER"),
    ("SCREEN-01", "Vibrating Screen #1", "CRUSHING_SCREENING", "SCREEN"),
    ("EXCAVATOR-01", "Excavator CAT320", "EARTH_MOVING", "EXCAVATOR"),
    ("EXCAVATOR-02", "Excavator PC200", "EARTH_MOVING", "EXCAVATOR"),
    ("LOADER-01", "Wheel Loader L120", "EARTH_MOVING", "LOADER"),
    ("DUMPTRUCK-01", "Dump Truck 6W", "HAULING", "DUMPTRUCK"),
    ("DUMPTRUCK-02", "Dump Truck 10W", "HAULING", "DUMPTRUCK"),
    ("GENERATOR-01", "Generator 500kVA", "AUXILIARY", "GENERATOR"),
)

EQUIPMENT_TYPES = tuple(dict.fromkeys(type_ for _, _, type_, _ in EQUIPMENT_ROWS))

ROLE_ROWS = (
    ("EQUIPMENT_DRIVER", "Equipment Driver"),
    ("CRUSHER_OPERATOR", "Crusher Operator"),
    ("MAINTENANCE_WORKER", "Maintenance Worker"),
    ("LABORER", "Laborer"),
    ("SECURITY", "Security"),
)


def rows_to_seed() -> list[Reference]:
    """Every row of the lists, in their order. Sites get new ids, the others the ids of the yard's documents."""
    sites = [
        Site(code=code, name=name, location=location, timezone="Asia/Riyadh")
        for code, name, location in SITE_ROWS
    ]
    materials = [
        Material(
            id=f"MAT{number:03}",
            code=code,
            name=name,
            material_type=material_type,
            category=category,
            uom=LOAD if category == "RAW_FEED" else TON,
            is_final=category != "RAW_FEED",
            is_recyclable="C" in flags,
            is_default="D" in flags,
            is_received_default="R" in flags,
        )
        for number, (code, name, material_type, category, flags) in enumerate(MATERIAL_ROWS, start=1)
    ]
    machines = [
        Equipment(id=f"EQ{number:03}", code=code, name=name, type=type_, definition=definition)
        for number, (code, name, type_, definition) in enumerate(EQUIPMENT_ROWS, start=1)
    ]
    roles = [ManpowerRole(id=f"ROLE_{code}", code=code, name=name) for code, name in ROLE_ROWS]
    for rows in (sites, materials, machines, roles):
        for position, row in enumerate(rows, start=1):
            row.position = position
    return [*sites, *materials, *machines, *roles]


def seed() -> int:
    """Add the rows that are missing, by code; answers how many. What an administrator changed stays as it is."""
    added = []
    with transaction():
        for row in rows_to_seed():
            if not type(row).select().where(type(row).code == row.code).exists():
                row.save(force_insert=True)
                added.append(row)
        if added:
            references.changed()
            append(
                INSTALLATION,
                "system",
                [
                    Event("ADDED", type(row).__name__.lower(), row.id, {"code": [None, row.code]})
                    for row in added
                ],
            )
    return len(added)
