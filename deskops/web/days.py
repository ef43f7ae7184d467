"""The pages of the days: the board of missing inputs, a day with its figures, closing and reopening it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, redirect, render_template, request, url_for

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import CLOSE, DECLARE_NIL
from deskops.days import closing
from deskops.errors import DeskOpsError, NotFound, Problem, ValidationFailed, say
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.modules import NILS
from deskops.records import service
from deskops.schema.kinds import EARLIEST_DAY
from deskops.web import day_page, fragments, words
from deskops.web.day_board import Board, board_of, reader_of
from deskops.web.scope import Scope, read_scope

# A longer range is cut to its newest days: nobody looks for a missing input of last year day by day.
MOST_DAYS = 62
ONE_DAY = timedelta(days=1)


class At(NamedTuple):
    """One day of one site, and who looks."""

    scope: Scope
    site: Site
    day: date
    actor: Actor

    def url(self, endpoint: str = "web.day") -> str:
        return url_for(endpoint, day=self.day.isoformat(), **self.scope.params)


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/days", "days", show_board)
    pages.add_url_rule("/days/nil", "save_nil", save_nil, methods=["POST"])
    pages.add_url_rule("/days/<day>", "day", show_day)
    pages.add_url_rule("/days/<day>/close", "close_day", show_close)
    pages.add_url_rule("/days/<day>/close", "save_close", save_close, methods=["POST"])
    pages.add_url_rule("/days/<day>/reopen", "reopen_day", show_reopen)
    pages.add_url_rule("/days/<day>/reopen", "save_reopen", save_reopen, methods=["POST"])


def show_board() -> Response:
    """The board of every site in view; for a script its fragment, kept while nothing changes."""
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    seen, url = state_of(scope.sites), url_for("web.days", **scope.params)
    reader = (actor.user_id, actor.is_admin, *sorted(actor.roles.items()))
    key = ("days", url, scope.start, scope.end, seen, reader, str(words.locale()))
    return fragments.kept_view(
        key,
        lambda: board_html(scope, actor, url),
        lambda html: render_template("days/page.html", scope=scope, board=html, seen=seen),
        url,
    )


def board_html(scope: Scope, actor: Actor, url: str) -> str:
    boards = [one for site in scope.sites if (one := board_in(scope, site, actor)) is not None]
    first = max(scope.start, scope.end - (MOST_DAYS - 1) * ONE_DAY)
    return render_template("days/_board.html", scope=scope, boards=boards, url=url, first=first)


def board_in(scope: Scope, site: Site, actor: Actor) -> Board | None:
    """The site's board of the scope's newest days, as far as they have come; None where all lie ahead."""
    end = min(scope.end, site.today())
    start = max(scope.start, end - (MOST_DAYS - 1) * ONE_DAY)
    return board_of(reader_of(scope, site, actor), start, end) if start <= end else None


def save_nil() -> Response:
    """Declare that an input has nothing to report, or take that back. The form's button says which."""
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    if scope.site is None:
        raise NotFound
    actor.require(DECLARE_NIL, scope.site.id)
    declared, withdrawn = request.form.get("declare", ""), request.form.get("withdraw", "")
    if withdrawn:
        service.void(
            NILS, withdrawn, actor, reason=words.text(say("Withdrawn: there is something to report"))
        )
        told = say("Withdrawn: this input is missing again")
    else:
        day, name, shift = read_place(declared)
        sent = {"siteId": scope.site.code, "date": day, "module": name, "shift": shift or None}
        service.create(NILS, sent, actor)
        told = say("Declared: nothing to report")
    if not fragments.is_fragment():
        return redirect(came_from(scope), 303)  # type: ignore[return-value]
    return fragments.done(tell={"text": words.text(told)}, records_changed=True)


def came_from(scope: Scope) -> str:
    """The day's own page, where its form was sent from there, or the board."""
    day = request.form.get("back", "")
    return url_for("web.day", day=day, **scope.params) if day else url_for("web.days", **scope.params)


