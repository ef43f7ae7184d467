"""Adding people, tokens and sites: each one transaction with its audit entry."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deskops.accounts.actor import USUAL_LIMITS, Actor, OwnLimits
from deskops.accounts.models import Membership, Site, Token, TokenSite, User
from deskops.accounts.policy import ADMIN, MANAGE_SITES, SITE_ROLES
from deskops.accounts.signin import PASSWORDS, TOKEN_PREFIX, fingerprint
from deskops.audit.chain import INSTALLATION, Event, append
from deskops.database import rows, transaction, utc_now
from deskops.errors import DuplicateRecord, Problem, ValidationFailed, say
from deskops.schema import counters, references
from deskops.schema.kinds import CLOCK

SHORTEST_PASSWORD = 8
NAME_LENGTH = say("A name has 1 to 100 characters")
# The columns of a row as they were read, and what is wrong with them.
Columns = tuple[Mapping[str, Any], Sequence[Problem]]
NONE_ELSE: Columns = ({}, ())


def add_user(
    email: str,
    name: str,
    password: str,
    *,
    role: str | None,
    sites: Sequence[Site],
    is_admin: bool,
    actor: Actor,
    is_demo: bool = False,
) -> User:
    """Add a person with one role at these sites, or an administrator.

    Raises ValidationFailed (fields email, name, password, role, sites) or DuplicateRecord.
    """
    email, name = email.strip().lower(), name.strip()
    problems = judge_person(email, name, password)
    if not is_admin and role not in SITE_ROLES:
        problems.append(Problem("role", say("Choose one of %(roles)s", roles=", ".join(SITE_ROLES))))
    if not is_admin and not sites:
        problems.append(Problem("sites", say("Name at least one site: only an administrator has none")))
    if problems:
        raise ValidationFailed.of(problems)
    with transaction():
        counters.take([counters.PEOPLE])
        if User.get_or_none(User.email == email):
            raise DuplicateRecord(
                say("There is already a person with this e-mail address"), key={"email": email}
            )
        user = User.create(
            email=email, name=name, password_hash=PASSWORDS.hash(password), is_admin=is_admin, is_demo=is_demo
        )
        for site in [] if is_admin else sites:
            Membership.create(user=user, site=site, role=role)
        granted = {
            "role": [None, "ADMIN" if is_admin else role],
            "sites": [None, [site.code for site in sites]],
        }
        append(INSTALLATION, actor.user_id, [Event("ADDED", "user", user.id, granted)])
    return user


def judge_person(email: str, name: str, password: str) -> list[Problem]:
    problems = []
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email) or len(email) > 254:
        problems.append(Problem("email", say("This is not an e-mail address")))
    problems += judge_name(name)
    if len(password) < SHORTEST_PASSWORD:
        problems.append(Problem("password", say("At least %(least)s characters", least=SHORTEST_PASSWORD)))
    return problems


def judge_name(name: str) -> list[Problem]:
    return [] if 1 <= len(name) <= 100 else [Problem("name", NAME_LENGTH)]


def set_active(user: User, is_active: bool, actor: Actor) -> None:
    """Shut a person out, with every session and token of theirs, from the next request on; or let them in again."""
    with transaction():
        counters.take([counters.PEOPLE])
        User.update(is_active=is_active).where(User.id == user.id).execute()
        changes = {"isActive": [user.is_active, is_active]}
        append(INSTALLATION, actor.user_id, [Event("CORRECTED", "user", user.id, changes)])


def add_token(
    user: User,
    name: str,
    *,
    scope: str,
    sites: Sequence[Site],
    expires_in_days: int | None,
    own_limits: OwnLimits = USUAL_LIMITS,
) -> tuple[Token, str]:
    """Make a token of this person; answers the row and the secret, which is shown once and not kept.

    Raises ValidationFailed (fields name, scope).
    """
    name = name.strip()
    problems = judge_name(name)
    if scope not in ("read", "write"):
        problems.append(Problem("scope", say("Choose read or write")))
    if problems:
        raise ValidationFailed.of(problems)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    expires_at = utc_now() + timedelta(days=expires_in_days) if expires_in_days else None
    with transaction():
        counters.take([counters.PEOPLE])
        token = Token.create(
            user=user,
            name=name,
            hash=fingerprint(secret),
            may_write=scope == "write",
            expires_at=expires_at,
            **own_limits._asdict(),
        )
        for site in sites:
            TokenSite.create(token=token, site=site)
        granted = {"scope": [None, scope], "sites": [None, [site.code for site in sites]]}
        granted |= {name: [None, limit] for name, limit in own_limits._asdict().items() if limit}
        append(INSTALLATION, user.id, [Event("ADDED", "token", token.id, granted)])
    return token, secret


def revoke_token(token: Token, actor: Actor) -> None:
    """End a token at once."""
    with transaction():
        counters.take([counters.PEOPLE])
        Token.update(revoked_at=utc_now()).where(Token.id == token.id).execute()
        append(INSTALLATION, actor.user_id, [Event("REVOKED", "token", token.id, {})])


def list_people() -> list[tuple[User, list[str]]]:
    """Everybody, by e-mail, with what they may do: ADMIN, or each role and its site as `OPERATOR ALASLA-29`."""
    roles: dict[str, list[str]] = {}
    for user_id, role, code in rows(
        "SELECT m.user_id, m.role, s.code FROM membership AS m JOIN site AS s ON s.id = m.site_id ORDER BY s.code"
    ):
        roles.setdefault(user_id, []).append(f"{role} {code}")
    people = User.select().order_by(User.email)
    return [(user, [ADMIN] if user.is_admin else roles.get(user.id, [])) for user in people]


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """{person's id: name}."""
    wanted = sorted(set(ids))
    found = User.select(User.id, User.name).where(User.id.in_(wanted)) if wanted else ()
    return {user.id: user.name for user in found}


def list_tokens() -> list[tuple[Token, list[str]]]:
    """Every token, oldest first, with its person, and the codes of the sites it is narrowed to."""
    narrowed: dict[str, list[str]] = {}
    for token_id, code in rows(
        "SELECT t.token_id, s.code FROM token_site AS t JOIN site AS s ON s.id = t.site_id ORDER BY s.code"
    ):
        narrowed.setdefault(token_id, []).append(code)
    tokens = Token.select(Token, User).join(User).order_by(Token.created_at, Token.id)
    return [(token, narrowed.get(token.id, [])) for token in tokens]


def save_site(
    sent: Mapping[str, Any], actor: Actor, site: Site | None = None, *, also: Columns = NONE_ELSE
) -> Site:
    """Add a site, or change the given keys of one: code, name, location, timezone, isActive, shiftStarts.

    `also` are further columns of it that were read already.

    Raises Forbidden, ValidationFailed, DuplicateRecord.
    """
    actor.require_admin(MANAGE_SITES)
    values, problems = read_site(sent, partial=site is not None)
    values |= also[0]
    if problems := [*problems, *also[1]]:
        raise ValidationFailed.of(problems)
    with transaction():
        references.changed()
        taken = Site.get_or_none(Site.code == values["code"]) if "code" in values else None
        if taken is not None and (site is None or taken.id != site.id):
            raise DuplicateRecord(say("There is already a site with this code"), key={"code": values["code"]})
        stored = Site.get_by_id(site.id) if site else None
        before = {name: getattr(stored, name) for name in values} if stored else {}
        if site is None:
            saved = Site.create(**values, position=Site.select().count() + 1)
        else:
            if values:
                Site.update(**values).where(Site.id == site.id).execute()
            saved = Site.get_by_id(site.id)
        changes = {
            name: [before.get(name), value] for name, value in values.items() if before.get(name) != value
        }
        append(
            INSTALLATION, actor.user_id, [Event("CORRECTED" if site else "ADDED", "site", saved.id, changes)]
        )
    return saved


def read_site(sent: Mapping[str, Any], partial: bool) -> tuple[dict[str, Any], list[Problem]]:
    """The columns of a site in a JSON body, without blanks around texts, and everything wrong with them."""
    sent = {key: value.strip() if isinstance(value, str) else value for key, value in sent.items()}
    checks = {
        "code": lambda value: isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{3,20}", value),
        "name": lambda value: isinstance(value, str) and 1 <= len(value) <= 100 and value.isprintable(),
        "location": lambda value: (
            value is None or (isinstance(value, str) and len(value) <= 200 and value.isprintable())
        ),
        "timezone": lambda value: isinstance(value, str) and is_timezone(value),
        "isActive": lambda value: isinstance(value, bool),
        "shiftStarts": are_shift_starts,
    }
    texts = {
        "code": say("A code has 3 to 20 letters, digits, - or _"),
        "name": NAME_LENGTH,
        "location": say("At most 200 characters"),
        "timezone": say("Not a time zone, such as Asia/Riyadh"),
        "isActive": say("Must be true or false"),
        "shiftStarts": say("Three times of day, HH:MM, at which MORNING, AFTERNOON and NIGHT begin"),
    }
    read_only = {"id", "createdAt", "counts"}
    problems = [
        Problem(key, say("There is no field by this name"))
        for key in sent
        if key not in checks and key not in read_only
    ]
    problems += [
        Problem(key, texts[key]) for key, holds in checks.items() if key in sent and not holds(sent[key])
    ]
    if not partial:
        problems += [
            Problem(key, say("This field is required")) for key in ("code", "name") if key not in sent
        ]
    columns = {"isActive": "is_active", "shiftStarts": "shift_starts"}
    values = {columns.get(key, key): sent[key] for key in checks if key in sent}
    if "shift_starts" in values and not problems:
        values["shift_starts"] = " ".join(values["shift_starts"])
    return values, problems


def are_shift_starts(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 3:
        return False
    times = all(isinstance(start, str) and re.fullmatch(CLOCK, start) for start in value)
    return times and value == sorted(set(value))


def is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True
