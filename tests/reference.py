"""The tables of docs/api.md, read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

from deskops.modules import MODULES

TEXT = (Path(__file__).parent.parent / "docs/api.md").read_text(encoding="utf-8")
# What a manager keeps: {its path below /api: its module}.
KEPT_AT = {
    "inventory/openings": "openings",
    "inventory/adjustments": "adjustments",
    "surveys": "surveys",
    "targets": "targets",
    "factors": "factors",
}
EACH = {"{module}": list(MODULES), "{kept}": list(KEPT_AT)}
ALIAS = {"/api/export": "/api/exports"}


def table(header: str, below: str = "") -> list[dict[str, str]]:
    """The rows of the table with this header line, each {column: cell}; the first one `below` this heading."""
    lines = TEXT.split(f"\n{below}\n", 1)[1].split(f"{header}\n", 1)[1].splitlines()[1:]
    names = cells(header)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, cells(line), strict=True)))
    return rows


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def marked(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def routes() -> dict[tuple[str, str], dict[str, str]]:
    """{(method, path): its row}, a row of {module} or {kept} for each, one of an export by both its names."""
    header = (
        "| route | method | no sign-in | VIEWER | OPERATOR | MODERATOR | ADMIN | elsewhere | read token |"
    )
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in table(header, "## Routes"):
        (route,) = marked(row["route"])
        several = next((each for each in EACH if each in route), "")
        names = [route.replace(several, name) for name in EACH.get(several, [""])] if several else [route]
        names += [route.replace(name, alias) for name, alias in ALIAS.items() if route.startswith(name)]
        for name in names:
            path = name.replace("{day}", "{id}")
            assert (row["method"], path) not in found, path
            found[row["method"], path] = row
    return found
