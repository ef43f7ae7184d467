"""The tables of sites, people, their roles, tokens and sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import peewee

from deskops.accounts.policy import SITE_ROLES
from deskops.database import BaseModel, utc_now
from deskops.schema.columns import IdField, MomentField
from deskops.schema.references import Reference

ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"
# In the order of date.weekday().
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
ALLOW, WARN, BLOCK = "ALLOW", "WARN", "BLOCK"
STOCK_POLICIES = (ALLOW, WARN, BLOCK)


class Site(Reference):
    """A yard. `shift_starts` are the times at which MORNING, AFTERNOON and NIGHT begin, between blanks.

    Its calendar says what a day owes, each a list between blanks: on which `work_days`, by which modules (`reports`,
    empty for all), and in which `work_shifts` (empty for the day as a whole). `stock_policy` is what happens below
    zero.
    """

    location = peewee.CharField(max_length=200, null=True)
    timezone = peewee.CharField(max_length=64, default="UTC")
    shift_starts = peewee.CharField(max_length=32, default="06:00 14:00 22:00")
    work_days = peewee.CharField(max_length=32, default=" ".join(WEEKDAYS))
    work_shifts = peewee.CharField(max_length=32, default="")
    reports = peewee.CharField(max_length=100, default="")
    stock_policy = peewee.CharField(max_length=5, default=ALLOW)
    created_at = MomentField(default=utc_now)

    def card(self) -> dict[str, str]:
        return {"code": self.code, "name": self.name}

    def now(self) -> datetime:
        """The site's wall clock."""
        return datetime.now(ZoneInfo(self.timezone))

    def today(self) -> date:
        """The site's own date: what "today" means in every figure of this site."""
        return self.now().date()


class User(BaseModel):
    id = IdField()
    email = peewee.CharField(max_length=254, unique=True)
    name = peewee.CharField(max_length=100)
    password_hash = peewee.CharField(max_length=200)
    is_admin = peewee.BooleanField(default=False)
    is_active = peewee.BooleanField(default=True)
    is_demo = peewee.BooleanField(default=False)
    created_at = MomentField(default=utc_now)

    def state(self) -> str:
        return ACTIVE if self.is_active else INACTIVE


class Membership(BaseModel):
    user = peewee.ForeignKeyField(User, backref="memberships", on_delete="CASCADE")
    site = peewee.ForeignKeyField(Site, on_delete="CASCADE")
    role = peewee.CharField(max_length=20, choices=[(role, role) for role in SITE_ROLES])

    if TYPE_CHECKING:
        site_id: str

    class Meta:
        indexes = ((("user", "site"), True),)


class Token(BaseModel):
    """A script's key: shown once, kept as its SHA-256. A token with site rows reaches only those sites.

    One with limits of its own is counted by itself; without, its requests are its person's.
    """

    id = IdField()
    user = peewee.ForeignKeyField(User, backref="tokens", on_delete="CASCADE")
    name = peewee.CharField(max_length=100)
    hash = peewee.CharField(max_length=64, unique=True)
    may_write = peewee.BooleanField(default=False)
    created_at = MomentField(default=utc_now)
    expires_at = MomentField(null=True)
    last_used_at = MomentField(null=True)
    revoked_at = MomentField(null=True)
    requests_per_minute = peewee.IntegerField(null=True)
    requests_per_second = peewee.IntegerField(null=True)

    def state(self, now: datetime) -> str:
        """What the token is worth: ACTIVE, or why not: REVOKED, EXPIRED, or INACTIVE as its person is."""
        if self.revoked_at:
            return "REVOKED"
        if self.expires_at and now >= self.expires_at:
            return "EXPIRED"
        return self.user.state()


class TokenSite(BaseModel):
    token = peewee.ForeignKeyField(Token, backref="sites", on_delete="CASCADE")
    site = peewee.ForeignKeyField(Site, on_delete="CASCADE")

    if TYPE_CHECKING:
        site_id: str

    class Meta:
        indexes = ((("token", "site"), True),)


class Session(BaseModel):
    """A browser's sign-in. The cookie holds the random id; here stands its SHA-256, so that it can be ended."""

    hash = peewee.CharField(max_length=64, primary_key=True)
    user = peewee.ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    created_at = MomentField(default=utc_now)
    seen_at = MomentField(default=utc_now)
    expires_at = MomentField()
    ended_at = MomentField(null=True)
