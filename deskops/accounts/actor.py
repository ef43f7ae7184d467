"""An actor: whoever acts, a person or a token of theirs, with what they may do at which sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from deskops.accounts.models import Site, Token, User
from deskops.accounts.policy import ADMIN, MAY, OWN, READING
from deskops.database import rows
from deskops.errors import Forbidden, say
from deskops.schema import references


class OwnLimits(NamedTuple):
    """What a token may ask, counted by itself; None is as for everybody."""

    requests_per_minute: int | None
    requests_per_second: int | None


USUAL_LIMITS = OwnLimits(None, None)


@dataclass(frozen=True)
class Actor:
    """`roles` is {site id: role}; an ADMIN's stands under every site. `only` narrows a token to some sites."""

    user_id: str
    name: str
    email: str = ""
    is_admin: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)
    may_write: bool = True
    only: frozenset[str] | None = None
    token_id: str | None = None
    own_limits: OwnLimits | None = None

    def role_at(self, site_id: str) -> str | None:
        if self.only is not None and site_id not in self.only:
            return None
        return ADMIN if self.is_admin else self.roles.get(site_id)

    def may(self, action: str, site_id: str, owner_id: str | None = None) -> bool:
        """Whether this actor may do that at this site, to a record entered by `owner_id`."""
        role = self.role_at(site_id)
        if role is None or (action not in READING and not self.may_write):
            return False
        own = OWN.get(action) if owner_id == self.user_id else None
        return action in MAY[role] or (own is not None and own in MAY[role])

    def require(self, action: str, site_id: str, owner_id: str | None = None) -> None:
        """Raises Forbidden where the actor may not."""
        if not self.may(action, site_id, owner_id):
            raise Forbidden(say("You may not %(action)s at this site", action=action))

    def require_admin(self, action: str) -> None:
        """Raises Forbidden where this is not an administrator with a right to that."""
        if not self.is_admin or self.only is not None or action not in MAY[ADMIN] or not self.may_write:
            raise Forbidden(say("Only an administrator may do this"))

    def sites(self, action: str = "read") -> list[Site]:
        """The active sites where this actor may do that, by the list's order."""
        return [site for site in references.active(Site) if self.may(action, site.id)]


SYSTEM = Actor(user_id="system", name="DeskOps", is_admin=True)


def actor_for(user: User, token: Token | None = None) -> Actor:
    """The actor that this person is, or that this token of theirs is."""
    # Written out: every request asks this, and to build the statements would cost more than to run them.
    roles = dict(rows("SELECT site_id, role FROM membership WHERE user_id = ?", (user.id,)))
    only = None
    if token is not None:
        narrowed = rows("SELECT site_id FROM token_site WHERE token_id = ?", (token.id,))
        only = frozenset(site_id for (site_id,) in narrowed) or None
    return Actor(
        user_id=user.id,
        name=user.name,
        email=user.email,
        is_admin=user.is_admin,
        roles=roles,
        may_write=token is None or token.may_write,
        only=only,
        token_id=token.id if token else None,
        own_limits=own_limits_of(token) if token else None,
    )


def own_limits_of(token: Token) -> OwnLimits | None:
    own = OwnLimits(token.requests_per_minute, token.requests_per_second)
    return own if own != USUAL_LIMITS else None
