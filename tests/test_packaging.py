"""The wheel carries what the program needs away from its checkout."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest

from deskops import paths

ASSETS = {"templates": paths.TEMPLATES, "static": paths.STATIC, "migrations": paths.MIGRATIONS}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    built = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(folder.glob("deskops-*.whl"))) as archive:
        yield archive


@pytest.mark.parametrize("name", ASSETS)
def test_every_asset_travels_in_the_wheel(wheel: zipfile.ZipFile, name: str) -> None:
    prefix = f"deskops/_assets/{name}/"
    packed = {member.removeprefix(prefix) for member in wheel.namelist() if member.startswith(prefix)}
    there = {
        path.relative_to(ASSETS[name]).as_posix()
        for path in ASSETS[name].rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there
    assert packed == there


def test_the_wheel_holds_the_program_its_licence_and_no_test(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    tops = {name.partition("/")[0] for name in names}
    metadata = next(top for top in tops if top.endswith(".dist-info"))
    assert tops == {"deskops", metadata}
    assert "deskops/cli.py" in names
    assert f"{metadata}/licenses/LICENSE" in names
    assert "deskops = deskops.cli:main" in wheel.read(f"{metadata}/entry_points.txt").decode()
