"""The scenery of the demo yard: what a day of it reports, by chance, with the inputs that its last days lack."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.database import execute, is_sqlite
from deskops.modules import MODULES
from deskops.modules.reference import EQUIPMENT_ROWS, ROLE_ROWS
from deskops.records import listing, service
from deskops.records.record import SHIFT_NAMES

DAYS = 90
FRIDAY = 4
# Tons of a usual shift, by product.
PRODUCTS = {"AGG-3/4": 105, "AGG-3/8": 75, "AGG-G1": 60, "BASE-RECYCLED": 130, "FINE-WASHED": 45}
DEBRIS = {"RAW-CONCRETE": 0.5, "RAW-MIXED": 0.42, "RAW-ASPHALT": 0.08}
# What each is crushed from, and how much of it is left: the rest is dust and steel.
FEEDS = {
    "AGG-3/4": "RAW-CONCRETE",
    "AGG-3/8": "RAW-CONCRETE",
    "AGG-G1": "RAW-MIXED",
    "BASE-RECYCLED": "RAW-MIXED",
    "FINE-WASHED": "RAW-CONCRETE",
}
YIELD = Decimal("0.96")
SOURCES = (
    "Municipal C&D",
    "Corniche works",
    "Ring road contractor",
    "Old harbour demolition",
    "Private contractor",
)
DESTINATIONS = ("Airport road", "Block plant", "Sulaymaniyah housing", "Port extension", "Metro depot")
OWNERS = ("Al Rashid Building", "Coast Concrete", "Hijaz Roads", "Northern Paving")
CREWS = {"EQUIPMENT_DRIVER": 9, "CRUSHER_OPERATOR": 4, "MAINTENANCE_WORKER": 3, "LABORER": 14, "SECURITY": 2}
REASONS = ("Belt change", "Hydraulic leak", "Waiting for feed", "Screen cloth torn")
Sent = dict[str, str]


def fill(site: Site, size: float, clerk: Actor) -> None:
    """Ninety days of one site, the same ones on every machine but for their dates."""
    chance = random.Random(site.code)  # noqa: S311 - scenery, not secrets
    now = site.now().replace(tzinfo=None)
    lacking = lacking_rows(now.date())
    for offset in range(DAYS):
        day = first_day(now.date()) + timedelta(days=offset)
        if day.weekday() == FRIDAY and day != now.date():
            continue
        for name, rows_of in GENERATORS.items():
            sents = [{"siteId": site.code, "date": day.isoformat()} | row for row in rows_of(chance, size)]
            there = [
                row
                for row in sents
                if has_happened(row, now) and (name, day, row.get("shift", "")) not in lacking
            ]
            service.create_many(MODULES[name], there, clerk, strict=False)


def enter_in_time(site: Site) -> None:
    """Let the records of past days have been entered in the evening of their day: who loads a demo is not late."""
    evening = "date || ' 19:30:00.000000'" if is_sqlite() else "date + time '19:30'"
    for module in MODULES.values():
        execute(
            f"UPDATE {listing.table(module)} SET created_at = {evening}, updated_at = {evening} "
            "WHERE site_id = ? AND date < ?",
            (site.id, site.today().isoformat()),
        )


def first_day(today: date) -> date:
    return today - timedelta(days=DAYS - 1)


def working_days_before(today: date, count: int) -> list[date]:
    """The newest first."""
    days = (today - timedelta(days=back) for back in range(1, count * 2 + 1))
    return [day for day in days if day.weekday() != FRIDAY][:count]


def nothing_dispatched(today: date) -> date:
    """The day with a nil return."""
    return working_days_before(today, 3)[2]


def lacking_rows(today: date) -> set[tuple[str, date, str]]:
    """(module, day, shift) of what nobody reported: a shift of the last days, and the loads of the nil return's day."""
    return {
        ("production", working_days_before(today, 2)[1], "AFTERNOON"),
        ("dispatch", nothing_dispatched(today), ""),
    }


def has_happened(row: Sent, now: datetime) -> bool:
    """Whether a row of today lies in the past: loads by their time, shifts by their beginning."""
    if row["date"] != now.date().isoformat():
        return True
    begins = {"MORNING": "06:00", "AFTERNOON": "14:00", "NIGHT": "22:00"}
    return (row.get("time") or begins[row["shift"]]) <= f"{now:%H:%M}"


def tons(chance: random.Random, usual: float, spread: float = 0.18) -> str:
    return rounded(Decimal(max(chance.gauss(usual, usual * spread), usual * 0.2)))


def rounded(quantity: Decimal) -> str:
    return str(quantity.quantize(Decimal("0.001")))


def clock(chance: random.Random) -> str:
    minute = min(max(int(chance.gauss(12 * 60, 150)), 6 * 60), 21 * 60 + 59)
    return f"{minute // 60:02}:{minute % 60:02}"


def production(chance: random.Random, size: float) -> Iterator[Sent]:
    for shift in SHIFT_NAMES[:2]:
        for material, usual in PRODUCTS.items():
            if chance.random() < 0.93:
                quantity = tons(chance, usual * size)
                yield {
                    "shift": shift,
                    "materialId": material,
                    "quantity": quantity,
                    "feedMaterialId": FEEDS[material],
                    "feedQuantity": rounded(Decimal(quantity) / YIELD),
                }


def received(chance: random.Random, size: float) -> Iterator[Sent]:
    for _ in range(int(chance.gauss(34, 6) * size)):
        yield {
            "time": clock(chance),
            "materialId": chance.choices(list(DEBRIS), list(DEBRIS.values()))[0],
            "quantity": tons(chance, 24),
            "trips": "1",
            "source": chance.choice(SOURCES),
            "vehicleId": f"JED-{chance.randint(1000, 1060)}",
        }


def dispatch(chance: random.Random, size: float) -> Iterator[Sent]:
    for number in range(int(chance.gauss(26, 5) * size)):
        yield {
            "time": clock(chance),
            "materialId": chance.choices(list(PRODUCTS), list(PRODUCTS.values()))[0],
            "quantity": tons(chance, 27),
            "trips": "1",
            "destination": chance.choice(DESTINATIONS),
            "owner": chance.choice(OWNERS),
            "reference": f"DR-{chance.randint(10, 99)}{number:02}",
            "vehicleId": f"JED-{chance.randint(2000, 2040)}",
        }


def equipment(chance: random.Random, _size: float) -> Iterator[Sent]:
    for shift in SHIFT_NAMES[:2]:
        for code, *_ in EQUIPMENT_ROWS:
            down = chance.choice((0, 0, 0, 0, 0.5, 1, 2.5))
            run = round(min(8 - down, max(3, chance.gauss(6.4, 0.8))) * 4) / 4
            yield {
                "shift": shift,
                "equipmentId": code,
                "runHours": str(run),
                "idleHours": str(8 - down - run),
                "downtimeHours": str(down),
                "downtimeReasons": chance.choice(REASONS) if down else "",
            }


def manpower(chance: random.Random, size: float) -> Iterator[Sent]:
    for shift in SHIFT_NAMES[:2]:
        for code, _ in ROLE_ROWS:
            crew = max(1, round(CREWS[code] * size))
            absent = sum(chance.random() < 0.08 for _ in range(crew))
            yield {
                "shift": shift,
                "role": code,
                "presentCount": str(crew - absent),
                "absentCount": str(absent),
                "totalHours": str((crew - absent) * 8),
            }


GENERATORS: dict[str, Callable[[random.Random, float], Iterator[Sent]]] = {
    "production": production,
    "received": received,
    "dispatch": dispatch,
    "equipment": equipment,
    "manpower": manpower,
}
