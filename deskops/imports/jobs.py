"""Imports that a page asked for: their row waits, the worker runs them. Also: who died over one, undone."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from deskops import background, database
from deskops.accounts.actor import Actor, actor_for
from deskops.accounts.models import Site, User
from deskops.accounts.policy import IMPORT
from deskops.errors import DeskOpsError, Forbidden, NotFound
from deskops.home import private_folder
from deskops.imports import storing
from deskops.imports.liveness import is_gone
from deskops.imports.models import REFUSED, UNDER_WAY, WAITING, Import
from deskops.imports.plan import Plan, checked, from_json
from deskops.imports.refusals import ImportUnderWay
from deskops.imports.running import STOPPED, Order, bring_in
from deskops.modules import MODULES
from deskops.records.module import Module
from deskops.schema import references
from deskops.schema.columns import new_id

LISTED = 20
RUN = "deskops.imports.jobs.run"
UNDO = "deskops.imports.jobs.undo_abandoned"

log = logging.getLogger(__name__)


def start(path: Path, module: Module, site: Site, plan: Plan, actor: Actor, *, file_name: str = "") -> Import:
    """Have the worker import this file; it is copied and kept until that has ended.

    Raises Forbidden, or ValidationFailed for a plan that names what is not there.
    """
    actor.require(IMPORT, site.id)
    run = new_run(module, site, checked(module, plan), actor, file_name or path.name)
    kept = uploaded_file(run)
    private_folder(kept.parent)
    shutil.copyfile(path, kept)
    kept.chmod(0o600)
    with database.transaction():
        run.save(force_insert=True)
        database.after_commit(lambda: dispatch(run))
    return run


def new_run(module: Module, site: Site, plan: Plan, actor: Actor, file_name: str) -> Import:
    """The row of an import, not yet stored."""
    return Import(
        id=new_id(),
        site=site,
        module=module.name,
        user_id=actor.user_id,
        file_name=file_name[:200],
        plan=plan.json(),
    )


def dispatch(run: Import) -> None:
    background.dispatch(RUN, run.id)


def uploaded_file(run: Import) -> Path:
    return background.settings().imports_folder / f"{run.id}-upload"


def bad_file(run: Import) -> Path | None:
    """The file of the rows that were skipped, while it is there."""
    if not run.bad_file:
        return None
    path = background.settings().imports_folder / run.bad_file
    return path if path.is_file() else None


def run(import_id: str) -> None:
    """Import the file of this row, in the worker. Where another import runs at the site it goes on waiting."""
    database.open_connection()
    try:
        waiting = Import.get_or_none((Import.id == import_id) & (Import.state == WAITING))
        if waiting is not None:
            run_waiting(waiting)
    finally:
        database.release_connection()


def run_waiting(waiting: Import) -> None:
    module, path = MODULES[waiting.module], uploaded_file(waiting)
    try:
        site = references.by_id(Site, waiting.site_id)
        user = User.get_or_none((User.id == waiting.user_id) & User.is_active)
        if user is None:
            raise Forbidden
        bring_in(Order(module, site, actor_for(user), from_json(waiting.plan), path), waiting)
    except ImportUnderWay:
        return
    except DeskOpsError as refused:
        give_up(waiting, str(refused.message))
    except Exception:
        log.exception("an import failed", extra={"facts": {"import": waiting.id}})
    path.unlink(missing_ok=True)


def give_up(waiting: Import, error: str) -> None:
    """Close an import that was refused before it could begin."""
    with database.transaction():
        still = (Import.id == waiting.id) & (Import.state == WAITING)
        values = {"state": REFUSED, "error": error[:500], "finished_at": database.utc_now()}
        Import.update(**values).where(still).execute()


def running(site_ids: Collection[str]) -> list[Import]:
    """The imports that write at these sites just now: figures of the sites are on the move."""
    under_way = Import.state.in_(UNDER_WAY) & Import.site.in_(list(site_ids))
    return list(Import.select().where(under_way).order_by(Import.created_at))


def recent(actor: Actor) -> list[Import]:
    """The newest imports at the sites where this actor may import, newest first."""
    sites = [site.id for site in actor.sites(IMPORT)]
    return list(
        Import.select().where(Import.site.in_(sites)).order_by(Import.created_at.desc()).limit(LISTED)
    )


def get(actor: Actor, import_id: str) -> Import:
    """One import. Raises NotFound, or Forbidden for a site where the actor may not import."""
    found: Import | None = Import.get_or_none(Import.id == import_id)
    if found is None:
        raise NotFound
    actor.require(IMPORT, found.site_id)
    return found


def abandoned() -> list[Import]:
    """Imports whose process is no more, before they ended."""
    return [each for each in Import.select().where(Import.state.in_(UNDER_WAY)) if is_gone(each)]


def undo_abandoned(import_id: str = "") -> int:
    """Undo what nobody runs any more: this import, or all; answers how many."""
    database.open_connection()
    found = [each for each in abandoned() if import_id in ("", each.id)]
    for each in found:
        log.warning("an import without its process is undone", extra={"facts": {"import": each.id}})
        storing.undo(each, MODULES[each.module], STOPPED)
        uploaded_file(each).unlink(missing_ok=True)
    return len(found)


def redispatch() -> None:
    """Dispatch imports that wait without a job in the queue, and the undoing of those whose process died."""
    waiting = Import.select(Import.id).where(Import.state == WAITING)
    background.dispatch_forgotten(RUN, [each.id for each in waiting])
    background.dispatch_forgotten(UNDO, [each.id for each in abandoned()])


def sweep() -> None:
    """Remove uploads whose import is over: left where a process died between the two."""
    folder = background.settings().imports_folder
    kept = {each.id for each in Import.select(Import.id).where(Import.state.in_((WAITING, *UNDER_WAY)))}
    for upload in folder.glob("*-upload"):
        if upload.name.removesuffix("-upload") not in kept:
            with contextlib.suppress(FileNotFoundError):
                upload.unlink()
