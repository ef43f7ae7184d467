"""Files in and out: a large CSV imported while a clerk works, and its rows exported.

The file is as large and of the same kind as a city's loads of 17 years. Limit: csv and sha256 of the rows alone.
"""

from __future__ import annotations

import csv
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.books import open_book
from deskops import config, database
from deskops.accounts.actor import SYSTEM, actor_for
from deskops.accounts.models import User
from deskops.exports import jobs
from deskops.modules import RECEIVED
from deskops.records import service, totals

ROWS = 363_000
EXPORTED_DAYS = 1_500
SITE = "ASFAN-30"
OPTIONS = [
    *("--map", "date=date", "--map", "material=Load.Type", "--map", "quantity=daily_weight"),
    *("--map", "source=Dropoff.Site", "--unit", "quantity=lb", "--material-alias", "*=RAW-MIXED"),
]
FIRST_DAY = date(2005, 1, 3)


def write_loads(path: Path, rows: int = ROWS) -> None:
    """A zip with one CSV of loads, some 58 a day."""
    chance = random.Random(5)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("loads.csv", "w") as out:
        out.write(b"date,year,Load.Type,Dropoff.Site,Route.Number,outlier,nb_loads,daily_weight\n")
        for number in range(rows):
            day = FIRST_DAY + timedelta(days=number // 58)
            kind, site = chance.choice(("BRUSH", "BULK", "MIXED LITTER")), f"SITE {chance.randrange(20)}"
            weight = chance.randrange(1, 3_000) * 10
            line = f"{day},{day.year},{kind},{site},R{chance.randrange(400)},normal,{number % 4},{weight}\n"
            out.write(line.encode())


def read_alone(path: Path) -> float:
    """Seconds to read the rows and take each one's digest: what no import can be faster than, in Python."""
    began = time.perf_counter()
    with zipfile.ZipFile(path) as archive, archive.open("loads.csv") as file:
        for cells in csv.reader(line.decode() for line in file):
            hashlib.sha256("\x1f".join(cells).encode()).hexdigest()
    return time.perf_counter() - began


class Clerk(threading.Thread):
    """Somebody who enters a load ten times a second, from another process's point of view."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        sent = {"siteId": SITE, "date": "2026-01-01", "materialId": "RAW-MIXED", "quantity": Decimal(1)}
        database.open_connection()
        while not self.over.wait(0.1):
            began = time.perf_counter()
            service.create(RECEIVED, sent, SYSTEM)
            self.seconds.append(time.perf_counter() - began)
        database.database.close()


def import_beside_a_clerk(settings: config.Settings, path: Path) -> tuple[float, int, list[float]]:
    """(seconds, most memory in MB of the import, the clerk's seconds for each entry)."""
    words = ["-m", "deskops.cli", "import", "received", str(path), "--site", SITE, *OPTIONS, "--skip-bad"]
    clerk = Clerk()
    clerk.start()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        env={**os.environ, **config.environment_for_children(settings)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    clerk.over.set()
    clerk.join()
    if process.returncode:
        raise SystemExit("the import failed")
    return seconds, used.ru_maxrss // 1024, sorted(clerk.seconds)


def export(format_: str) -> tuple[int, float]:
    """(rows, seconds) of one export job."""
    person = User.get(User.email == "bench@yard.test")
    last = FIRST_DAY + timedelta(days=EXPORTED_DAYS)
    days = {"start": FIRST_DAY.isoformat(), "end": last.isoformat()}
    filters = {"siteId": SITE, "dateRange": days}
    sent = {"format": format_, "module": "received", "columns": [], "filters": filters}
    job = jobs.create(actor_for(person), sent)
    began = time.perf_counter()
    jobs.run(job.id)
    seconds = time.perf_counter() - began
    return jobs.get(actor_for(person), job.id).row_count or 0, seconds


def main(*, quick: bool = False) -> None:
    """The whole file, or `quick` a part of it."""
    count = ROWS // 20 if quick else ROWS
    with tempfile.TemporaryDirectory(prefix="deskops-bench-") as folder:
        settings = open_book(Path(folder) / "home")
        path = Path(folder) / "loads.zip"
        write_loads(path, count)
        alone = read_alone(path)
        seconds, memory, clerk = import_beside_a_clerk(settings, path)
        print(f"reading and digests alone: {count / alone:,.0f} rows/s")
        print(
            f"import: {count:,} rows in {seconds:.1f} s, {count / seconds:,.0f} rows/s, {memory} MB at most"
        )
        middle, late = clerk[len(clerk) // 2], clerk[len(clerk) * 95 // 100]
        print(
            f"a clerk meanwhile: {len(clerk)} entries, p50 {middle * 1000:.0f} ms, "
            f"p95 {late * 1000:.0f} ms, slowest {clerk[-1] * 1000:.0f} ms"
        )
        for format_ in ("csv", "xlsx"):
            rows, took = export(format_)
            print(f"{format_}: {rows:,} rows of {len(RECEIVED.columns)} columns, {rows / took:,.0f} rows/s")
        print(f"totals: {len(totals.verify(RECEIVED))} differences")
        database.database.close()
