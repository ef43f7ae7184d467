"""Exports: a form that asks for a file by a list's filters, and one's own files, which watch themselves."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for

from deskops.accounts.actor import Actor
from deskops.errors import DeskOpsError, Message, say
from deskops.exports import jobs
from deskops.exports.models import COMPLETED, FAILED, PENDING, PROCESSING, ExportJob
from deskops.exports.sources import SOURCES, Source
from deskops.exports.writers import WRITERS
from deskops.face import identity
from deskops.web import fragments, words
from deskops.web.filters import Control, controls
from deskops.web.scope import Scope, read_scope

STATES: dict[str, Message] = {
    PENDING: say("Waiting"),
    PROCESSING: say("Being written"),
    COMPLETED: say("Ready"),
    FAILED: say("Failed"),
}
EXPIRED = say("Expired")
JOBS = "exports-jobs"


class Wanted(NamedTuple):
    """What the form asks for: records or snapshots, the filters of their list, a format."""

    source: Source
    scope: Scope
    filters: dict[str, str]
    format: str

    @property
    def controls(self) -> list[Control]:
        return controls(self.source, self.filters)

    def body(self) -> dict[str, Any]:
        days = {"start": self.scope.start.isoformat(), "end": self.scope.end.isoformat()}
        sites = {"siteId": self.scope.site.code} if self.scope.site else {}
        filters = {"dateRange": days, **sites, **self.filters}
        return {"format": self.format, "module": self.source.name, "filters": filters}


def register(pages: Blueprint) -> None:
    pages.add_url_rule("/exports", "exports", show)
    pages.add_url_rule("/exports", "create_export", create, methods=["POST"])
    pages.add_url_rule("/exports/<uuid:job_id>/again", "export_again", again, methods=["POST"])
    pages.add_url_rule("/exports/<uuid:job_id>/download", "download_export", download)


def show() -> Response:
    actor = identity.actor()
    if fragments.is_fragment() and request.headers.get("HX-Target") == JOBS:
        return fragments.answer(jobs_html(actor))
    wanted = read_wanted(actor)
    if fragments.is_fragment():
        return fragments.answer(
            render_template(
                "exports/_form.html", wanted=wanted, sources=SOURCES.values(), formats=WRITERS, problems=[]
            )
        )
    return page(actor, wanted)


def read_wanted(actor: Actor) -> Wanted:
    """What the address, or the form, asks for."""
    given = request.values
    source = SOURCES.get(given.get("module", "")) or next(iter(SOURCES.values()))
    filters = {name: value for name in source.filters if (value := given.get(name, "").strip())}
    chosen = given.get("format", "")
    return Wanted(
        source, read_scope(given, actor), filters, chosen if chosen in WRITERS else next(iter(WRITERS))
    )


def page(actor: Actor, wanted: Wanted, refused: DeskOpsError | None = None) -> Response:
    problems = []
    if refused is not None:
        told = [message for messages in refused.details.get("fields", {}).values() for message in messages]
        problems = words.texts([refused.message, *told])
    html = render_template(
        "exports/page.html",
        wanted=wanted,
        scope=wanted.scope,
        sources=SOURCES.values(),
        formats=WRITERS,
        problems=problems,
        jobs=jobs.list_own(actor),
        state=state_of,
    )
    return fragments.answer(html, refused.status if refused else 200)


def jobs_html(actor: Actor) -> str:
    return render_template("exports/_jobs.html", jobs=jobs.list_own(actor), state=state_of)


def state_of(job: ExportJob) -> str:
    is_gone = job.status == COMPLETED and not job.is_ready
    return words.text(EXPIRED if is_gone else STATES[job.status])


def create() -> Response:
    actor = identity.actor()
    wanted = read_wanted(actor)
    return asked_for(actor, wanted.body(), wanted)


def asked_for(actor: Actor, body: dict[str, Any], wanted: Wanted) -> Response:
    try:
        jobs.create(actor, body)
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return page(actor, wanted, refused)
    here = {"module": wanted.source.name, "format": wanted.format, **wanted.filters, **wanted.scope.params}
    return redirect(url_for("web.exports", **here), 303)  # type: ignore[return-value]


def again(job_id: UUID) -> Response:
    """The same file once more, after a failure or when it has expired."""
    actor = identity.actor()
    job = jobs.get(actor, str(job_id))
    filters: dict[str, Any] = dict(job.params)
    days = {"start": filters.pop("startDate")[0], "end": filters.pop("endDate")[0]}
    filters["dateRange"] = days
    body = {"format": job.format, "module": job.module, "filters": filters, "columns": job.column_keys}
    return asked_for(actor, body, read_wanted(actor))


def download(job_id: UUID) -> Response:
    """The file itself, under its name."""
    found = jobs.open_file(jobs.get(identity.actor(), str(job_id)))
    answer = send_file(found.file, mimetype=found.mimetype, as_attachment=True, download_name=found.name)
    answer.content_length = found.size
    return answer
