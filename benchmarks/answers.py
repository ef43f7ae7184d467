"""Answers over HTTP: CPU of each request and its time at four connections, ours beside a bare answer and two peers."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from benchmarks import table
from benchmarks.asked import CHARTS, EMPTY_SITE, METRICS, MONTH, SPANS, YEARS, deep_page, free_keys, path
from benchmarks.load import CONNECTIONS, Generator
from benchmarks.servers import Server

CREATES_A_ROUND = 2_000
CREATES = 8 * CREATES_A_ROUND
BARE, BEHIND = "bare answer", "bare answer behind sign-in and limiter"
MONTH_LIST, YEARS_LIST = "list, first page, 30 days", "list, first page, 3 years"
CURSOR, DEEP_PAGE, ONE, CREATE = "list, a cursor deep in 3 years", "list, a deep page", "one record", "create"
DASHBOARD = "dashboard metrics"


@dataclass
class Measured:
    """What is asked of one server, and what it took in each round. `supply` holds requests that are sent once."""

    what: str
    server: Server
    requests: list[str]
    supply: list[str] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def measure(self, generator: Generator, seconds: float) -> None:
        once = not self.requests
        before = self.server.cpu_seconds()
        answered = generator.ask(
            self.server, self.supply[:CREATES_A_ROUND] if once else self.requests, seconds, once=once
        )
        self.cpu.append((self.server.cpu_seconds() - before) / len(answered.milliseconds) * 1000)
        self.took += answered.milliseconds
        del self.supply[: answered.sent]

    @property
    def milliseconds_of_cpu(self) -> float:
        return table.median(self.cpu)


class Answers:
    """All that is measured over HTTP: {(what, server's name): measured}."""

    def __init__(self, servers: dict[str, Server], site: tuple[str, str]) -> None:
        self.servers = servers
        self.site_id, self.site = site
        self.found: dict[tuple[str, str], Measured] = {}
        self.add_ours()
        self.add_peers()

    def add(self, what: str, server: str, requests: list[str], supply: list[str] | None = None) -> None:
        self.found[what, server] = Measured(what, self.servers[server], requests, supply or [])

    def add_ours(self) -> None:
        ours = self.servers["ours"]
        asked = {BEHIND: "/api/bare", DASHBOARD: path("dashboard/metrics", self.site)}
        asked |= {MONTH_LIST: self.list_path(MONTH), YEARS_LIST: self.list_path(YEARS)}
        first = self.read(ours, self.list_path(YEARS))
        number = deep_page(first["meta"]["totalCount"])
        asked[DEEP_PAGE] = self.list_path(YEARS, page=number)
        deep = self.read(ours, asked[DEEP_PAGE])
        asked[CURSOR] = f"{self.list_path(YEARS)}&cursor={quote(deep['meta']['nextCursor'])}"
        self.record, self.deep = first["data"][0]["id"], number
        asked[ONE] = f"/api/production/{self.record}"
        asked |= {f"metric {name}": path(f"metrics/{name}", self.site) for name in METRICS}
        for name, route in CHARTS.items():
            asked |= {f"chart {name}, {span}": path(route, self.site, days) for span, days in SPANS.items()}
        for what, address in asked.items():
            self.add(what, "ours", [ours.request(address)])
        bodies = (
            json.dumps(key | {"siteId": EMPTY_SITE, "quantity": 12.345})
            for key in islice(free_keys(0), CREATES)
        )
        self.add(CREATE, "ours", [], [ours.request("/api/production", "POST", body) for body in bodies])

    def list_path(self, days: Any, **more: object) -> str:
        return path("production", self.site, days, **more)

    def add_peers(self) -> None:
        self.add(BARE, "bare", [self.servers["bare"].request("/bare")])
        drf, datasette = self.servers["DRF"], self.servers["Datasette"]
        for what, days in ((MONTH_LIST, MONTH), (YEARS_LIST, YEARS)):
            listed = f"/production?siteId={self.site_id}&startDate={days[0]}&endDate={days[1]}"
            self.add(what, "DRF", [drf.request(listed)])
            within = f"site_id={self.site_id}&date__gte={days[0]}&date__lte={days[1]}&voided_at__isnull=1"
            shown = f"/deskops/production.json?_size=25&_sort_desc=date&{within}"
            self.add(what, "Datasette", [datasette.request(shown)])
        self.add(DEEP_PAGE, "DRF", [drf.request(f"{listed}&page={self.deep}")])
        self.add(ONE, "DRF", [drf.request(f"/production/{self.record}")])
        self.add(ONE, "Datasette", [datasette.request(f"/deskops/production/{self.record}.json")])
        self.add(CREATE, "DRF", [], [drf.request("/production", "POST", body) for body in self.drf_bodies()])

    def drf_bodies(self) -> list[str]:
        empty_site = next(
            site["id"]
            for site in self.read(self.servers["ours"], "/api/sites")["data"]
            if site["code"] == EMPTY_SITE
        )
        moment = "2026-01-01T06:00:00"
        beside = {"site_id": empty_site, "quantity": 12_345, "created_by": "drf", "salt": "0" * 16}
        beside |= {"created_at": moment, "updated_at": moment}
        found = []
        for key in islice(free_keys(1), CREATES):
            named = {"material_id" if name == "materialId" else name: value for name, value in key.items()}
            # DRF refuses an empty text, and leaves an absent shift as the model has it.
            found.append(
                json.dumps(
                    {name: value for name, value in named.items() if value} | beside | {"id": str(uuid4())}
                )
            )
        return found

    def read(self, server: Server, address: str) -> Any:
        """One answer, read."""
        asking = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        name, _, value = server.head.strip().partition(": ")
        asking.request("GET", address, headers={name: value})
        answer = asking.getresponse()
        read = answer.read()
        asking.close()
        if answer.status != 200:
            raise SystemExit(f"{address}: {answer.status} {read[:300]!r}")
        return json.loads(read)

    def measure(self, generator: Generator, rounds: int, seconds: float) -> None:
        for measured in self.found.values():
            measured.measure(generator, 0.1)
            measured.cpu.clear()
            measured.took.clear()
        for _ in range(rounds):
            for measured in self.found.values():
                measured.measure(generator, seconds)

    def cpu(self, what: str, server: str = "ours") -> float:
        return self.found[what, server].milliseconds_of_cpu

    def told(self) -> None:
        """Every comparison of CPU, then the times."""
        table.head("CPU of a request")
        self.tell_lists()
        behind = self.cpu(BEHIND)
        table.line(BEHIND, behind, self.cpu(BARE, "bare"), "bare Flask")
        for name in METRICS:
            table.line(f"metric {name}", self.cpu(f"metric {name}"), behind, "bare behind", most=4)
        others = [DASHBOARD, *(f"chart {name}, {span}" for name in CHARTS for span in SPANS)]
        for what in others:
            table.line(what, self.cpu(what), behind, "bare behind")
        self.tell_times()

    def tell_lists(self) -> None:
        for what, most in ((MONTH_LIST, 1 / 3), (YEARS_LIST, 1 / 12)):
            table.line(what, self.cpu(what), self.cpu(BARE, "bare"), "bare Flask")
            table.line(what, self.cpu(what), self.cpu(what, "DRF"), "DRF", most=most)
            table.line(what, self.cpu(what), self.cpu(what, "Datasette"), "Datasette")
        table.line(CURSOR, self.cpu(CURSOR), self.cpu(YEARS_LIST), "first page", most=1.3)
        table.line(f"list, page {self.deep:,}", self.cpu(DEEP_PAGE), self.cpu(YEARS_LIST), "first page")
        table.line(f"list, page {self.deep:,}", self.cpu(DEEP_PAGE), self.cpu(DEEP_PAGE, "DRF"), "DRF")
        for what, peer in ((ONE, "DRF"), (ONE, "Datasette"), (CREATE, "DRF")):
            table.line(what, self.cpu(what), self.cpu(what, peer), peer)

    def tell_times(self) -> None:
        table.head(f"Time of an answer at {CONNECTIONS} connections")
        for (what, server), measured in self.found.items():
            p50, p99 = table.percentile(measured.took, 0.5), table.percentile(measured.took, 0.99)
            name = what if server in ("ours", "bare") else f"{server}: {what}"
            table.line(f"{name}: p99", p99, p50, "p50", most=3 if server == "ours" else None)
