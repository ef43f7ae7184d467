"""Signing in and out, as a page, or in a dialog over a page whose session has ended."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_wtf.csrf import generate_csrf

from deskops.errors import Forbidden, RateLimitExceeded, Unauthorized
from deskops.face import identity
from deskops.web import fragments, words
from deskops.web.throttle import throttle

MINUTE = 60


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/signin", "signin", show)
    pages.add_url_rule("/signin", "save_signin", sign_in, methods=["POST"])
    pages.add_url_rule("/signout", "signout", sign_out, methods=["POST"])


def show() -> Response:
    if identity.person() is None:
        return form_answer()
    # Signed in meanwhile, in another window: the page below the dialog goes on.
    return signed_in() if fragments.is_fragment() else redirect(wanted())  # type: ignore[return-value]


def sign_in() -> Response:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    wait = throttle().wait(address, email)
    if wait:
        text = ngettext(
            "Too many tries. Wait a minute and try again.",
            "Too many tries. Wait %(num)s minutes and try again.",
            -(-wait // MINUTE),
        )
        response = form_answer(text, RateLimitExceeded.status)
        response.headers["Retry-After"] = str(wait)
        return response
    try:
        identity.sign_in(email, password)
    except Unauthorized as refused:
        return form_answer(words.text(refused.message), refused.status)
    throttle().forgive(address, email)
    if fragments.is_fragment():
        return signed_in()
    return redirect(wanted())  # type: ignore[return-value]


def signed_in() -> Response:
    """The page below the dialog stays as it is, with a new secret for its forms."""
    return fragments.done(signed_in={"csrf": generate_csrf()}, records_changed=True)


def sign_out() -> Response:
    identity.sign_out()
    return redirect(url_for("web.signin"), 303)  # type: ignore[return-value]


def form_answer(problem: str = "", status: int = 200) -> Response:
    template = "signin/_form.html" if fragments.is_fragment() else "signin/page.html"
    email = request.form.get("email", "")
    email = email if email.isprintable() else ""
    again = fragments.is_fragment()
    html = render_template(template, problem=problem, email=email, wanted=wanted(), again=again)
    return fragments.answer(html, status)


def wanted() -> str:
    """The page the reader came for; only one of this installation."""
    path = request.values.get("next", "")
    parts = parts_of(path)
    is_own = (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and not parts.netloc
        and path.isprintable()
    )
    return path if is_own and parts.path != url_for("web.signin") else url_for("web.dashboard")


def parts_of(address: str) -> SplitResult:
    """The parts of an address that somebody sent; of one that is none, empty ones."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def expired_form() -> Response:
    """A sign-in form that was open for too long comes back fresh, with the address typed."""
    return form_answer(gettext("This page was open for too long. Please try again."), Forbidden.status)


def ask_to_sign_in() -> Response:
    """Nobody is signed in: a page leads to the form and back; a script is told where the form is."""
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    if not fragments.is_fragment():
        return redirect(url_for("web.signin", next=here or None))  # type: ignore[return-value]
    parts = parts_of(request.headers.get("HX-Current-URL", ""))
    shown = f"{parts.path}?{parts.query}" if parts.query else parts.path
    response = fragments.answer("", Unauthorized.status)
    response.headers["HX-Redirect"] = url_for("web.signin", next=shown or None)
    return response
