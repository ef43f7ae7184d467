"""The one place in the navigation for what a manager keeps: openings, adjustments, surveys, targets, loads."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from deskops.face import identity
from deskops.modules import KEPT, LISTED
from deskops.records.module import Module
from deskops.web.scope import read_scope

PLACES: tuple[Module, ...] = tuple(module for name, module in LISTED.items() if name in KEPT)


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/keeping", "keeping", show_first)


def show_first() -> Response:
    """The first of its pages; the others are beside it there."""
    scope = read_scope(request.args, identity.actor())
    return redirect(url_for("web.records", name=PLACES[0].name, **scope.params))
