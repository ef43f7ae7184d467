"""A million rows in one request: whole, in order, and with the memory of ten thousand."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.books import MILLION, new_token, open_book
from benchmarks.filling import FIRST_DAY, LAST_DAY, fill
from deskops import book
from deskops.modules import PRODUCTION
from tests.test_up import Running, Start, start

__all__ = ["start"]

FEW_DAYS = 10
MOST_GROWTH = 1.05
pytestmark = pytest.mark.timeout(1800)
# The books of any size are SQLite's, of which each thread has a cache of its own.
SETTINGS = {"DEMO": "0", "DATABASE_URL": "", "DESKOPS_WEB_WORKERS": "1", "DESKOPS_WEB_THREADS": "1"}


class Streamed:
    """What came of a stream, and the most memory the server's worker held meanwhile."""

    def __init__(self, running: Running, secret: str, accept: str, end: Any) -> None:
        worker = max(pid for pid, words in running.family().items() if "gunicorn" in words)
        Path(f"/proc/{worker}/clear_refs").write_text("5")
        port = int(running.address.rsplit(":", 1)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asked = f"/api/production?startDate={FIRST_DAY}&endDate={end}&sortOrder=asc"
        begun = time.monotonic()
        connection.request("GET", asked, headers={"Accept": accept, "Authorization": f"Bearer {secret}"})
        answer = connection.getresponse()
        assert answer.status == 200
        self.expected = int(answer.headers["X-Total-Count"])
        self.lines = 0
        self.places: list[tuple[str, str, str]] = []
        for line in lines_of(answer):
            self.lines += 1
            if accept != "text/csv":
                self.follow(orjson.loads(line))
        connection.close()
        self.seconds = time.monotonic() - begun
        status = Path(f"/proc/{worker}/status").read_text()
        self.megabytes = int(status.split("VmHWM:")[1].split()[0]) / 1024

    def follow(self, row: dict[str, Any]) -> None:
        """Each row stands after the one before it, so that none comes twice."""
        place = (row["date"], row["createdAt"], row["id"])
        assert not self.places or self.places[-1][:2] <= place[:2]
        self.places = [place]


def lines_of(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    rest = b""
    while part := answer.read(1 << 18):
        *whole, rest = (rest + part).split(b"\n")
        yield from whole
    assert rest == b""


def test_a_million_rows_come_whole_with_the_memory_of_few(start: Start, tmp_path: Path) -> None:
    open_book(tmp_path / "home")
    fill(PRODUCTION, MILLION)
    secret = new_token()
    book.close()
    running = start(**SETTINGS).ready()
    # Once everything was read, the database's cache is as full as it gets.
    Streamed(running, secret, "text/csv", LAST_DAY)
    for accept, header in (("text/csv", 1), ("application/x-ndjson", 0)):
        few = Streamed(running, secret, accept, FIRST_DAY + timedelta(days=FEW_DAYS))
        many = Streamed(running, secret, accept, LAST_DAY)
        print(
            f"\n{accept}: {many.lines:,} lines in {many.seconds:.0f} s, peak {many.megabytes:.0f} MB; "
            f"{few.lines:,} lines, peak {few.megabytes:.0f} MB"
        )
        assert 5_000 < few.lines == few.expected + header
        assert many.lines == many.expected + header > MILLION * 0.9
        assert many.megabytes < few.megabytes * MOST_GROWTH
