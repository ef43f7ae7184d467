"""deskops import, as people run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from deskops import config, database
from deskops.accounts.models import Site
from deskops.imports.models import Import, ImportProfile
from deskops.modules import RECEIVED
from deskops.modules.received import Received
from deskops.records import totals
from tests.import_fixtures import LOADS, Excerpt

MAP = [
    *("--map", "date=report_date", "--map", "material=load_type", "--map", "quantity=load_weight"),
    *("--map", "source=dropoff_site", "--unit", "quantity=lb"),
]
ALIAS = ["--material-alias", "*=RAW-MIXED"]


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Yard:
    """Runs the command on the book of the tests."""

    def __init__(self, settings: config.Settings) -> None:
        self.settings = settings

    def run(self, path: Path, *options: str, module: str = "received", site: str = "ALPHA-01") -> Done:
        process = self.start(path, *options, module=module, site=site)
        out, err = process.communicate()
        return Done(process.returncode, out, err)

    def start(
        self, path: Path, *options: str, module: str = "received", site: str = "ALPHA-01"
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "deskops.cli", "import", module, str(path), "--site", site, *options],
            env={**os.environ, **config.environment_for_children(self.settings)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def yard(settings: config.Settings, alpha: Site) -> Yard:
    database.release_connection()
    return Yard(settings)


def test_a_dry_run_lists_the_bad_rows_and_the_counts(yard: Yard, excerpt: Excerpt) -> None:
    done = yard.run(excerpt("loads.csv", LOADS), *MAP, *ALIAS, "--dry-run")
    assert done.code == 0
    assert done.out.splitlines() == [
        'line 5: quantity "": Blank: a value is required',
        'line 6: quantity "0.0": Must be at least 0.001',
        'line 7: quantity "0.298": Less than half a kilogram, the smallest weight that is kept',
        "Dry run: nothing was written.",
        "Rows: 7",
        "Bad: 3",
        "  1 × quantity: Blank: a value is required",
        "  1 × quantity: Must be at least 0.001",
        "  1 × quantity: Less than half a kilogram, the smallest weight that is kept",
        "Already there: 0",
        "Records would be stored: 4",
        "Quantity: 2.170 t",
    ]
    assert Received.select().count() == 0


def test_bad_rows_refuse_the_file_unless_they_are_skipped(yard: Yard, excerpt: Excerpt) -> None:
    path = excerpt("loads.csv", LOADS)
    refused = yard.run(path, *MAP, *ALIAS)
    assert refused.code == 1
    assert "line 5: quantity" in refused.out
    assert "Nothing was imported. Mend the rows, or add --skip-bad" in refused.err
    assert Received.select().count() == 0
    skipped = yard.run(path, *MAP, *ALIAS, "--skip-bad", "--user", "ben@yard.test")
    assert skipped.code == 0
    assert "Records stored: 4" in skipped.out
    bad_file = Path(skipped.out.rpartition("each with its reason: ")[2].strip())
    assert bad_file.parent == yard.settings.imports_folder
    assert len(bad_file.read_text(encoding="utf-8").splitlines()) == 4
    assert Received.select().count() == 4
    again = yard.run(path, *MAP, *ALIAS, "--skip-bad")
    assert "Already there: 4\nRecords stored: 0" in again.out
    assert Import.select().where(Import.state == "DONE").count() == 2


def test_a_profile_spares_the_options(yard: Yard, excerpt: Excerpt) -> None:
    path = excerpt("loads.csv", LOADS)
    kept = yard.run(path, *MAP, *ALIAS, "--dry-run", "--save-profile", "city")
    assert "Kept these options as the profile city" in kept.out
    assert ImportProfile.get().name == "city"
    done = yard.run(path, "--profile", "city", "--material-alias", "tires=RAW-ASPHALT", "--skip-bad")
    assert done.code == 0
    assert sorted(one.material.code for one in Received.select()) == ["RAW-ASPHALT"] * 3 + ["RAW-MIXED"]


REFUSED = [
    (["--map", "colour=load_type"], 1, "There is no field colour"),
    (["--profile", "none"], 1, "There is no profile none"),
    (["--user", "nobody@yard.test"], 1, "nobody with the address"),
    (["--map", "quantity"], 2, "not of the form field=value"),
    (["--map", "date=a", "--map", "date=b"], 2, "given twice"),
    (["--alias", "RAW-MIXED"], 2, "not of the form"),
    ([], 1, "No column stands for date, materialId, quantity. The file has: report_date"),
    ([], 1, "Say which stands for each: --map field=column"),
]


@pytest.mark.parametrize(("options", "code", "words"), REFUSED)
def test_wrong_options_are_one_clear_line(
    yard: Yard, excerpt: Excerpt, options: list[str], code: int, words: str
) -> None:
    done = yard.run(excerpt("loads.csv", LOADS), *options)
    assert done.code == code
    assert words in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_takes_back_what_was_written(yard: Yard, excerpt: Excerpt, stop: signal.Signals) -> None:
    head, first = LOADS.splitlines()[:2]
    path = excerpt("many.csv", "\n".join([head, *[first] * 60_000]))
    process = yard.start(path, *MAP, *ALIAS, "--skip-bad")
    deadline = time.monotonic() + 60
    while not Received.select().exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped: nothing of this import was kept." in errors
    assert Received.select().count() == 0
    assert Import.get().state == "UNDONE"
    assert totals.verify(RECEIVED) == []


def test_an_unknown_site_or_module_is_refused(yard: Yard, excerpt: Excerpt) -> None:
    path = excerpt("loads.csv", LOADS)
    assert yard.run(path, *MAP, site="NOWHERE").code == 1
    assert yard.run(path, *MAP, module="weather").code == 2
    assert yard.run(path.with_name("nothing.csv"), *MAP).code == 2
