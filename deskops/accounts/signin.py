"""Proving who one is: passwords, sessions and tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from deskops.accounts.actor import Actor, actor_for
from deskops.accounts.models import ACTIVE, Session, Token, User
from deskops.database import rows, transaction, utc_now
from deskops.errors import Unauthorized, say
from deskops.schema import counters

# Argon2id with OWASP's least setting: 38 ms a check, 19 MiB.
PASSWORDS = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODY = PASSWORDS.hash(secrets.token_hex())
SEEN_EVERY = timedelta(minutes=1)
TOKEN_PREFIX = "dops_"  # noqa: S105 - how a token begins


def fingerprint(secret: str) -> str:
    """What is stored of a random secret: long enough that a plain hash is safe."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_password(email: str, password: str) -> User:
    """The person with this address and password. Takes the same time and says the same whatever was wrong.

    Raises Unauthorized.
    """
    email = email.strip().lower()
    # PostgreSQL does not even compare a text with a null character.
    user = User.get_or_none(User.email == email) if "\x00" not in email else None
    try:
        PASSWORDS.verify(user.password_hash if user else NOBODY, password)
    except (VerificationError, InvalidHashError):
        user = None
    if user is None or not user.is_active:
        raise Unauthorized(say("This address and password do not match"))
    return user


def begin_session(user: User, lifetime: timedelta) -> str:
    """Sign in: answers the random id for the cookie."""
    secret = secrets.token_urlsafe(32)
    now = utc_now()
    with transaction():
        Session.create(
            hash=fingerprint(secret), user=user, created_at=now, seen_at=now, expires_at=now + lifetime
        )
    return secret


def end_session(secret: str) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    with transaction():
        Session.update(ended_at=utc_now()).where(Session.hash == fingerprint(secret)).execute()
        counters.take([counters.PEOPLE])


def session_user(secret: str, idle: timedelta) -> User | None:
    """The person of a session that is neither over, ended nor idle for too long."""
    now = utc_now()
    found = Session.select(Session, User).join(User).where(Session.hash == fingerprint(secret)).first()
    if (
        found is None
        or found.ended_at
        or now >= found.expires_at
        or now - found.seen_at > idle
        or not found.user.is_active
    ):
        return None
    if now - found.seen_at > SEEN_EVERY:
        with transaction():
            Session.update(seen_at=now).where(Session.hash == found.hash).execute()
    return found.user


def token_actor(secret: str) -> Actor:
    """The actor of a bearer token. Raises Unauthorized for an unknown, expired or revoked one."""
    now = utc_now()
    token = find_token(fingerprint(secret))
    if token is None or token.state(now) != ACTIVE:
        raise Unauthorized
    note_use(token, now)
    return actor_for(token.user, token)


def find_token(hashed: str) -> Token | None:
    """The token with this hash, with its person; written out because every request of a script asks it."""
    found = rows(
        "SELECT t.id, t.may_write, t.requests_per_minute, t.requests_per_second, t.expires_at, t.revoked_at, "
        "t.last_used_at, u.id, u.name, u.email, u.is_admin, u.is_active "
        'FROM token AS t JOIN "user" AS u ON u.id = t.user_id WHERE t.hash = ?',
        (hashed,),
    )
    if not found:
        return None
    token_id, may_write, per_minute, per_second, *moments, user_id, name, email, is_admin, is_active = found[
        0
    ]
    expires_at, revoked_at, last_used_at = (Token.expires_at.python_value(moment) for moment in moments)
    return Token(
        id=token_id,
        user=User(id=user_id, name=name, email=email, is_admin=bool(is_admin), is_active=bool(is_active)),
        may_write=bool(may_write),
        requests_per_minute=per_minute,
        requests_per_second=per_second,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_at=last_used_at,
    )


def note_use(token: Token, now: datetime) -> None:
    """Remember the last use, to the minute: one write a minute, not one a request."""
    if token.last_used_at is None or now - token.last_used_at > SEEN_EVERY:
        with transaction():
            Token.update(last_used_at=now).where(Token.id == token.id).execute()
