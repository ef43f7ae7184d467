"""The pages of every module: its table, its entry form, corrections and voids. One set of views for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for

from deskops.accounts.actor import Actor
from deskops.errors import DeskOpsError, Message, Problem, ValidationFailed, say
from deskops.face import identity
from deskops.face.changes import state_of
from deskops.modules import LISTED
from deskops.records import listing, service
from deskops.records.asking import Keep
from deskops.records.module import Module
from deskops.records.query import read_query
from deskops.schema.reading import read_value
from deskops.web import effects, fragments, tables, words
from deskops.web.filters import controls
from deskops.web.forms import DATE, MARK, REASON, SHIFT, Form, correction_form, new_form
from deskops.web.scope import read_scope
from deskops.web.tables import Listing

# What a list's address may say beside the scope and the module's own filters.
ORDER = ("page", "pageSize", "sortBy", "sortOrder")
ONE_MODULE = f"<any({', '.join(LISTED)}):name>"


def register(pages: Blueprint) -> None:
    pages.add_app_template_global(effects.names_of, "moved_by")
    address = f"/{ONE_MODULE}"
    pages.add_url_rule(address, "records", show_records)
    pages.add_url_rule(address, "create_record", create_record, methods=["POST"])
    pages.add_url_rule(f"{address}/new", "new_record", show_new_form)
    pages.add_url_rule(f"{address}/effect", "new_effect", show_effect)
    pages.add_url_rule(f"{address}/<uuid:record_id>/effect", "correction_effect", show_effect)
    pages.add_url_rule(f"{address}/<uuid:record_id>/edit", "correct_record", show_correction)
    pages.add_url_rule(
        f"{address}/<uuid:record_id>/edit", "save_correction", save_correction, methods=["POST"]
    )
    pages.add_url_rule(f"{address}/<uuid:record_id>/void", "void_record", show_void)
    pages.add_url_rule(f"{address}/<uuid:record_id>/void", "save_void", save_void, methods=["POST"])


def show_records(name: str) -> Response:
    """The table; for a script only its fragment."""
    at, actor = read_listing(name)
    if not fragments.is_fragment():
        return page(at, actor)
    return fragments.of_view(table_html(at, actor), at.url())


def read_listing(name: str) -> tuple[Listing, Actor]:
    module, actor = LISTED[name], identity.actor()
    scope = read_scope(request.args, actor)
    known = (*module.filters, *ORDER)
    params = {key: value for key in known if (value := request.args.get(key, "").strip())}
    if params.get("sortBy") not in module.sortable:
        # None, or that of an old address.
        params.pop("sortBy", None)
    return Listing(module, scope, params), actor


def table_key(at: Listing, actor: Actor) -> tuple[Any, ...]:
    """What a table depends on: the list, the sites as they stand, and whose rows may be corrected."""
    reader = (actor.user_id, actor.is_admin, *sorted(actor.roles.items()))
    changes = state_of(at.scope.sites)
    return ("table", at.url(), at.scope.start, at.scope.end, changes, reader, str(words.locale()))


def table_html(at: Listing, actor: Actor) -> str:
    """The table's fragment, rendered once for as long as nothing changes."""

    def render() -> str:
        table = read_table(at, actor)
        return render_template("records/_table.html", table=table, at=at, module=at.module, scope=at.scope)

    return fragments.kept.get(table_key(at, actor), render)


def read_table(at: Listing, actor: Actor) -> tables.Table:
    query = read_query(at.module, at.asked(), actor, strict=False, days_required=at.is_by_days)
    return tables.build(at, query, actor)


def page(at: Listing, actor: Actor, form: Form | None = None, status: int = 200) -> Response:
    """The whole page, with a form where one is open."""
    html = render_template(
        "records/page.html",
        at=at,
        module=at.module,
        scope=at.scope,
        seen=state_of(at.scope.sites),
        table=table_html(at, actor),
        filters=controls(at.module, at.params),
        order={name: at.params[name] for name in ("pageSize", "sortBy", "sortOrder") if name in at.params},
        may_create=any(actor.may(at.module.rights.create, site.id) for site in at.scope.sites),
        form=form,
    )
    return fragments.answer(html, status)


def form_answer(at: Listing, actor: Actor, form: Form, status: int = 200) -> Response:
    if not fragments.is_fragment():
        return page(at, actor, form, status)
    return fragments.answer(render_template("records/_form.html", form=form, scope=at.scope), status)


def show_new_form(name: str) -> Response:
    at, actor = read_listing(name)
    create = at.module.rights.create
    if not actor.sites(create):
        actor.require(create, at.scope.sites[0].id if at.scope.sites else "")
    return form_answer(at, actor, new_form(at.module, actor, at.scope.site, asked_to_begin_with(at.module)))