def read_place(declared: str) -> tuple[str, str, str]:
    """(day, module, shift) of what a button names."""
    parts = declared.split(" ")
    if len(parts) not in (2, 3):
        raise ValidationFailed.of([Problem("declare", say("This form has expired: load the page again"))])
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def read_at(day: str) -> At | None:
    """What the address names: None where the site is left open. Raises NotFound for what is no day."""
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    # The page of a day leads to the ones beside it.
    if found.isoformat() != day or not EARLIEST_DAY <= found < date.max:
        raise NotFound
    return At(scope, scope.site, found, actor) if scope.site is not None else None


def required_at(day: str) -> At:
    """The same, of an address that changes something: the site has to be named, and may be closed by the reader."""
    at = read_at(day)
    if at is None:
        raise NotFound
    at.actor.require(CLOSE, at.site.id)
    return at


def show_day(day: str) -> Response:
    """A day of a site; for a script its fragment. Where several sites are in view, the board asks which."""
    at = read_at(day)
    if at is None:
        return redirect(url_for("web.days", **read_scope(request.args, identity.actor()).params))  # type: ignore[return-value]
    reader = reader_of(at.scope, at.site, at.actor)
    shown = day_page.shown_day(reader, at.day, may_close=at.actor.may(CLOSE, at.site.id))
    html = render_template(
        "days/_day.html",
        scope=at.scope,
        shown=shown,
        url=at.url(),
        nil_url=url_for("web.save_nil", **at.scope.params),
    )
    if fragments.is_fragment():
        return fragments.answer(html)
    seen = state_of([at.site])
    neighbours = [at._replace(day=at.day + step * ONE_DAY) for step in (-1, 1)]
    page = render_template(
        "days/day.html", at=at, scope=at.scope, seen=seen, content=html, neighbours=neighbours
    )
    return fragments.answer(page)


def show_close(day: str) -> Response:
    return close_answer(required_at(day))


def save_close(day: str) -> Response:
    at = required_at(day)
    try:
        closing.close(
            at.site, at.day, at.actor, reason=typed_reason(), override=request.form.get("override") == "yes"
        )
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return close_answer(at, refused)
    return done(at)


def close_answer(at: At, refused: DeskOpsError | None = None) -> Response:
    """The form that closes the day, with what stands against it and what was typed."""
    against = day_page.against(reader_of(at.scope, at.site, at.actor), at.day)
    return form_answer(at, "close", refused, against=against)


def show_reopen(day: str) -> Response:
    return form_answer(required_at(day), "reopen", None)


def save_reopen(day: str) -> Response:
    at = required_at(day)
    try:
        closing.reopen(at.site, at.day, at.actor, typed_reason() or "")
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return form_answer(at, "reopen", refused)
    return done(at)


def typed_reason() -> str | None:
    return request.form.get("reason", "").strip() or None


def form_answer(at: At, name: str, refused: DeskOpsError | None, **shown: object) -> Response:
    """A form of the day, in the dialog or as a page of its own; refused with what was typed and why."""
    of_reason, above = day_page.problems_of(refused)
    html = render_template(
        f"days/_{name}.html" if fragments.is_fragment() else f"days/{name}.html",
        at=at,
        scope=replace(at.scope, site=at.site),
        url=at.url(f"web.save_{name}"),
        back="" if fragments.is_fragment() else at.url(),
        reason=request.form.get("reason", ""),
        problems=of_reason,
        above=above,
        **shown,
    )
    return fragments.answer(html, refused.status if refused else 200)


def done(at: At) -> Response:
    """On to the day as it stands now."""
    if not fragments.is_fragment():
        return redirect(at.url(), 303)  # type: ignore[return-value]
    response = fragments.done(records_changed=True)
    response.headers["HX-Redirect"] = at.url()
    return response
