"""A list as one CSV stream against the sqlite3 shell that writes the same columns, and what it takes of memory."""

from __future__ import annotations

import http.client
import resource
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks import table
from benchmarks.asked import YEARS, path
from benchmarks.books import open_book
from benchmarks.filling import FIRST_DAY, SITES, YEARS_DAYS, main_site
from benchmarks.servers import Server, running_alone
from deskops import book

MEGABYTE = 1 << 20
LEAST_RATE = 0.13
FEW_ROWS = 10_000
# Allocators do not give every page back.
MOST_MEMORY = 1.05


def moment(column: str) -> str:
    return f"REPLACE(SUBSTR({column}, 1, 23), ' ', 'T') || 'Z'"


# Each column of the stream as SQL writes it.
WRITTEN = {
    "id": "r.id",
    "date": "r.date",
    "siteId": "r.site_id",
    "site": "s.code || ' ' || s.name",
    "siteCode": "s.code",
    "shift": "r.shift",
    "materialId": "m.code",
    "material": "m.code || ' ' || m.name",
    "materialType": "m.material_type",
    "quantity": "PRINTF('%d.%03d', r.quantity / 1000, r.quantity % 1000)",
    "loads": "r.loads",
    "operation": "r.operation",
    "status": "r.status",
    "notes": "r.notes",
    "uom": "'TON'",
    "createdAt": moment("r.created_at"),
    "createdBy": "r.created_by",
    "updatedAt": moment("r.updated_at"),
    "version": "r.version",
    "voidedAt": moment("r.voided_at"),
    "voidReason": "r.void_reason",
}


class Streamed(NamedTuple):
    """One stream: its rows, its columns, and the CPU seconds it took."""

    rows: int
    columns: list[str]
    seconds: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def stream(server: Server, address: str) -> Streamed:
    """Read a stream to its end as fast as it comes."""
    before = server.cpu_seconds()
    asking = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    name, _, value = server.head.strip().partition(": ")
    asking.request("GET", address, headers={name: value, "Accept": "text/csv"})
    answer = asking.getresponse()
    first = answer.readline()
    if answer.status != 200 or answer.headers.get_content_type() != "text/csv":
        raise SystemExit(f"{address}: {answer.status} {first[:300]!r}")
    rows = 0
    while part := answer.read1(262_144):
        rows += part.count(b"\n")
    asking.close()
    return Streamed(rows, first.decode("utf-8-sig").strip().split(","), server.cpu_seconds() - before)


def shell(home: Path, columns: list[str], site_id: str, days: tuple[date, date]) -> Streamed:
    """The same rows and columns through the sqlite3 shell, in the same order."""
    sql = (
        f"SELECT {', '.join(WRITTEN[name] for name in columns)} FROM production AS r "
        "JOIN site AS s ON s.id = r.site_id JOIN material AS m ON m.id = r.material_id "
        f"WHERE r.site_id = '{site_id}' AND r.date BETWEEN '{days[0]}' AND '{days[1]}' AND r.voided_at IS NULL "
        "ORDER BY r.date DESC, r.created_at DESC, r.id DESC"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(
        ["sqlite3", "-csv", "-readonly", str(home / "deskops.sqlite3"), sql], capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Streamed(told.stdout.count(b"\n"), columns, spent)


def peak_megabytes(server: Server, address: str) -> tuple[float, int]:
    """The most memory that the worker held while it streamed, and the rows."""
    (worker,) = server.workers()
    Path(f"/proc/{worker}/clear_refs").write_text("5")
    rows = stream(server, address).rows
    status = Path(f"/proc/{worker}/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak) * 1024 / MEGABYTE, rows


def measure_rates(server: Server, home: Path, site: tuple[str, str], rounds: int) -> None:
    """One site's three years, in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        streamed = stream(server, path("production", site[1], YEARS))
        written = shell(home, streamed.columns, site[0], YEARS)
        if streamed.rows != written.rows:
            raise SystemExit(f"the stream has {streamed.rows} rows, the shell wrote {written.rows}")
        ours.append(streamed.rate)
        theirs.append(written.rate)
    what = f"CSV of {streamed.rows:,} rows, {len(streamed.columns)} columns"
    table.line(
        what, table.median(ours), table.median(theirs), "sqlite3 -csv", least=LEAST_RATE, unit="rows/s"
    )


def measure_memory(server: Server, records: int, site: str) -> None:
    """In a worker that has streamed before: the database's own cache is filled once."""
    days = max(1, FEW_ROWS * SITES * YEARS_DAYS // records)
    some = (FIRST_DAY, FIRST_DAY + timedelta(days=min(days, YEARS_DAYS) - 1))
    few, few_rows = peak_megabytes(server, path("production", site, some))
    everything = f"/api/production?startDate={YEARS[0]}&endDate={YEARS[1]}"
    many, many_rows = peak_megabytes(server, everything)
    what = f"worker's peak memory, {many_rows:,} rows against {few_rows:,}"
    table.line(what, many, few, "few rows", most=MOST_MEMORY, unit="MB")


def main(home: Path, records: int, *, rounds: int = 3) -> None:
    table.head("CSV stream: rows of a second of CPU, memory")
    if shutil.which("sqlite3") is None:
        table.fact("the sqlite3 shell is not installed: nothing to measure against", "", holds=False)
        return
    open_book(home)
    site = main_site()
    book.close()
    with running_alone(home) as server:
        measure_rates(server, home, (site.id, site.code), rounds)
        measure_memory(server, records, site.code)
