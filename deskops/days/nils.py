"""Taking a nil return back."""

from __future__ import annotations

from datetime import date

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import NotFound
from deskops.modules import NILS
from deskops.modules.nil import NilReturn
from deskops.records import service


def withdraw(site: Site, day: date, actor: Actor, *, module: str, shift: str, reason: str | None) -> None:
    """Void the nil return of a module, of one shift or ("") of the whole day.

    Raises NotFound where there is none, Forbidden, DayClosed, ValidationFailed (field reason).
    """
    found = NilReturn.get_or_none(
        NilReturn.site == site.id,
        NilReturn.date == day,
        NilReturn.module == module,
        NilReturn.shift == shift,
        NilReturn.voided_at.is_null(),
    )
    if found is None:
        raise NotFound
    service.void(NILS, found.id, actor, reason=reason)
