"""Are the system's parts of the test suite there? Run as `python -m tests.services.requirements`.

As root in a CI job (CI is set) what is missing is installed with apt-get; anywhere else the line that does so
is printed, and the exit code is 1.
"""

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.services import children, chromium, postgres


@dataclass(frozen=True)
class Part:
    """Something the tests need that pip does not bring."""

    name: str
    is_there: Callable[[], bool]
    package: str


def _a_font_is_there() -> bool:
    listing = shutil.which("fc-list")
    return listing is not None and bool(
        subprocess.run([listing], capture_output=True, check=False).stdout.strip()
    )


PARTS = (
    Part("PostgreSQL", lambda: postgres.programs() is not None, "postgresql"),
    Part("Chromium", lambda: chromium.program() is not None, "chromium"),
    Part("Java, for the HTML checker", lambda: shutil.which("java") is not None, "default-jre-headless"),
    Part(
        "Pango, for the day sheet as a PDF",
        lambda: ctypes.util.find_library("pangoft2-1.0") is not None,
        "libpangoft2-1.0-0",
    ),
    Part("a font, for the pages in Chromium", _a_font_is_there, "fontconfig fonts-dejavu-core"),
)


def missing() -> list[Part]:
    return [part for part in PARTS if not part.is_there()]


def install(parts: list[Part]) -> None:
    """apt-get, asked nothing; raises CalledProcessError where it fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [package for part in parts for package in part.package.split()]
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "--quiet", *arguments], check=True, env=environment)


def main() -> int:
    absent = missing()
    may_install = bool(os.environ.get("CI")) and children.is_root() and shutil.which("apt-get") is not None
    if absent and may_install:
        install(absent)
        absent = missing()
    if not absent:
        return 0
    for part in absent:
        print(f"The tests need {part.name}, which is not installed.", file=sys.stderr)
    packages = " ".join(part.package for part in absent)
    print(
        f"On Debian or Ubuntu: sudo apt-get install --no-install-recommends {packages}\n"
        "(as root with CI set, make test does this by itself)",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
