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
DECLARE_NIL = "declare nil"
KEEP_STOCK = "keep the stock"
CLOSE = "close days"
REVIEW = "review"

READING = frozenset({READ, EXPORT})
OWN = {CORRECT: CORRECT_OWN, VOID: VOID_OWN}

CLERK = READING | {CREATE, CORRECT_OWN, VOID_OWN, IMPORT, DECLARE_NIL}
MANAGER = READING | {CREATE, CORRECT, VOID, IMPORT, DECLARE_NIL, KEEP_STOCK, CLOSE, REVIEW}

MAY: dict[str, frozenset[str]] = {
    VIEWER: READING,
    OPERATOR: CLERK,
    MODERATOR: MANAGER,
    ADMIN: MANAGER | {MANAGE_SITES},
}
