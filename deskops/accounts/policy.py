"""The one table of permissions: what each role may do at its site. Every face asks it through an Actor."""

from __future__ import annotations

ADMIN = "ADMIN"
MODERATOR = "MODERATOR"
OPERATOR = "OPERATOR"
VIEWER = "VIEWER"

SITE_ROLES = (MODERATOR, OPERATOR, VIEWER)
ROLES = (ADMIN, *SITE_ROLES)

READ = "read"
EXPORT = "export"
CREATE = "create"
CORRECT = "correct"
VOID = "void"
CORRECT_OWN = "correct own"
VOID_OWN = "void own"
IMPORT = "import"
MANAGE_SITES = "manage sites"

READING = frozenset({READ, EXPORT})
OWN = {CORRECT: CORRECT_OWN, VOID: VOID_OWN}

MAY: dict[str, frozenset[str]] = {
    VIEWER: READING,
    OPERATOR: READING | {CREATE, CORRECT_OWN, VOID_OWN, IMPORT},
    MODERATOR: READING | {CREATE, CORRECT, VOID, IMPORT},
    ADMIN: READING | {CREATE, CORRECT, VOID, IMPORT, MANAGE_SITES},
}
