"""Who the caller is."""

from __future__ import annotations

from flask import Response

from deskops.accounts.policy import ROLES
from deskops.api import envelope, params
from deskops.api.operations import Answer, Operation, Section
from deskops.api.shapes import CODE, FLAG, ID, TEXT, Shape, described, each, one, one_of
from deskops.face import identity

MEMBERSHIP = Shape(
    "SessionSite",
    {
        "id": ID,
        "code": CODE,
        "name": described(TEXT, "", "Al Asla Recycling Facility"),
        "role": one_of(*ROLES),
    },
)
SESSION = Shape(
    "Session",
    {
        "userId": ID,
        "isAuthenticated": {"const": True},
        "name": described(TEXT, "", "Ann Moderator"),
        "email": described(TEXT, "", "ann@yard.test"),
        "isAdmin": FLAG,
        "sites": each(MEMBERSHIP),
    },
    "The person, and the sites they may see with their role at each",
)


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


SECTION = Section(
    "Session",
    "Who the caller is.",
    (
        Operation(
            "readSession",
            "GET /auth/session",
            read_session,
            "Who is asking",
            Answer(one(SESSION)),
            "Answers 401 where nobody is signed in, never a redirect.",
            tagged=True,
        ),
    ),
)
