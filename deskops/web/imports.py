"""Imports: upload a file, say what its columns mean, check it, bring it in; and how the last ones went."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.accounts.policy import IMPORT
from deskops.errors import DeskOpsError, Message, NotFound, Problem, ValidationFailed, say
from deskops.face import identity
from deskops.imports import jobs
from deskops.imports import plan as plans
from deskops.imports.models import DONE, REFUSED, RUNNING, UNDOING, UNDONE, WAITING, Import
from deskops.imports.outcome import BadRow, Listener, Tally
from deskops.imports.plan import Plan
from deskops.imports.running import Order, check
from deskops.imports.source import unpacked_size
from deskops.modules import MODULES
from deskops.records.module import Module
from deskops.schema import references
from deskops.web import fragments, mapping, uploads, words
from deskops.web.uploads import Upload

STATES: dict[str, Message] = {
    WAITING: say("Waiting"),
    RUNNING: say("Running"),
    UNDOING: say("Being undone"),
    DONE: say("Done"),
    UNDONE: say("Undone"),
    REFUSED: say("Refused: nothing was imported"),
}
MOST_CHECKED_BYTES = 8 * 1024 * 1024
MOST_CHECKED_UNPACKED_BYTES = 64 * 1024 * 1024
MOST_SHOWN = 200
FIRST_REASONS = 5


class Target(NamedTuple):
    """Where an uploaded file is to go."""

    upload: Upload
    module: Module
    site: Site

    @property
    def url(self) -> str:
        return url_for(
            "web.map_import", upload_id=self.upload.id, module=self.module.name, siteId=self.site.code
        )


class FirstBadRows(Listener):
    """The first bad rows of a file, for the page; all are counted elsewhere."""

    def __init__(self) -> None:
        self.rows: list[BadRow] = []

    def bad_row(self, bad: BadRow) -> None:
        if len(self.rows) < MOST_SHOWN:
            self.rows.append(bad)


def register(pages: Blueprint) -> None:
    pages.url_value_preprocessor(admit_large_files)
    pages.add_url_rule("/imports", "imports", show)
    pages.add_url_rule("/imports", "upload_import", upload, methods=["POST"])
    pages.add_url_rule("/imports/<uuid:upload_id>", "map_import", show_mapping)
    pages.add_url_rule("/imports/<uuid:upload_id>", "run_import", run, methods=["POST"])
    pages.add_url_rule("/imports/<uuid:import_id>/bad-rows", "bad_rows", download_bad_rows)


def admit_large_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the form: whoever is signed in may send a large file here, and only here."""
    if endpoint == "web.upload_import" and identity.person() is not None:
        request.max_content_length = uploads.MOST_BYTES + 1024 * 1024


def show() -> Response:
    actor = identity.actor()
    actor_sites(actor)
    if fragments.is_fragment():
        return fragments.answer(render_template("imports/_runs.html", **runs(actor)))
    return page(actor)


def actor_sites(actor: Actor) -> list[Site]:
    """The sites this person may import into. Raises Forbidden where there are none."""
    found = actor.sites(IMPORT)
    if not found:
        actor.require(IMPORT, "")
    return found


def runs(actor: Actor) -> dict[str, Any]:
    found = jobs.recent(actor)
    return {
        "runs": found,
        "is_moving": any(not run.is_over for run in found),
        "state": lambda run: words.text(STATES[run.state]),
        "site": lambda run: references.by_id(Site, run.site_id),
        "sums": sums_of_run,
        "has_bad_file": lambda run: jobs.bad_file(run) is not None,
        "first_reasons": FIRST_REASONS,
    }


def sums_of_run(run: Import) -> str:
    """The stored tons or hours of a run, worded."""
    return sums_text(MODULES[run.module], run.sum_texts)


def sums_text(module: Module, sums: dict[str, Any]) -> str:
    fields = module.schema.by_name
    parts = []
    for name, value in sums.items():
        one = fields[name]
        number = one.kind.tidy(str(value))
        if not number:
            continue
        parts.append(f"{words.number(number, one.kind.places)} {one.unit or words.text(one.label)}")
    return ", ".join(parts)


def page(actor: Actor, refused: DeskOpsError | None = None) -> Response:
    moving = runs(actor)
    html = render_template(
        "imports/page.html",
        before={run.file_name: run for run in reversed(moving["runs"])},
        sites=actor_sites(actor),
        uploads=uploads.own(actor.user_id),
        problems=[words.text(refused.message)] if refused else [],
        chosen=request.values,
        **moving,
    )
    return fragments.answer(html, refused.status if refused else 200)