def asked_to_begin_with(module: Module) -> dict[str, str]:
    """The day and the shift that a form is opened for, as a day's page asks for them."""
    begun = [(one, request.args.get(one.key, "")) for one in module.schema.fields if one.key in (DATE, SHIFT)]
    return {one.key: text for one, text in begun if text and not read_value(one, text, strict=False)[1]}


def create_record(name: str) -> Response:
    at, actor = read_listing(name)
    sent = request.form.to_dict()
    try:
        key = sent.get("clientKey")
        saved = service.create(at.module, sent, actor, strict=False, key=key, keep=keep_of(sent))
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return form_answer(at, actor, new_form(at.module, actor, None, sent, refused), refused.status)
    return written(
        at,
        "record_saved",
        told_of(say("Saved: %(record)s", record=described(at.module, saved.record)), saved),
    )


def keep_of(sent: Mapping[str, str]) -> Keep:
    return Keep(sent.get(MARK, ""), sent.get(REASON, ""))


def told_of(message: Message, saved: service.Saved) -> Message:
    """What was done; of what was doubtful and kept that somebody else looks at it."""
    return say("%(done)s. It waits for review.", done=message) if saved.doubts else message


def described(module: Module, record: Any) -> str:
    return tables.described(module, record)


def written(at: Listing, fact: str, message: Message) -> Response:
    """After a write: what happened, to the script that asked; to a plain form the table."""
    if not fragments.is_fragment():
        return redirect(at.url(), 303)  # type: ignore[return-value]
    return fragments.done(**{fact: {"text": words.text(message)}, "records_changed": True})


def show_effect(name: str, record_id: UUID | None = None) -> Response:
    """What the form would move if it were saved as it stands."""
    at, actor = read_listing(name)
    record = record_id and listing.get(at.module, str(record_id), actor, at.module.rights.correct)
    effect = effects.of_form(at.module, record, request.args.to_dict(), actor)
    facts = {"module": at.module, "record": record, "effect": effect, "scope": at.scope}
    return fragments.answer(render_template("records/_effect.html", **facts))


def show_correction(name: str, record_id: UUID) -> Response:
    at, actor = read_listing(name)
    record = listing.get(at.module, str(record_id), actor, at.module.rights.correct)
    return form_answer(at, actor, correction_form(at.module, record, actor))


def save_correction(name: str, record_id: UUID) -> Response:
    at, actor = read_listing(name)
    record = listing.get(at.module, str(record_id), actor, at.module.rights.correct)
    sent = request.form.to_dict()
    try:
        version = version_of(sent)
        saved = service.correct(
            at.module, record.id, sent, actor, strict=False, version=version, keep=keep_of(sent)
        )
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return form_answer(
            at, actor, correction_form(at.module, record, actor, sent, refused), refused.status
        )
    message = say("Corrected: %(record)s", record=described(at.module, saved.record))
    return written(at, "record_corrected", told_of(message, saved))


def version_of(sent: dict[str, str]) -> int:
    """The version that the form was made from; every form carries it."""
    version = sent.get("version", "")
    if not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise ValidationFailed.of([Problem("version", say("This form has expired: load the page again"))])
    return int(version)


def show_void(name: str, record_id: UUID) -> Response:
    at, actor = read_listing(name)
    record = listing.get(at.module, str(record_id), actor, at.module.rights.void)
    return void_answer(at, record)


def save_void(name: str, record_id: UUID) -> Response:
    at, actor = read_listing(name)
    record = listing.get(at.module, str(record_id), actor, at.module.rights.void)
    reason = request.form.get("reason", "").strip()
    try:
        if not reason:
            raise ValidationFailed.of([Problem("reason", say("Say why, for whoever reads the book later"))])
        version = version_of(request.form.to_dict())
        service.void(at.module, record.id, actor, reason=reason, version=version)
    except DeskOpsError as refused:
        if refused.status >= 500:
            raise
        return void_answer(at, record, refused)
    return written(at, "record_voided", say("Void: %(record)s", record=described(at.module, record)))


def void_answer(at: Listing, record: Any, refused: DeskOpsError | None = None) -> Response:
    told = (
        words.texts(text for texts in refused.fields.values() for text in texts)
        if isinstance(refused, ValidationFailed)
        else []
    )
    if refused is not None and not told:
        told = [words.text(refused.message)]
    html = render_template(
        "records/_void.html" if fragments.is_fragment() else "records/void.html",
        module=at.module,
        scope=at.scope,
        record=record,
        named=described(at.module, record),
        url=url_for("web.save_void", name=at.module.name, record_id=record.id, **at.scope.params),
        reason=request.form.get("reason", ""),
        problems=told,
        effect=effects.of_void(at.module, record),
    )
    return fragments.answer(html, refused.status if refused else 200)
