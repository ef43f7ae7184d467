"""The README tells the truth: its tables are the program's, its lines of curl work as printed."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

from deskops import config
from deskops.accounts.policy import ROLES
from deskops.cli import main
from tests.test_up import Start, start

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

__all__ = ["start"]


def first_cells(header: str) -> list[str]:
    """The first column of the table under this header line."""
    lines = README.split(header, 1)[1].splitlines()[2:]
    rows = lines[: next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [row.split("|")[1].strip() for row in rows]


def test_every_setting_is_listed_with_its_default_and_meaning() -> None:
    for setting in config.describe():
        assert f"| `{setting.variable}` | {setting.default} | {setting.meaning} |" in README
    assert len(first_cells("| variable | default | meaning |")) == len(config.describe())


def test_every_command_is_listed() -> None:
    listed = {cell.removeprefix("`deskops ").removesuffix("`") for cell in first_cells("| command | does |")}
    assert listed == set(main.list_commands(None))  # type: ignore[arg-type]


def test_every_role_is_listed() -> None:
    assert set(first_cells("| who | may |")) == set(ROLES)


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    vendored = tomllib.loads((ROOT / "static/vendor/VENDORED.toml").read_text(encoding="utf-8"))
    names = {re.split(r"[\[=]", pin)[0] for pin in pinned}
    listed = set(first_cells("| library | why |"))
    assert names <= listed
    assert len(listed) == len(names) + len(vendored["file"])


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_lines_of_curl_work_as_printed(start: Start) -> None:
    running = start(DEMO="1").ready()
    block = next(part for part in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in part)
    lines = block.replace("http://127.0.0.1:8000", running.address)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines.replace("\n", "\necho\n")],
        cwd=ROOT,
        env=running.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    hello, created, listed = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert hello == "Hello, from API!"
    assert created["data"]["quantity"] == 18.04
    assert created["data"]["id"] in {record["id"] for record in listed["data"]}