def upload() -> Response:
    actor = identity.actor()
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise ValidationFailed(say("Choose a file"))
        module, site = read_target(actor)
        kept = uploads.keep(actor.user_id, file)
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return page(actor, refused)
    return redirect(Target(kept, module, site).url, 303)  # type: ignore[return-value]


def read_target(actor: Actor) -> tuple[Module, Site]:
    """The module and the site chosen. Raises ValidationFailed, Forbidden."""
    module = MODULES.get(request.values.get("module", ""))
    site = references.find(Site, request.values.get("siteId", ""))
    if module is None or site is None:
        raise ValidationFailed(say("Choose a module and a site"))
    actor.require(IMPORT, site.id)
    return module, site


def show_mapping(upload_id: UUID) -> Response:
    actor = identity.actor()
    target = Target(uploads.get(actor.user_id, str(upload_id)), *read_target(actor))
    profile = request.args.get("profile", "")
    try:
        first = plans.profile(target.module, profile) if profile else Plan()
        sample = mapping.read_sample(target.upload, first)
    except DeskOpsError as refused:
        return page(actor, refused)
    plan = first if profile else said_before(target, actor, sample.header)
    return mapping_page(target, plan)


def said_before(target: Target, actor: Actor, header: list[str]) -> Plan:
    """What this person last said of a file with this name, where it still fits; else a guess by the names."""
    for one in jobs.recent(actor):
        mine = (one.user_id, one.module, one.file_name)
        if mine == (actor.user_id, target.module.name, target.upload.name):
            plan = plans.from_json(one.plan)
            if plan.columns and set(plan.columns.values()) <= set(header):
                return plan
    return mapping.guessed(target.module, header)


def mapping_page(target: Target, plan: Plan, refused: DeskOpsError | None = None, **checked: Any) -> Response:
    """The form of the plan, with what a check found, or what is wrong with the plan."""
    told: list[str] = []
    if refused is not None:
        fields = refused.details.get("fields", {})
        told = words.texts([message for messages in fields.values() for message in messages]) or [
            words.text(refused.message)
        ]
    sample = mapping.read_sample(target.upload, Plan(encoding=plan.encoding, delimiter=plan.delimiter))
    html = render_template(
        "imports/mapping.html",
        target=target,
        plan=plan,
        sample=sample,
        fields=mapping.mappings(target.module, plan, sample),
        encodings=mapping.ENCODINGS,
        profiles=plans.profiles(target.module),
        problems=told,
        sums=sums_text,
        most_shown=MOST_SHOWN,
        **checked,
    )
    return fragments.answer(html, refused.status if refused else 200)


def run(upload_id: UUID) -> Response:
    """Check the file, or hand it to the worker; either way the plan may be kept by a name."""
    actor = identity.actor()
    target = Target(uploads.get(actor.user_id, str(upload_id)), *read_target(actor))
    sent = request.form.to_dict()
    plan = Plan()
    try:
        plan = mapping.read_plan(target.module, sent)
        if name := sent.get("profile-name", "").strip()[:100]:
            plans.save_profile(target.module, name, plan)
        if sent.get("do") != "start":
            return checked_page(target, plan, actor)
        order = Order(target.module, target.site, actor, plan, target.upload.path)
        plans.places(target.module, plan, mapping.read_sample(target.upload, plan).header)
        jobs.start(order.path, order.module, order.site, order.plan, actor, file_name=target.upload.name)
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return mapping_page(target, plan, refused)
    return redirect(url_for("web.imports"), 303)  # type: ignore[return-value]


def checked_page(target: Target, plan: Plan, actor: Actor) -> Response:
    """Read the whole file and show what is wrong with it; nothing is written."""
    unpacked = unpacked_size(target.upload.path)
    if target.upload.size > MOST_CHECKED_BYTES or unpacked > MOST_CHECKED_UNPACKED_BYTES:
        text = say(
            "Too large to be checked here. Import it: while a row is bad nothing is written, unless you skip those"
        )
        raise ValidationFailed.of([Problem("file", text)])
    bad = FirstBadRows()
    tally: Tally = check(Order(target.module, target.site, actor, plan, target.upload.path), bad)
    return mapping_page(target, plan, tally=tally, bad_rows=bad.rows)


def download_bad_rows(import_id: UUID) -> Response:
    """The rows that were skipped, to be mended and imported again."""
    found = jobs.get(identity.actor(), str(import_id))
    path = jobs.bad_file(found)
    if path is None:
        raise NotFound
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=path.name)
