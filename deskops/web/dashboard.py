"""The board: four cards, the flow of tons and the production, of one site or of all that the reader may see; live."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from flask import Blueprint, Response, redirect, render_template, request, url_for

from deskops.accounts.models import Site
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.web import flow_charts, fragments, moving, words
from deskops.web.cards import KINDS, Figures, cards_of, figures_of
from deskops.web.scope import Scope, read_scope


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/", "home", home)
    pages.add_url_rule("/dashboard", "dashboard", show)


def home() -> Response:
    return redirect(url_for("web.dashboard"))  # type: ignore[return-value]


def show() -> Response:
    """The board; for a script only its fragment, kept while nothing changes."""
    scope = read_scope(request.args, identity.actor())
    seen = state_of(scope.sites)
    key = (
        "board",
        url(scope),
        scope.start,
        scope.end,
        seen,
        str(words.locale()),
        *(site.id for site in scope.sites),
    )
    return fragments.kept_view(
        key,
        lambda: board_html(scope),
        lambda html: render_template("dashboard/page.html", scope=scope, board=html, seen=seen),
        url(scope),
    )


def url(scope: Scope) -> str:
    return url_for("web.dashboard", **scope.params)


def board_html(scope: Scope) -> str:
    found = [figures_of(site) for site in scope.sites]
    flow, produced = flow_charts.flows(scope), flow_charts.productions(scope)
    return render_template(
        "dashboard/_board.html",
        scope=scope,
        cards=cards_of(found),
        flow=flow,
        flow_chart=flow_charts.flow_chart(flow, scope),
        produced=produced,
        production_chart=flow_charts.production_chart(produced, scope),
        sites=by_site(found),
        moving=moving.texts_of(scope.sites),
        url=url(scope),
        scope_url=lambda site: url(replace(scope, site=site)),
    )


def by_site(found: list[Figures]) -> list[tuple[Site, list[Decimal | None]]]:
    """Each site's own figures of today, None where nothing was reported, where several are in view."""
    if len(found) < 2:
        return []
    return [(one.site, [one.weeks[kind.name][-1] for kind in KINDS]) for one in found]
