"""The layers hold: nothing imports upward, the faces know no queries, and everything stays small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "deskops"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the ground up; what stands in one row does not import its neighbours.
LAYERS = (
    ("errors", "paths"),
    ("home", "setting_kinds"),
    ("config", "logs"),
    ("database", "queue", "processes", "windows", "monitoring", "pdf"),
    ("schema", "background"),
    ("audit",),
    ("accounts",),
    ("records",),
    ("modules",),
    ("ledger",),
    ("insight",),
    ("sanity",),
    ("exports", "imports"),
    ("days",),
    ("tables", "reactions"),
    ("face",),
    ("web", "api"),
    ("book", "demo"),
    ("app", "postgres_dump"),
    ("backup", "serving", "system", "worker"),
    ("supervisor",),
    ("commands",),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FLASK_MAY = {"face", "web", "api", "app", "worker", "cli", "serving"}
ENGINE = {"schema", "audit", "accounts", "records"}
MOST_LINES, MOST_FUNCTION_LINES, MOST_ATTRIBUTES = 300, 40, 10


def part_of(path: Path) -> str:
    """The part of the program that a file belongs to: its folder, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Every module a file imports, with the names it takes from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []


def own_imports(path: Path) -> Iterator[tuple[str, str]]:
    """(imported module, its part) for every import from the program itself."""
    for module, names in imports(path):
        if module == "deskops":
            yield from ((f"deskops.{name}", name) for name in names if name in LEVEL)
        elif module.startswith("deskops."):
            yield module, module.split(".")[1]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_nothing_imports_upward(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    assert part in LEVEL, f"{part} has no layer yet: name it in LAYERS"
    upward = [module for module, other in own_imports(path) if other != part and LEVEL[other] >= LEVEL[part]]
    assert not upward


@pytest.mark.parametrize("path", [path for path in FILES if part_of(path) in ("web", "api")], ids=named)
def test_no_query_stands_in_a_face(path: Path) -> None:
    found = [module for module, _ in imports(path) if module.split(".")[0] in ("peewee", "playhouse")]
    assert not found


@pytest.mark.parametrize("path", [path for path in FILES if part_of(path) not in FLASK_MAY], ids=named)
def test_only_the_faces_know_the_web(path: Path) -> None:
    found = [module for module, _ in imports(path) if module.split(".")[0].startswith("flask")]
    assert not found


@pytest.mark.parametrize("path", [path for path in FILES if part_of(path) in ENGINE], ids=named)
def test_the_engine_names_no_module(path: Path) -> None:
    names = {"production", "dispatch", "received", "equipment", "manpower"}
    texts = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    assert not names & {text.lower() for text in texts if isinstance(text, str)}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_is_private_stays_in_its_file(path: Path) -> None:
    taken = [
        name
        for module, names in imports(path)
        if module.startswith("deskops")
        for name in names
        if name.startswith("_") and not name.startswith("__")
    ]
    assert not taken


@pytest.mark.parametrize("path", FILES, ids=named)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_FUNCTION_LINES, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_declarations_stay_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) and any(
            "dataclass" in ast.dump(one) for one in node.decorator_list
        ):
            attributes = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            assert len(attributes) <= MOST_ATTRIBUTES, f"{node.name} has {len(attributes)} attributes"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_sums_live_where_they_are_looked_for(path: Path) -> None:
    """Aggregates stand in insight/ and in the totals that the engine keeps; a list counts what totals cannot."""
    if part_of(path) in ("insight", "ledger") or path.name in ("totals.py", "listing.py"):
        return
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and ("SUM(" in text or "GROUP BY" in text)]
