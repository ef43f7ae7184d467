"""The demo yard: 90 days of generated records at two sites that are named as such, with sign-ins of their own."""

from __future__ import annotations

import secrets
from itertools import chain

from deskops.accounts import people
from deskops.accounts.actor import SYSTEM, actor_for
from deskops.accounts.models import WEEKDAYS, Membership, Site, Token, TokenSite, User
from deskops.accounts.policy import MODERATOR, OPERATOR, VIEWER
from deskops.audit.chain import INSTALLATION, AuditEntry, AuditHead, Event, append
from deskops.config import Settings
from deskops.database import execute, transaction
from deskops.demo.scenery import enter_in_time, fill
from deskops.demo.stock import close_days, enter_doubtful, keep_stock
from deskops.home import write_private
from deskops.imports.models import Import
from deskops.modules import EVERY_MODULE
from deskops.modules.calendar import read_calendar
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences, cube
from deskops.schema import counters, references
from deskops.schema.counters import ChangeCounter

SITES = (("DEMO-NORTH", "Demo Yard North", 1.0), ("DEMO-SOUTH", "Demo Yard South", 0.6))
CALENDAR = {"workDays": [day for day in WEEKDAYS if day != "FRI"], "workShifts": ["MORNING", "AFTERNOON"]}
# What of a site is no record.
KEPT_BY_SITE = ("site_ledger", "snapshot_day", "inventory_snapshot", "day_closing", "review")
PEOPLE = (
    ("clerk@demo.invalid", "Demo Clerk", OPERATOR),
    ("manager@demo.invalid", "Demo Manager", MODERATOR),
    ("viewer@demo.invalid", "Demo Viewer", VIEWER),
    ("admin@demo.invalid", "Demo Admin", None),
)


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
                {"code": code, "name": name, "location": "Generated", "timezone": "Asia/Riyadh"},
                SYSTEM,
                also=read_calendar(CALENDAR),
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
        clerk, manager = (actor_for(User.get(User.email == email)) for email, *_ in PEOPLE[:2])
        for (_, _, size), site in zip(SITES, sites, strict=True):
            fill(site, size, clerk)
            enter_in_time(site)
            keep_stock(site, size, manager)
            close_days(site, manager)
            enter_doubtful(site, clerk)
        file = settings.home / "demo-accounts.txt"
        file.unlink(missing_ok=True)
        write_private(file, "\n".join(lines) + "\n")


def remove(_settings: Settings) -> None:
    """Take the demo sites, their records and chains, and the demo people away: they never were a yard's book."""
    sites = [site.id for site in demo_sites()]
    with transaction():
        for site_id in sites:
            of_records = [
                (module.model._meta.table_name, cube.table_name(module)) for module in EVERY_MODULE.values()
            ]
            for table in (*chain(*of_records), *KEPT_BY_SITE):
                execute(f"DELETE FROM {table} WHERE site_id = ?", (site_id,))
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
