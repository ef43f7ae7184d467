"""Streams through the real server: what is broken off looks broken off, and who goes away holds nothing."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import subprocess
import sys

import pytest

from deskops import config
from tests.test_up import Running, Start, start

__all__ = ["start"]

ROWS = 12_000
AWAY = 40
WEB_THREADS = 4
# A book with so many loads, and an administrator whose token is told.
FILL = f"""
from datetime import timedelta
from deskops import book, config, database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site
from deskops.modules import RECEIVED
from deskops.modules.reference import Material
from deskops.records import listing, totals

book.connect(config.load())
site, material = Site.get(Site.code == "ALASLA-29"), Material.get(Material.code == "RAW-MIXED")
today = site.today()
rows = [
    RECEIVED.model(
        site=site.id, date=today - timedelta(days=number % 30), material=material.id, quantity=12,
        source="Old harbour" * 9, vehicle=f"JED-{{number}}", created_by="test",
    ).row()
    for number in range({ROWS})
]
with database.transaction():
    database.insert_rows("received", listing.columns(RECEIVED), rows)
    totals.rebuild(RECEIVED)
user = people.add_user("s@yard.test", "S", "gravel and sand", role=None, sites=[], is_admin=True, actor=SYSTEM)
_, secret = people.add_token(user, "stream", scope="read", sites=[], expires_in_days=None)
print(secret, today - timedelta(days=60), today)
"""


class Yard:
    """A running program with a long list, and how a script asks for it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.port = int(running.address.rsplit(":", 1)[1])
        told = subprocess.run(
            [sys.executable, "-c", FILL], env=running.environment, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr
        self.secret, start_day, end_day = told.stdout.split()
        self.days = f"startDate={start_day}&endDate={end_day}"

    def ask(self, accept: str, more: str = "") -> http.client.HTTPResponse:
        """The answer, of which the kernel takes little as long as nobody reads it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sock.settimeout(20)
        connection.sock.connect(("127.0.0.1", self.port))
        headers = {"Accept": accept, "Authorization": f"Bearer {self.secret}", "Connection": "close"}
        connection.request("GET", f"/api/received?{self.days}{more}", headers=headers)
        return connection.getresponse()

    def execute(self, sql: str) -> None:
        """Run a statement beside the program, as long as nothing it holds open stands against it."""
        settings = config.load(self.running.environment)
        if settings.database_url.startswith("sqlite"):
            with sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), timeout=5) as book:
                book.execute(sql)
            book.close()
            return
        import psycopg

        with psycopg.connect(settings.database_url, autocommit=True) as server:
            server.execute("SET lock_timeout = '5s'")
            server.execute(sql)


@pytest.fixture
def yard(start: Start) -> Yard:
    limits = {"DESKOPS_REQUESTS_PER_MINUTE": "10000", "DESKOPS_REQUESTS_PER_SECOND": "10000"}
    few = {"DESKOPS_WEB_WORKERS": "1", "DESKOPS_WEB_THREADS": str(WEB_THREADS)}
    return Yard(start(DEMO="0", **limits, **few).ready())


def test_a_stream_is_whole_or_looks_broken_and_who_goes_away_holds_nothing(yard: Yard) -> None:
    whole = yard.ask("text/csv")
    assert whole.headers["Transfer-Encoding"] == "chunked"
    assert whole.headers["X-Total-Count"] == str(ROWS)
    assert whole.read().count(b"\r\n") == ROWS + 1

    broken = yard.ask("application/x-ndjson")
    got = broken.read(1000)
    # With a read still open, PostgreSQL would not let the table be moved.
    yard.execute("ALTER TABLE received RENAME TO received_away")
    with pytest.raises(http.client.IncompleteRead) as incomplete:
        broken.read()
    assert 0 < (got + incomplete.value.partial).count(b"\n") < ROWS
    line = f'"message": "a list broke off on its way", "request_id": "{broken.headers["X-Request-Id"]}"'
    yard.running.until(lambda: line in yard.running.text, seconds=10)
    yard.execute("ALTER TABLE received_away RENAME TO received")

    for _ in range(AWAY):
        going = yard.ask("text/csv")
        assert going.read(100)
        going.close()
    page = json.loads(yard.ask("application/json", "&pageSize=3").read())
    assert (len(page["data"]), page["meta"]["totalCount"]) == (3, ROWS)
    assert yard.ask("text/csv").read().count(b"\r\n") == ROWS + 1
