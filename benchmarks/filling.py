"""Filling books by SQL, the same rows in every run: the fastest way to a million records whose totals are right."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice, product
from typing import Any

from deskops import database
from deskops.accounts.models import Site
from deskops.modules import MODULES
from deskops.records import totals
from deskops.records.module import Module
from deskops.records.record import ACTIVE, CANCELLED, PENDING
from deskops.schema.columns import new_id

YEARS_DAYS = 1_096
FIRST_DAY = date(2023, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=YEARS_DAYS - 1)
SITES = 4
CHUNK = 20_000
# Of 64 records.
STATUSES = (CANCELLED, PENDING, PENDING, *[ACTIVE] * 61)
# One record in so many has a void one before it.
VOID_EVERY = 50

# The least, and how many more there are, as stored: kilograms, hundredths of an hour, people.
MEASURES = {
    "quantity": (5_000, 30_000),
    "run_hours": (100, 400),
    "idle_hours": (0, 100),
    "downtime_hours": (0, 100),
    "present_count": (1, 20),
    "absent_count": (0, 5),
    "total_hours": (100, 2_400),
}
TEXTS = {
    "vehicle": "JED-{}",
    "source": "Source {}",
    "destination": "Road {}",
    "owner": "Contractor {}",
    "reference": "DN-{}",
}


def main_site() -> Site:
    """The site that the figures are of."""
    return Site.select().order_by(Site.position).get()


def fill(module: Module, count: int) -> None:
    """This many live records over three years at four sites, a void one beside every fiftieth, and their totals.

    As many a day as the module's unique key allows, at most.
    """
    statement = insert_sql(module)
    with without_indexes(module):
        found = filled_rows(module, count)
        while batch := list(islice(found, CHUNK)):
            with database.transaction():
                database.execute_many(statement, batch)
    with database.transaction():
        totals.rebuild(module)


@contextmanager
def without_indexes(module: Module) -> Iterator[None]:
    """Rows go in without their indexes, which are sorted once afterwards."""
    found = database.rows(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?",
        (module.model._meta.table_name,),
    )
    for name, _ in found:
        database.execute(f"DROP INDEX {name}")
    yield
    for _, statement in found:
        database.execute(statement)


def insert_sql(module: Module) -> str:
    columns = [field.column_name for field in module.model._meta.sorted_fields]
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {module.model._meta.table_name} ({', '.join(columns)}) VALUES ({marks})"


def filled_rows(module: Module, count: int) -> Iterator[tuple[Any, ...]]:
    """Rows as they are stored, site by site and day by day, the same in every run but for their ids."""
    chance = random.Random(4)
    row_of = row_maker(module, chance)
    combinations = enumerated(module)
    sites = [site.id for site in Site.select().order_by(Site.position).limit(SITES)]
    for place, site_id in enumerate(sites):
        of_site = count // SITES + (place < count % SITES)
        for offset in range(YEARS_DAYS):
            held = of_site // YEARS_DAYS + (offset < of_site % YEARS_DAYS)
            day = FIRST_DAY + timedelta(days=offset)
            for number in range(min(held, len(combinations)) if module.unique else held):
                # A step without a common divisor meets each combination once.
                chosen = combinations[(number * 101 + offset) % len(combinations)]
                if number % VOID_EVERY == VOID_EVERY - 1:
                    yield row_of(site_id, day, number, chosen, True)
                yield row_of(site_id, day, number, chosen, False)


def most_records(module: Module) -> int:
    """How many live records the unique key of a module leaves room for."""
    return SITES * YEARS_DAYS * len(enumerated(module))


def enumerated_fields(module: Module) -> list[Any]:
    """The fields by whose values the records of a day differ: the unique key's, else the totals' dimensions."""
    names = module.unique[2:] or [field.name for field in module.dimensions if field.name != "status"]
    return [module.schema.by_name[name] for name in names]


def enumerated(module: Module) -> list[tuple[str, ...]]:
    return list(product(*(totals.values_of(field) for field in enumerated_fields(module))))


RowMaker = Callable[[str, date, int, tuple[str, ...], bool], tuple[Any, ...]]


def row_maker(module: Module, chance: random.Random) -> RowMaker:
    """Makes stored rows: from a record of defaults, with what differs put in its place."""
    columns = module.model._meta.sorted_fields
    place = {column.name: index for index, column in enumerate(columns)}
    template = list(defaults(module))
    chosen_places = [place[field.name] for field in enumerated_fields(module)]
    numbers = [(place[name], *MEASURES[name]) for name in place if name in MEASURES]
    texts = [(place[name], TEXTS[name]) for name in place if name in TEXTS]

    def row_of(
        site_id: str, day: date, number: int, chosen: tuple[str, ...], is_void: bool
    ) -> tuple[Any, ...]:
        row = template.copy()
        moment = f"{day} {6 + number % 14:02}:{number % 60:02}:00.{number:06}"
        row[place["id"]], row[place["site"]], row[place["date"]] = new_id(), site_id, day.isoformat()
        row[place["created_at"]] = row[place["updated_at"]] = moment
        row[place["status"]] = STATUSES[chance.getrandbits(6)]
        row[place["voided_at"]] = moment if is_void else None
        for index, value in zip(chosen_places, chosen, strict=True):
            row[index] = value
        for index, least, span in numbers:
            row[index] = least + int(chance.random() * span)
        for index, text in texts:
            row[index] = text.format(1_000 + chance.getrandbits(8))
        return tuple(row)

    return row_of


def defaults(module: Module) -> tuple[Any, ...]:
    values = {"site": main_site(), "date": FIRST_DAY, "created_by": "bench", "salt": "0" * 16}
    return module.model.new(values).row()


def fill_all(records: int) -> None:
    """Every module with so many records, or as many as its unique key leaves room for."""
    for module in MODULES.values():
        fill(module, min(records, most_records(module)) if module.unique else records)
