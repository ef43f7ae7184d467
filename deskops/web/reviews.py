"""The page of what waits for review: doubtful records, and who may say that they are right."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for

from deskops.accounts.actor import Actor
from deskops.accounts.policy import READ
from deskops.errors import say
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.sanity import reviews
from deskops.sanity.reviews import Part, Waiting
from deskops.web import fragments, tables, words
from deskops.web.day_board import at_site
from deskops.web.scope import Scope, read_scope


class Shown(NamedTuple):
    """A waiting record in words, and what the reader may do about it: empty addresses where they may not.

    `raised_at` is by the site's clock.
    """

    one: Waiting
    name: str
    raised_at: datetime
    doubts: list[str]
    may_clear: bool
    edit_url: str
    void_url: str


def register(pages: Blueprint) -> None:
    pages.add_app_template_global(waiting_count, "reviews_waiting")
    pages.add_url_rule("/reviews", "reviews", show)
    pages.add_url_rule("/reviews/<uuid:review_id>/clear", "clear_review", clear, methods=["POST"])


def waiting_count() -> int:
    """How many records of the reader's sites wait."""
    return reviews.count_open([site.id for site in identity.actor().sites(READ)])


def show() -> Response:
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    part = reviews.open_reviews([site.id for site in scope.sites], page_asked_for())
    facts = {
        "part": part,
        "shown": shown(part, scope, actor),
        "scope": scope,
        "url": address(scope, part.page),
        "earlier": address(scope, part.page - 1) if part.page > 1 else "",
        "later": address(scope, part.page + 1) if part.page < part.pages else "",
    }
    if fragments.is_fragment():
        return fragments.answer(render_template("reviews/_list.html", **facts))
    seen = state_of(scope.sites)
    return fragments.answer(render_template("reviews/page.html", seen=seen, **facts))


def page_asked_for() -> int:
    """Of a number that is none, the first."""
    asked = request.args.get("page", "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1


def address(scope: Scope, page: int) -> str:
    further: dict[str, Any] = {"page": page} if page > 1 else {}
    return url_for("web.reviews", **scope.params, **further)


def shown(part: Part, scope: Scope, actor: Actor) -> list[Shown]:
    return [shown_one(one, scope, actor) for one in part.reviews]


def shown_one(one: Waiting, scope: Scope, actor: Actor) -> Shown:
    record, rights, name = one.record, one.module.rights, one.module.name
    may_correct = actor.may(rights.correct, record.site_id, record.created_by)
    may_void = actor.may(rights.void, record.site_id, record.created_by)
    place = {"name": name, "record_id": record.id, **scope.params}
    return Shown(
        one=one,
        name=tables.described(one.module, record),
        raised_at=at_site(record.site, one.raised_at),
        doubts=words.texts(one.doubts),
        may_clear=reviews.may_clear(actor, one),
        edit_url=url_for("web.correct_record", **place) if may_correct else "",
        void_url=url_for("web.void_record", **place) if may_void else "",
    )


def clear(review_id: UUID) -> Response:
    actor = identity.actor()
    module, record = reviews.clear(str(review_id), actor, request.form.get("remark"))
    if not fragments.is_fragment():
        return redirect(url_for("web.reviews", **read_scope(request.args, actor).params), 303)  # type: ignore[return-value]
    told = words.text(say("Cleared: %(record)s", record=tables.described(module, record)))
    return fragments.done(review_cleared={"text": told}, records_changed=True)
