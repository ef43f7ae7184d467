"""The demo yard: 90 days of generated records at two sites that are named as such, with sign-ins of their own."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Membership, Site, Token, TokenSite, User
from deskops.accounts.policy import MODERATOR, OPERATOR, VIEWER
from deskops.audit.chain import INSTALLATION, AuditEntry, AuditHead, Event, append
from deskops.config import Settings
from deskops.database import execute, transaction
from deskops.home import write_private
from deskops.imports.models import Import
from deskops.modules import MODULES
from deskops.modules.reference import EQUIPMENT_ROWS, ROLE_ROWS
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences, cube, service
from deskops.records.record import SHIFT_NAMES
from deskops.schema import counters, references
from deskops.schema.counters import ChangeCounter

DAYS = 90
FRIDAY = 4
SITES = (("DEMO-NORTH", "Demo Yard North", 1.0), ("DEMO-SOUTH", "Demo Yard South", 0.6))
PEOPLE = (
    ("clerk@demo.invalid", "Demo Clerk", OPERATOR),
    ("manager@demo.invalid", "Demo Manager", MODERATOR),
    ("viewer@demo.invalid", "Demo Viewer", VIEWER),
    ("admin@demo.invalid", "Demo Admin", None),
)
# Tons of a usual shift, by product.
PRODUCTS = {"AGG-3/4": 210, "AGG-3/8": 150, "AGG-G1": 120, "BASE-RECYCLED": 260, "FINE-WASHED": 90}
DEBRIS = {"RAW-CONCRETE": 0.5, "RAW-MIXED": 0.35, "RAW-ASPHALT": 0.15}
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


def is_loaded() -> bool:
    return bool(User.select().where(User.is_demo).exists() or demo_sites())


def demo_sites() -> list[Site]:
    return list(Site.select().where(Site.code.in_([code for code, _, _ in SITES])))


def load(settings: Settings) -> None:
    """Make the sites, the people and their records; the sign-ins are kept in demo-accounts.txt in the home folder."""
    consequences.react_with(CONSEQUENCES)
    with transaction():
        sites = [
            people.save_site(
                {"code": code, "name": name, "location": "Generated", "timezone": "Asia/Riyadh"}, SYSTEM
            )
            for code, name, _ in SITES
        ]
        lines = ["Demo sign-ins (generated records; `deskops demo --remove` takes them away):"]
        for email, name, role in PEOPLE:
            password = secrets.token_urlsafe(9)
            people.add_user(
                email,
                name,
                password,
                role=role,
                sites=sites,
                is_admin=role is None,
                actor=SYSTEM,
                is_demo=True,
            )
            lines.append(f"  {email:<22} {password}")
        for (_, _, size), site in zip(SITES, sites, strict=True):
            fill(site, size)
        file = settings.home / "demo-accounts.txt"
        file.unlink(missing_ok=True)
        write_private(file, "\n".join(lines) + "\n")


def fill(site: Site, size: float) -> None:
    """Ninety days of one site, the same ones on every machine but for their dates."""
    chance = random.Random(site.code)  # noqa: S311 - scenery, not secrets
    now = site.now().replace(tzinfo=None)
    first = now.date() - timedelta(days=DAYS - 1)
    for offset in range(DAYS):
        day = first + timedelta(days=offset)
        if day.weekday() == FRIDAY and day != now.date():
            continue
        for name, rows_of in GENERATORS.items():
            sents = [{"siteId": site.code, "date": day.isoformat()} | row for row in rows_of(chance, size)]
            service.create_many(
                MODULES[name], [row for row in sents if has_happened(row, now)], SYSTEM, strict=False
            )


def has_happened(row: Sent, now: datetime) -> bool:
    """Whether a row of today lies in the past: loads by their time, shifts by their beginning."""
    if row["date"] != now.date().isoformat():
        return True
    begins = {"MORNING": "06:00", "AFTERNOON": "14:00", "NIGHT": "22:00"}
    return (row.get("time") or begins[row["shift"]]) <= f"{now:%H:%M}"


def tons(chance: random.Random, usual: float, spread: float = 0.18) -> str:
    return str(Decimal(max(chance.gauss(usual, usual * spread), usual * 0.2)).quantize(Decimal("0.001")))


def clock(chance: random.Random) -> str:
    minute = min(max(int(chance.gauss(12 * 60, 150)), 6 * 60), 21 * 60 + 59)
    return f"{minute // 60:02}:{minute % 60:02}"


def production(chance: random.Random, size: float) -> Iterator[Sent]:
    for shift in SHIFT_NAMES[:2]:
        for material, usual in PRODUCTS.items():
            if chance.random() < 0.93:
                yield {"shift": shift, "materialId": material, "quantity": tons(chance, usual * size)}


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
            "materialId": chance.choice(list(PRODUCTS)),
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


def remove(_settings: Settings) -> None:
    """Take the demo sites, their records and chains, and the demo people away: they never were a yard's book."""
    sites = [site.id for site in demo_sites()]
    with transaction():
        for site_id in sites:
            for module in MODULES.values():
                execute(f"DELETE FROM {module.model._meta.table_name} WHERE site_id = ?", (site_id,))
                execute(f"DELETE FROM {cube.table_name(module)} WHERE site_id = ?", (site_id,))
            AuditEntry.delete().where(AuditEntry.scope == site_id).execute()
            AuditHead.delete().where(AuditHead.scope == site_id).execute()
            ChangeCounter.delete().where(ChangeCounter.scope == site_id).execute()
        Import.delete().where(Import.site.in_(sites)).execute()
        end_tokens_of(sites)
        Membership.delete().where(Membership.site.in_(sites)).execute()
        User.delete().where(User.is_demo).execute()
        Site.delete().where(Site.id.in_(sites)).execute()
        references.changed()
        counters.take([counters.PEOPLE])
        append(INSTALLATION, SYSTEM.user_id, [Event("REMOVED", "demo", "demo", {})])


def end_tokens_of(sites: list[str]) -> None:
    """End the tokens that reach nothing else: without their sites they would reach everything of their person."""
    narrowed = Token.select().join(TokenSite).where(TokenSite.site.in_(sites)).distinct()
    elsewhere = TokenSite.select(TokenSite.token).where(TokenSite.site.not_in(sites))
    for token in narrowed.where(Token.id.not_in(elsewhere)):
        people.revoke_token(token, SYSTEM)
