"""The page of the mass balance: of one site its streams, of several what is unexplained at each; and its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, render_template, request, url_for

from deskops.accounts.models import Site
from deskops.accounts.policy import EXPORT
from deskops.errors import Message, Problem, ValidationFailed, say
from deskops.exports import balance as files
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.insight.balance import (
    OUTSIDE,
    WITHIN,
    Balance,
    Figures,
    Stream,
    crushing_yield,
    mass_balance,
)
from deskops.modules.adjustment import KINDS
from deskops.web import fragments, moving, words
from deskops.web.scope import CUSTOM, Scope, read_scope

ONE_DAY = timedelta(days=1)
MOST_RUNS = 8
# Half the width of a bar's picture, and the part of it that the longest bar fills.
HALF, LONGEST = 100, 96
# In a sentence, and in a cell.
VERDICTS: dict[str | None, tuple[Message, Message]] = {
    WITHIN: (say("The surveys' error alone can be the reason"), say("Within")),
    OUTSIDE: (say("More than the surveys' error"), say("Outside")),
    None: (say("Book alone"), say("Book alone")),
}
ADJUSTED: dict[str, Message] = {kind: say(label) for kind, label in KINDS}


class Bar(NamedTuple):
    """What is unexplained as a bar from the middle, missing tons to the right; and the surveys' band about it."""

    start: float
    width: float
    band_start: float
    band_width: float


class Run(NamedTuple):
    """Days one after the other."""

    first: date
    last: date


class Row(NamedTuple):
    """A stream, or the total; `links` are where the records behind its figures are listed."""

    name: str
    code: str
    figures: Figures
    bar: Bar
    verdict: str
    stream: Stream | None
    links: dict[str, str]


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/balance", "balance", show)
    pages.add_url_rule(f"/balance/file.<any({', '.join(files.FORMATS)}):ending>", "balance_file", download)


def show() -> Response:
    """The page; for a script only its fragment, kept while nothing changes."""
    scope = read_scope(request.args, identity.actor())
    seen, url = state_of(scope.sites), url_for("web.balance", **scope.params)
    sites = (site.id for site in scope.sites)
    key = ("balance", url, scope.start, scope.end, seen, str(words.locale()), *sites)
    return fragments.kept_view(
        key,
        lambda: sheet_html(scope, url),
        lambda html: render_template("balance/page.html", scope=scope, sheet=html, seen=seen),
        url,
    )


def sheet_html(scope: Scope, url: str) -> str:
    balances = [mass_balance(site, scope.start, scope.end) for site in scope.sites]
    balance = balances[0] if scope.site else None
    return render_template(
        "balance/_sheet.html",
        scope=scope,
        url=url,
        balance=balance,
        rows=rows_of(balance) if balance else site_rows(balances, scope),
        judgement=words.text(VERDICTS[balance.total.verdict][0]) if balance else "",
        crushed=crushing_yield(balance.total.moved) if balance else None,
        missing=runs(balance.missing) if balance else [],
        most_runs=MOST_RUNS,
        moving=moving.texts_of(scope.sites),
        adjusted=ADJUSTED,
    )


def rows_of(balance: Balance) -> list[Row]:
    """The streams, the total last."""
    total = balance.total
    most = longest([total, *(one.figures for one in balance.streams)])
    rows = [
        Row(
            one.material.name,
            one.material.code,
            one.figures,
            bar(one.figures, most),
            verdict(one.figures),
            one,
            links(balance, one),
        )
        for one in balance.streams
    ]
    return [*rows, Row(words.text(say("Total")), "", total, bar(total, most), verdict(total), None, {})]


def site_rows(balances: Sequence[Balance], scope: Scope) -> list[Row]:
    """What each of several sites has in total; those that have a book."""
    begun = [(one.site, one.total) for one in balances if one.since]
    most = longest([total for _, total in begun])
    return [
        Row(
            site.name,
            site.code,
            total,
            bar(total, most),
            verdict(total),
            None,
            {"site": site_url(site, scope)},
        )
        for site, total in begun
    ]


def site_url(site: Site, scope: Scope) -> str:
    return url_for("web.balance", **(scope.params | {"siteId": site.code}))


def links(balance: Balance, stream: Stream) -> dict[str, str]:
    """{figure, or kind of adjustment: the list of its records}; a survey's own is that of its day."""
    days = (stream.since, balance.last)
    flows = ("received", "production", "dispatch")
    found = {name: listed(balance.site, stream, name, *days) for name in flows}
    for kind in ADJUSTED:
        found[kind] = listed(balance.site, stream, "adjustments", *days, kind=kind)
    for name, stock in (("opening", stream.opening), ("closing", stream.closing)):
        if stock.survey:
            found[name] = listed(balance.site, stream, "surveys", stock.survey.date, stock.survey.date)
    return found


def listed(site: Site, stream: Stream, name: str, start: date, end: date, **filters: str) -> str:
    """The list of a module's records of a material in these days."""
    asked: dict[str, Any] = {"siteId": site.code, "materialType": stream.material.code, **filters}
    asked |= {"period": CUSTOM, "startDate": start.isoformat(), "endDate": end.isoformat()}
    return url_for("web.records", name=name, **asked)


def verdict(figures: Figures) -> str:
    return words.text(VERDICTS[figures.verdict][1])


def longest(found: Sequence[Figures]) -> Decimal:
    """What the longest bar stands for, in tons."""
    return max(
        (max(abs(one.unexplained), one.band or Decimal(0)) for one in found), default=Decimal(0)
    ) or Decimal(1)


def bar(figures: Figures, most: Decimal) -> Bar:
    """The bar and its band where the longest one of all is `most` tons."""
    length, reach = (
        round(float(tons / most) * LONGEST, 2) for tons in (figures.unexplained, figures.band or Decimal(0))
    )
    return Bar(HALF + min(length, 0), abs(length), HALF - reach, 2 * reach)


def runs(days: Sequence[date]) -> list[Run]:
    """Days in order, those one after the other as one."""
    return list(joined(days))


def joined(days: Sequence[date]) -> Iterator[Run]:
    run: Run | None = None
    for day in days:
        if run and day == run.last + ONE_DAY:
            run = run._replace(last=day)
            continue
        if run:
            yield run
        run = Run(day, day)
    if run:
        yield run


def download(ending: str) -> Response:
    """The balance of one site as a file. Raises Forbidden, ValidationFailed where the address names no site."""
    actor = identity.actor()
    scope = read_scope(request.args, actor)
    if scope.site is None:
        raise ValidationFailed.of([Problem("siteId", say("Choose one site"))])
    actor.require(EXPORT, scope.site.id)
    found = mass_balance(scope.site, scope.start, scope.end)
    chosen = files.FORMATS[ending]
    answer = make_response(chosen.write(found))
    answer.mimetype = chosen.mimetype
    answer.headers.set("Content-Disposition", "attachment", filename=files.file_name(found, ending))
    return answer
