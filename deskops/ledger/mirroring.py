"""The feed of a production entry as an adjustment: it is written, corrected and voided with its entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deskops.accounts.actor import Actor
from deskops.database import rows, utc_now
from deskops.modules import ADJUSTMENTS, PRODUCTION
from deskops.modules.adjustment import FEED, Adjustment
from deskops.modules.feed import feed_of
from deskops.records import listing, service
from deskops.records.module import Change, Module

REASON = "Consumed by a production entry"
GONE = "The production entry no longer says so"


def mirror_feed(module: Module, changes: Sequence[Change], actor: Actor) -> None:
    """Let the adjustments follow what these production entries say they consumed."""
    if module is not PRODUCTION:
        return
    mirrored = []
    for change in changes:
        before, after = wanted(change.before), wanted(change.after)
        if before == after:
            continue
        held = held_by((change.before or change.after).id) if before else None  # type: ignore[union-attr]
        mirrored.append(written(held, after, change, actor))
    if mirrored:
        service.record_changes(ADJUSTMENTS, mirrored, actor)


def wanted(entry: Any) -> dict[str, Any] | None:
    """The values of the adjustment that an entry calls for; a form may tell only half of its feed yet."""
    if entry is None or not entry.is_counted or feed_of(entry.feed_material, entry.feed_quantity) is None:
        return None
    return {
        "site": entry.site,
        "date": entry.date,
        "material": entry.feed_material,
        "quantity": -entry.feed_quantity,
    }


def held_by(production_id: str) -> Any:
    """The live adjustment of an entry."""
    found = rows(
        f"SELECT {listing.columns(ADJUSTMENTS)} FROM {listing.table(ADJUSTMENTS)} "
        "WHERE production_id = ? AND voided_at IS NULL",
        (production_id,),
    )
    return Adjustment.from_row(found[0]) if found else None


def written(held: Any, values: dict[str, Any] | None, change: Change, actor: Actor) -> Change:
    """Write the adjustment as it is wanted now; answers how it changed."""
    if held is None:
        assert values is not None
        assert change.after is not None
        fixed = {
            "kind": FEED,
            "reason": REASON,
            "production_id": change.after.id,
            "created_by": actor.user_id,
        }
        made = Adjustment.new({**values, **fixed})
        service.insert(ADJUSTMENTS, [made])
        return Change(None, made)
    now = utc_now()
    gone = {"voided_at": now, "voided_by": actor.user_id, "void_reason": GONE}
    after = held.copy(**(gone if values is None else values), version=held.version + 1, updated_at=now)
    service.update(ADJUSTMENTS, Change(held, after))
    return Change(held, after)
