"""The settings of a site, its calendar and stock policy, and the numbers of the lists that all sites share.

Administrators change them, a site's managers read them. Of a form only what was changed in it is saved: what somebody
else saved meanwhile in its other fields stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from deskops.accounts.actor import Actor
from deskops.accounts.models import ALLOW, BLOCK, WARN, Site
from deskops.accounts.policy import KEEP_STOCK, MANAGE_SITES
from deskops.days.sites import save_site
from deskops.errors import DeskOpsError, Message, NotFound, say
from deskops.face import identity
from deskops.modules.calendar import CHOICES, STOCK_POLICY, calendar_json
from deskops.modules.nil import REPORTED
from deskops.modules.numbers import NUMBERS, Number, save_numbers
from deskops.records.record import SHIFTS
from deskops.web import fragments, words
from deskops.web.scope import Scope, read_scope

TEXT_KEYS = ("name", "location", "timezone", STOCK_POLICY)
STARTS = "shiftStarts"
TICKS: dict[str, dict[str, Any]] = {
    # As people read a week, who work from Sunday on.
    "workDays": {
        "SUN": say("Sunday"),
        "MON": say("Monday"),
        "TUE": say("Tuesday"),
        "WED": say("Wednesday"),
        "THU": say("Thursday"),
        "FRI": say("Friday"),
        "SAT": say("Saturday"),
    },
    "workShifts": dict(SHIFTS),
    "reports": {name: module.title for name, module in REPORTED.items()},
}
POLICIES: dict[str, tuple[Message, Message]] = {
    ALLOW: (
        say("Allow and flag"),
        say("It is entered. The stock shows what is below zero; such a day closes only with a reason."),
    ),
    WARN: (
        say("Warn and ask"),
        say("The form asks for a reason first; what is kept waits for review. Scripts get a warning."),
    ),
    BLOCK: (
        say("Block"),
        say(
            "It is refused, however it comes, where the stock of its day or of a later one would be below zero."
        ),
    ),
}


class NumberTexts(NamedTuple):
    """What a list of numbers is called."""

    title: Message
    unit: Message
    meaning: Message


NUMBER_TEXTS = {
    "crushers": NumberTexts(
        say("Crushers"),
        say("t/h"),
        say("Rated tons an hour. A production beyond what the crushers' hours are good for is asked about."),
    ),
    "loads": NumberTexts(
        say("Tons per load"),
        say("t"),
        say("What a load weighs in general; where a site has a figure of its own, that one holds there."),
    ),
}


class Form(NamedTuple):
    """What stands in a form, the same as it was when it was opened, and what is wrong with it by its keys."""

    values: Mapping[str, Any]
    was: str
    problems: Mapping[str, list[str]] = {}
    above: Sequence[str] = ()


class At(NamedTuple):
    """Who looks at which of the sites they keep; None where it is left open."""

    actor: Actor
    scope: Scope
    site: Site | None

    @property
    def may_edit(self) -> bool:
        return self.actor.is_admin

    @property
    def params(self) -> dict[str, Any]:
        return self.scope.params | ({"siteId": self.site.code} if self.site else {})


def register(pages: Blueprint) -> None:
    pages.add_app_template_global(may_look, "may_see_settings")
    pages.add_url_rule("/settings", "settings", show)
    pages.add_url_rule("/settings/site", "save_settings", save_of_site, methods=["POST"])
    pages.add_url_rule("/settings/<listed>", "save_numbers", save_of_list, methods=["POST"])


def may_look() -> bool:
    return bool(identity.actor().sites(KEEP_STOCK))


def read_at() -> At:
    """Raises Forbidden for whoever keeps no site."""
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    kept = tuple(actor.sites(KEEP_STOCK))
    if not kept:
        actor.require(KEEP_STOCK, "")
    site = scope.site if scope.site in kept else None
    site = kept[0] if len(kept) == 1 else site
    return At(actor, replace(scope, choices=kept, site=site), site)


def show() -> Response:
    at = read_at()
    if not fragments.is_fragment():
        return page(at)
    html = render_template("settings/_board.html", **facts(at))
    return fragments.of_view(html, url_for("web.settings", **at.scope.params))


def page(at: At, status: int = 200, **forms: Any) -> Response:
    return fragments.answer(render_template("settings/page.html", **facts(at) | forms), status)


def facts(at: At) -> dict[str, Any]:
    """What the page and each of its pieces are made of."""
    return {
        "at": at,
        "scope": at.scope,
        "form": form_of(stored(at.site)) if at.site else None,
        "lists": {name: form_of(numbers_of(number)) for name, number in NUMBERS.items()},
        "ticks": TICKS,
        "fixed": {key: choice.needed for key, choice in CHOICES.items()},
        "policies": POLICIES,
        "number_texts": NUMBER_TEXTS,
        "numbers": NUMBERS,
        "calendar": calendar_json,
        "named": named,
        "timezones": timezones,
    }


def named(key: str, names: Sequence[str]) -> str:
    """What is ticked of a list, worded."""
    return ", ".join(words.text(label) for name, label in TICKS[key].items() if name in names)


def form_of(values: Mapping[str, Any]) -> Form:
    return Form(values, json.dumps(values))


def stored(site: Site) -> dict[str, Any]:
    """The settings of a site as its form has them."""
    texts = {"name": site.name, "location": site.location or "", "timezone": site.timezone}
    return texts | {STARTS: site.shift_starts.split()} | calendar_json(site)


def typed() -> dict[str, Any]:
    """The same as it was sent. What a site always reports cannot be unticked, and is not sent."""
    form = request.form
    texts: dict[str, Any] = {key: form.get(key, "").strip() for key in TEXT_KEYS}
    ticked = {
        key: [name for name in choice.among if name in choice.needed or name in form.getlist(key)]
        for key, choice in CHOICES.items()
    }
    return texts | ticked | {STARTS: [start.strip()[:5] for start in form.getlist(STARTS)]}


def changed(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was changed in the form since it was opened; all of it where it does not say what it was."""
    try:
        was = json.loads(request.form.get("was", ""))
    except ValueError:
        was = None
    known = was if isinstance(was, dict) else {}
    return {key: value for key, value in values.items() if key not in known or known[key] != value}


