"""The README tells the truth: its tables are the program's, what it and the reference print for scripts works."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from deskops import config
from deskops.accounts.policy import ROLES
from deskops.cli import main
from tests import reference
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
    extras = project["optional-dependencies"]
    pinned = [*project["dependencies"], *extras["postgres"], *extras["sentry"]]
    vendored = tomllib.loads((ROOT / "static/vendor/VENDORED.toml").read_text(encoding="utf-8"))
    names = {re.split(r"[\[=]", pin)[0] for pin in pinned}
    listed = set(first_cells("| library | why |"))
    assert names <= listed
    assert len(listed) == len(names) + len(vendored["file"])


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def printed(text: str, language: str, word: str) -> str:
    """The block of code of this language that has this word in it."""
    return next(part for part in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if word in part)


def run(argv: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    return subprocess.run(
        argv, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def test_what_is_printed_for_scripts_works_as_printed(start: Start, tmp_path: Path) -> None:
    running = start(DEMO="1").ready()
    lines = printed(README, "sh", "curl").replace("http://127.0.0.1:8000", running.address)
    shell = ["bash", "-euo", "pipefail", "-c"]
    answers = run([*shell, lines.replace("\n", "\necho\n") + 'echo "$TOKEN"'], ROOT, running.environment)
    *bodies, token = [line for line in answers.splitlines() if line.strip()]
    hello, created, listed = map(json.loads, bodies)
    assert hello == "Hello, from API!"
    assert created["data"]["quantity"] == 18.04
    assert created["data"]["id"] in {record["id"] for record in listed["data"]}

    given = {"DESKOPS_URL": running.address, "DESKOPS_TOKEN": token, "DESKOPS_SITE": "DEMO-NORTH"}
    environment = {**running.environment, **given, "TZ": "Asia/Riyadh"}
    script = [sys.executable, "-c", printed(reference.TEXT, "python", "urlopen")]
    first = run(script, tmp_path, environment)
    loads, tons = re.fullmatch(r"(\d+) loads, ([\d.]+) t\n", first).groups()  # type: ignore[union-attr]
    assert int(loads) == listed["meta"]["totalCount"] + 1
    assert float(tons) > 36.44
    assert run(script, tmp_path, environment) == first

    run([*shell, printed(reference.TEXT, "sh", "-o dispatch.csv")], tmp_path, environment)
    assert (tmp_path / "dispatch.csv").read_text(encoding="utf-8").startswith("date,siteId,")
