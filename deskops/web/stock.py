"""The page of the stock: a day's tons by material and their course; of several sites what lies at each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from flask import Blueprint, Response, render_template, request, url_for

from deskops.accounts.models import Site
from deskops.accounts.policy import CREATE, KEEP_STOCK
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.insight.stock import BY_TYPE, GROUPINGS
from deskops.ledger.standing import standing
from deskops.web import fragments, moving, words
from deskops.web.cards import STOCK, cards_of, figures_of
from deskops.web.scope import Scope, read_day, read_scope
from deskops.web.stock_day import ONE_DAY, day_of, stock_day
from deskops.web.stock_levels import keys_of, label_of, level_chart, levels_of


class Look(NamedTuple):
    """What the address asks for: a scope, a day of its own, how the chart is grouped; and what the reader may."""

    scope: Scope
    day: date | None
    group_by: str
    may_enter: bool
    may_keep: bool

    def url(self, **changes: str | None) -> str:
        """The address, with these parameters changed."""
        here = {"day": self.day and self.day.isoformat(), "groupBy": self.group_by, **changes}
        said = {name: value for name, value in here.items() if value and value != BY_TYPE}
        return url_for("web.stock", **self.scope.params, **said)  # type: ignore[arg-type]


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/stock", "stock", show)


def show() -> Response:
    """The page; for a script only its fragment, kept while nothing changes."""
    look = read_look(request.args)
    scope = look.scope
    seen = state_of(scope.sites)
    key = (
        *("stock", look.url(), scope.end, seen, look.may_enter, look.may_keep, str(words.locale())),
        *(site.id for site in scope.sites),
    )
    return fragments.kept_view(
        key,
        lambda: stock_html(look),
        lambda html: render_template("stock/page.html", scope=scope, look=look, stock=html, seen=seen),
        look.url(),
    )


def read_look(args: Mapping[str, str]) -> Look:
    """Read the address. Raises what a scope raises, and ValidationFailed for a day that is none."""
    actor = identity.actor()
    scope = read_scope(args, actor)
    group_by = args.get("groupBy", "")
    return Look(
        scope,
        read_day("day", args) if args.get("day") else None,
        group_by if group_by in GROUPINGS else BY_TYPE,
        scope.site is not None and actor.may(CREATE, scope.site.id),
        scope.site is not None and actor.may(KEEP_STOCK, scope.site.id),
    )


def stock_html(look: Look) -> str:
    site = look.scope.site
    if site is None:
        return render_template(
            "stock/_board.html", look=look, url=look.url(), sites=overview(look), stock=None
        )
    if standing(site.id).first_day is None:
        return render_template("stock/_board.html", look=look, url=look.url(), sites=None, stock=None)
    return of_site(look, site)


def of_site(look: Look, site: Site) -> str:
    day = day_of(site, look.day, look.scope.end)
    rows = levels_of(site, look.scope, look.group_by)
    return render_template(
        "stock/_board.html",
        look=look,
        url=look.url(),
        sites=None,
        moving=moving.texts_of([site]),
        stock=stock_day(site, day, look.scope.end),
        before=look.url(day=(day - ONE_DAY).isoformat()),
        after=look.url(day=(day + ONE_DAY).isoformat()) if day < site.today() else None,
        levels=rows,
        columns={key: label_of(key, look.group_by) for key in keys_of(rows)},
        chart=level_chart(rows, look.scope, look.group_by),
    )


def overview(look: Look) -> list[dict[str, object]]:
    """What lies at each site, as of when, and what its today waits for."""
    found = []
    for site in look.scope.sites:
        figures = figures_of(site)
        (card,) = (one for one in cards_of([figures]) if one.name == STOCK)
        url = url_for("web.stock", **(look.scope.params | {"siteId": site.code}))
        found.append({"site": site, "card": card, "url": url})
    return found