def save_of_site() -> Response:
    at = read_at()
    at.actor.require_admin(MANAGE_SITES)
    if at.site is None:
        raise NotFound
    values = typed()
    sent = changed(values)
    if "location" in sent:
        sent["location"] = sent["location"] or None
    try:
        saved = save_site(sent, at.actor, at.site) if sent else at.site
    except DeskOpsError as refused:
        return answer(at, "settings/_site.html", refused, form=refused_form(values, refused))
    told = gettext("The settings of %(site)s are saved", site=saved.name) if sent else unchanged()
    return answer(at._replace(site=saved), "settings/_site.html", told, form=form_of(stored(saved)))


def save_of_list(listed: str) -> Response:
    at = read_at()
    at.actor.require_admin(MANAGE_SITES)
    number = NUMBERS.get(listed)
    if number is None:
        raise NotFound
    names = {row.code: f"tons-{row.code}" for row in number.rows}
    values = {code: request.form[name].strip() for code, name in names.items() if name in request.form}
    stand = facts(at)["lists"]
    try:
        count = save_numbers(number, changed(values), at.actor)
    except DeskOpsError as refused:
        form = refused_form(numbers_of(number) | values, refused)
        return answer(at, f"settings/_{listed}.html", refused, lists=stand | {listed: form})
    told = ngettext("%(num)s number is saved", "%(num)s numbers are saved", count) if count else unchanged()
    fresh = form_of(numbers_of(number))
    return answer(at, f"settings/_{listed}.html", told, lists=stand | {listed: fresh})


def unchanged() -> str:
    return str(gettext("Nothing was changed"))


def numbers_of(number: Number) -> dict[str, str]:
    """{code: the number as it is typed}, empty for none."""
    values = {row.code: number.of(row) for row in number.rows}
    return {code: f"{value.normalize():f}" if value is not None else "" for code, value in values.items()}


def refused_form(values: Mapping[str, Any], refused: DeskOpsError) -> Form:
    """What was typed, with each problem at its key. Raises what is no refusal."""
    if refused.status >= 500:
        raise refused
    problems = {key: words.texts(told) for key, told in refused.details.get("fields", {}).items()}
    return Form(values, request.form.get("was", ""), problems, [words.text(refused.message)])


def answer(at: At, template: str, told: DeskOpsError | str, **forms: Any) -> Response:
    """The form as it stands now, for a script; else the page, or where it was saved the way back to it."""
    status = told.status if isinstance(told, DeskOpsError) else 200
    if not fragments.is_fragment():
        if status == 200:
            return redirect(url_for("web.settings", **at.params), 303)  # type: ignore[return-value]
        return page(at, status, **forms)
    response = fragments.answer(render_template(template, **facts(at) | forms), status)
    if not isinstance(told, DeskOpsError):
        response.headers["HX-Trigger"] = json.dumps({"tell": {"text": told}})
    return response


@lru_cache(maxsize=1)
def timezones() -> list[str]:
    """The places of the time zone database that a yard can be at, for a form to suggest."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
