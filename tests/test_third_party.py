"""THIRD_PARTY.md names everything that comes from others, and the vendored files are what they were."""

import hashlib
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTED = (ROOT / "THIRD_PARTY.md").read_text()
VENDORED = ("static/vendor", "tests/services/vnu")
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^ ;]+)", re.MULTILINE)
LICENCE_FILE = re.compile(r"(?:^|/)(?:LICEN[CS]E|COPYING)[^/]*$", re.IGNORECASE)

# How a classifier or the text of a licence shows which of the common ones it is.
FAMILIES = {
    "MIT": "MIT",
    "BSD": "BSD",
    "Apache": "Apache",
    "Mozilla Public": "MPL",
    "free of charge, to any person": "MIT",
}


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall((ROOT / "requirements" / lock).read_text()):
        found.setdefault(name, set()).add(version)
    return found


def table_rows(heading: str) -> list[list[str]]:
    section = LISTED.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line
    ]
    return [row for row in rows if row[0] not in ("Package", "File", "---")]


def vendored_files() -> list[tuple[str, dict[str, str]]]:
    return [
        (folder, entry)
        for folder in VENDORED
        for entry in tomllib.loads((ROOT / folder / "VENDORED.toml").read_text())["file"]
    ]


def declared_licence(distribution: metadata.Distribution) -> str:
    """The package's own SPDX expression, else the family that its classifiers or its licence's text show."""
    about = distribution.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
    licence_files = [path for path in distribution.files or [] if LICENCE_FILE.search(str(path))]
    texts = [*classifiers, *(about.get_all("License") or []), *(path.read_text() for path in licence_files)]
    return next((family for text in texts for sign, family in FAMILIES.items() if sign in text), "unknown")


def test_every_pinned_package_is_listed_with_its_version_and_no_other() -> None:
    listed = {(row[0], row[1]) for row in table_rows("Python packages")}
    pinned = {(name, version) for name, versions in pins("run.txt").items() for version in versions}
    assert listed == pinned


@pytest.mark.parametrize("row", table_rows("Python packages"), ids=lambda row: row[0])
def test_a_listed_licence_is_the_one_the_package_declares(row: list[str]) -> None:
    name, _, licence, project = row
    assert project
    try:
        declared = declared_licence(metadata.distribution(name))
    except metadata.PackageNotFoundError:
        # A package for an older Python or another system: it is listed, and not here to be asked.
        assert licence
        return
    assert licence == declared or re.fullmatch(rf"{re.escape(declared)}(-[0-9A-Za-z.]+)*", licence)


def test_the_two_locks_agree() -> None:
    everything = pins("dev.txt")
    assert {name: versions for name, versions in everything.items() if name in pins("run.txt")} == pins(
        "run.txt"
    )


def test_the_direct_dependencies_are_pinned_as_the_locks_have_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    direct = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    locked = pins("dev.txt")
    for line in direct:
        found = PIN.match(line)
        assert found, f"{line} is not pinned to one version"
        assert found[2] in locked[found[1]], f"{line} is not what requirements/dev.txt has; run make lock"


def test_the_locks_name_no_registry_and_hash_every_package() -> None:
    for lock in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / lock).read_text()
        assert "://" not in text
        assert "--index-url" not in text
        requirements = re.split(r"\n(?=[a-z0-9])", text)
        assert all("--hash=sha256:" in requirement for requirement in requirements if "==" in requirement)


@pytest.mark.parametrize(("folder", "entry"), vendored_files(), ids=lambda value: str(value)[:40])
def test_a_vendored_file_is_unchanged_and_has_its_licence_beside_it(
    folder: str, entry: dict[str, str]
) -> None:
    path = ROOT / folder / entry["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"] in entry["file"]
    assert (path.parent / "LICENSE").read_text().strip()


def test_every_vendored_file_is_listed_and_no_other() -> None:
    listed = {tuple(row) for row in table_rows("Files in this repository")}
    expected = {
        (f"{folder}/{entry['file']}", entry["name"], entry["version"], entry["licence"])
        for folder, entry in vendored_files()
    }
    assert listed == expected


def test_no_file_stands_in_static_vendor_without_an_entry() -> None:
    known = {entry["file"] for folder, entry in vendored_files() if folder == "static/vendor"}
    there = {
        path.relative_to(ROOT / "static/vendor").as_posix()
        for path in (ROOT / "static/vendor").rglob("*")
        if path.is_file() and path.name not in ("LICENSE", "VENDORED.toml")
    }
    assert there == known
