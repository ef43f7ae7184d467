"""Fifty people enter a record a second for a minute, half by forms, half by the API: none lost, none doubled."""

from __future__ import annotations

import http.client
import json
import re
import statistics
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from deskops import book, config, database
from deskops.accounts import people
from deskops.accounts.actor import SYSTEM
from deskops.accounts.models import Site, User
from deskops.modules import RECEIVED
from deskops.records import totals
from tests.test_up import Running, Start, start

__all__ = ["start"]

PEOPLE = 50
SECONDS = 60
PACE = 1.0
PASSWORD = "gravel and sand"


@dataclass
class Clerk:
    """One person at a keyboard, or one script: what they sent, and how long each answer took."""

    number: int
    port: int
    secret: str
    cookie: str = ""
    csrf: str = ""
    keys: list[str] = field(default_factory=list)
    kilograms: int = 0
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named | ({"Cookie": self.cookie} if self.cookie else {}))
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                self.cookie = cookie.split(";", 1)[0]
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self) -> None:
        self.read_csrf("/signin")
        form = {"email": f"clerk{self.number}@yard.test", "password": PASSWORD, "csrf_token": self.csrf}
        status, text = self.ask("POST", "/signin", urllib.parse.urlencode(form), Content_Type=FORM)
        assert status in (302, 303), text
        self.read_csrf("/received")

    def read_csrf(self, path: str) -> None:
        _, text = self.ask("GET", path)
        found = re.search(r'<meta name="csrf-token" content="([^"]+)"', text)
        assert found, text[:500]
        self.csrf = found[1]

    def enter(self, site: str, day: str) -> None:
        key = f"{self.number}-{len(self.keys)}"
        kilograms = 10_000 + self.number * 101 + len(self.keys)
        values = {"siteId": site, "date": day, "materialId": "RAW-MIXED", "source": "Load test"}
        started = time.perf_counter()
        if self.cookie:
            form = values | {"quantity": f"{kilograms / 1000:.3f}", "clientKey": key, "csrf_token": self.csrf}
            status, text = self.ask(
                "POST", "/received", urllib.parse.urlencode(form), Content_Type=FORM, HX_Request="true"
            )
        else:
            sent = json.dumps(values | {"quantity": kilograms / 1000})
            bearer = f"Bearer {self.secret}"
            status, text = self.ask(
                "POST", "/api/received", sent, Content_Type=JSON, Authorization=bearer, Idempotency_Key=key
            )
        self.seconds.append(time.perf_counter() - started)
        if status not in (201, 204):
            self.refused.append(f"{status} {text[:200]}")
            return
        self.keys.append(key)
        self.kilograms += kilograms

    def work(self, site: str, day: str, until: float) -> None:
        while time.monotonic() < until:
            begun = time.monotonic()
            self.enter(site, day)
            time.sleep(max(0.0, PACE - 0.02 - (time.monotonic() - begun)))


FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def hire(running: Running, tmp_path: Path) -> tuple[list[Clerk], Site]:
    """Fifty clerks of one site, every second one with a browser."""
    settings = config.load(running.environment)
    book.connect(settings)
    site = Site.get(Site.code == "ALASLA-29")
    port = int(running.address.rsplit(":", 1)[1])
    clerks = []
    for number in range(PEOPLE):
        user = people.add_user(
            f"clerk{number}@yard.test",
            f"Clerk {number}",
            PASSWORD,
            role="OPERATOR",
            sites=[site],
            is_admin=False,
            actor=SYSTEM,
        )
        _, secret = people.add_token(user, "load", scope="write", sites=[], expires_in_days=None)
        clerks.append(Clerk(number, port, secret))
    for clerk in clerks[::2]:
        clerk.sign_in()
    return clerks, site


def test_fifty_people_at_once_lose_and_double_nothing(start: Start, tmp_path: Path) -> None:
    running = start(DEMO="0").ready()
    clerks, site = hire(running, tmp_path)
    until = time.monotonic() + SECONDS
    day = site.today().isoformat()
    at_work = [threading.Thread(target=clerk.work, args=(site.code, day, until)) for clerk in clerks]
    for thread in at_work:
        thread.start()
    for thread in at_work:
        thread.join()
    seconds = sorted(value for clerk in clerks for value in clerk.seconds)
    entered = sum(len(clerk.keys) for clerk in clerks)
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(f"\n{entered} records by {PEOPLE} people in {SECONDS} s")
    print(
        f"p50 {statistics.median(seconds) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, worst {seconds[-1] * 1000:.0f} ms"
    )
    assert [line for clerk in clerks for line in clerk.refused] == []
    assert min(len(clerk.keys) for clerk in clerks) >= SECONDS * 0.9
    stored = database.rows("SELECT COUNT(*), COUNT(DISTINCT client_key), SUM(quantity) FROM received")[0]
    assert tuple(map(int, stored)) == (entered, entered, sum(clerk.kilograms for clerk in clerks))
    assert totals.verify(RECEIVED) == []
    (total,) = totals.by_day(RECEIVED, site.id, site.today(), site.today(), ["quantity"])
    tons = Decimal(sum(clerk.kilograms for clerk in clerks)).scaleb(-3)
    assert (total.records, total.sums) == (entered, (tons,))
    assert "database is locked" not in running.text
    assert User.select().count() == PEOPLE
