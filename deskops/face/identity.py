"""Who is asking: a bearer token, or a browser's session with its protection against forged requests."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, UserMixin, login_user, logout_user
from flask_login import current_user as signed_in
from flask_wtf import CSRFProtect

from deskops.accounts import signin
from deskops.accounts.actor import Actor, actor_for
from deskops.accounts.models import User
from deskops.config import Settings
from deskops.errors import Unauthorized

login_manager = LoginManager()
csrf = CSRFProtect()
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SESSION_COOKIE = "deskops_session"


class SignedIn(UserMixin):  # type: ignore[misc]
    """A browser's session, as flask-login carries it: its id is the session's random secret, not the person's."""

    def __init__(self, secret: str, user: User) -> None:
        self.id = secret
        self.user = user


def register(app: Flask, settings: Settings) -> None:
    """Read who is asking on every request, and refuse forged ones."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.web.secure_cookies,
        PERMANENT_SESSION_LIFETIME=settings.sessions.lifetime,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    login_manager.init_app(app)
    csrf.init_app(app)
    app.before_request(refuse_forged_form)


@login_manager.user_loader
def load_session(secret: str) -> SignedIn | None:
    user = signin.session_user(secret, current_app.extensions["settings"].sessions.idle)
    if user is None:
        return None
    g.signed_in_id = user.id
    return SignedIn(secret, user)


def is_api() -> bool:
    """Whether the API was asked, not a page."""
    return request.path == "/api" or request.path.startswith("/api/")


def refuse_forged_form() -> None:
    """Pages ask this before anything else; the API in its own order, once it knows who is asking."""
    if not is_api():
        refuse_forged()


def refuse_forged() -> None:
    """Every unsafe request carries the form's secret, but a script's with a bearer token. Raises CSRFError."""
    if request.method in UNSAFE and not (is_api() and bearer() is not None):
        csrf.protect()


def bearer() -> str | None:
    """The token of the Authorization header, or None."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def actor() -> Actor:
    """Who is asking. Raises Unauthorized."""
    if "actor" not in g:
        g.actor = identify()
    found: Actor = g.actor
    return found


def already_known() -> tuple[str | None, str | None]:
    """The ids of the person and of the token, as far as this request asked who it is; nothing is looked up for it."""
    if "actor" in g:
        return g.actor.user_id, g.actor.token_id
    return g.get("signed_in_id"), None


def identify() -> Actor:
    secret = bearer()
    if secret is not None:
        return signin.token_actor(secret)
    if not signed_in.is_authenticated:
        raise Unauthorized
    return actor_for(signed_in.user)


def sign_in(email: str, password: str) -> None:
    """Check the password and begin a session of this browser. Raises Unauthorized."""
    settings: Settings = current_app.extensions["settings"]
    user = signin.check_password(email, password)
    session.clear()
    session.permanent = True
    login_user(SignedIn(signin.begin_session(user, settings.sessions.lifetime), user))


def sign_out() -> None:
    """End this browser's session, on the server too."""
    if signed_in.is_authenticated:
        signin.end_session(signed_in.id)
    logout_user()
    session.clear()


def person() -> Any:
    """The signed-in person of a page (a User), or None."""
    return signed_in.user if signed_in.is_authenticated else None
