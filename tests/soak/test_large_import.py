"""A file of 363,000 rows, its import killed again and again before it is let through: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.files import OPTIONS, ROWS, SITE, write_loads
from deskops import background, config, database
from deskops.accounts.models import Site
from deskops.audit.chain import broken_links
from deskops.imports import jobs
from deskops.imports.models import DONE, UNDONE, Import
from deskops.modules import RECEIVED
from deskops.modules.received import Received
from deskops.records import totals

KILLS = 5
MOST_MEMORY_MB = 200


@pytest.fixture
def loads(tmp_path: Path) -> Path:
    path = tmp_path / "loads.zip"
    write_loads(path)
    return path


def importing(settings: config.Settings, path: Path) -> subprocess.Popen[bytes]:
    words = ["-m", "deskops.cli", "import", "received", str(path), "--site", SITE, *OPTIONS]
    environment = {**os.environ, **config.environment_for_children(settings)}
    return subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL)


def test_an_import_that_is_killed_again_and_again_is_whole_at_last(
    settings: config.Settings, fresh_book: None, loads: Path
) -> None:
    background.use(settings)
    chance = random.Random(7)
    for _ in range(KILLS):
        process = importing(settings, loads)
        while not Received.select().exists():
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(chance.uniform(0, 5))
        process.kill()
        process.wait()
        assert Received.select().exists()
        assert jobs.undo_abandoned() == 1
        assert not Received.select().exists()
        assert totals.verify(RECEIVED) == []
    process = importing(settings, loads)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert used.ru_maxrss // 1024 < MOST_MEMORY_MB
    states = [run.state for run in Import.select().order_by(Import.created_at)]
    assert states == [UNDONE] * KILLS + [DONE]
    stored = database.rows("SELECT COUNT(*), COUNT(DISTINCT client_key) FROM received")[0]
    assert tuple(stored) == (ROWS, ROWS)
    assert Decimal(Import.select().order_by(Import.created_at.desc()).get().sum_texts["quantity"]) > 0
    assert totals.verify(RECEIVED) == []
    assert broken_links(Site.get(Site.code == SITE).id) == []
