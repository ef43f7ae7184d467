"""The day sheet: a page to print, and the same as PDF."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from deskops.days.blockers import overridden
from deskops.days.sheet import Sheet, sheet_of
from deskops.errors import FormatUnavailable
from deskops.face import identity
from deskops.modules import ADJUSTMENTS, MODULES
from deskops.paths import STATIC
from deskops.pdf import pdf_of
from deskops.web import fragments, words
from deskops.web.day_board import DAY_STATES, at_site, input_label
from deskops.web.day_page import blocker_text
from deskops.web.days import At, read_at
from deskops.web.scope import read_scope

STYLES = STATIC / "css" / "sheet.css"


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/days/<day>/sheet", "day_sheet", show_sheet)
    pages.add_url_rule("/days/<day>/sheet.pdf", "day_sheet_pdf", download_sheet)


def show_sheet(day: str) -> Response:
    """The sheet as a page of its own, made to be printed."""
    at = read_at(day)
    return fragments.answer(sheet_html(at)) if at else to_the_board()


def download_sheet(day: str) -> Response:
    """The sheet as a PDF; where none can be made here the page itself says so and can be printed."""
    at = read_at(day)
    if at is None:
        return to_the_board()
    try:
        made = pdf_of(sheet_html(at, is_pdf=True), STYLES.read_text(encoding="utf-8"))
    except FormatUnavailable as refused:
        return fragments.answer(sheet_html(at, notice=words.text(refused.message)), refused.status)
    response = make_response(made)
    response.mimetype = "application/pdf"
    code = re.sub(r"[^A-Za-z0-9-]", "-", at.site.code)
    response.headers["Content-Disposition"] = f'inline; filename="day-{code}-{at.day.isoformat()}.pdf"'
    return response


def to_the_board() -> Response:
    """Where several sites are in view, the board asks which is meant."""
    scope = read_scope(request.args, identity.actor())
    return redirect(url_for("web.days", **scope.params))  # type: ignore[return-value]


def sheet_html(at: At, *, is_pdf: bool = False, notice: str = "") -> str:
    sheet = sheet_of(at.site, at.day)
    return render_template(
        "days/sheet.html",
        sheet=sheet,
        scope=at.scope,
        is_pdf=is_pdf,
        notice=notice,
        state=words.text(DAY_STATES[sheet.day.state]),
        closed_at=at_site(at.site, sheet.closing.closed_at) if sheet.closing else None,
        **worded(sheet),
    )


def worded(sheet: Sheet) -> dict[str, object]:
    """What of the sheet has to be put into words."""
    kinds = ADJUSTMENTS.schema.by_name["kind"].column.choices
    labels = dict(kinds)
    return {
        "records": [
            (words.text(module.title), sheet.activity.records[name]) for name, module in MODULES.items()
        ],
        "nils": [(input_label(nil.module, nil.shift), nil) for nil in sheet.nils],
        "by_hand": [(one, words.text(labels[one.kind])) for one in sheet.adjustments.by_hand],
        "overridden": [blocker_text(one) for one in overridden(sheet.closing)] if sheet.closing else [],
    }
