"""Who the caller is."""

from __future__ import annotations

from flask import Blueprint, Response

from deskops.api import envelope, params
from deskops.face import identity


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/auth/session", "read_session", read_session)


def read_session() -> Response:
    """The person, and the sites they may see with their role at each."""
    actor = identity.actor()
    params.only()
    sites = [
        {"id": site.id, "code": site.code, "name": site.name, "role": actor.role_at(site.id)}
        for site in actor.sites()
    ]
    return envelope.one(
        {
            "userId": actor.user_id,
            "isAuthenticated": True,
            "name": actor.name,
            "email": actor.email,
            "isAdmin": actor.is_admin,
            "sites": sites,
        }
    )
