"""The headers of every response: what a browser may do with it, and how long it may keep it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from flask import Flask, Response, request, url_for

from deskops.paths import STATIC

# Pico's icons are data: images; nothing else comes from anywhere but here.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
A_YEAR = 31_536_000


def register(app: Flask) -> None:
    app.after_request(add_headers)
    app.jinja_env.globals["asset"] = asset


def add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}")
    if request.endpoint == "static":
        # Named with its content's hash it never changes; without, the browser asks each time.
        lasting = f"public, max-age={A_YEAR}, immutable"
        response.headers["Cache-Control"] = lasting if request.args.get("v") else "no-cache"
    elif "Cache-Control" not in response.headers:
        # After signing out, Back must not show what was read before.
        response.headers["Cache-Control"] = "no-store"
    return response


def asset(name: str) -> str:
    """The address of a static file, with the hash of its content."""
    found = (STATIC / name).stat()
    return url_for("static", filename=name, v=_hash(name, found.st_mtime_ns))


@lru_cache(maxsize=256)
def _hash(name: str, _changed_at: int) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]
