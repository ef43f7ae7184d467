"""Lists and charts of books of every size, each view called in this process: what a hundred times the records cost,
and what the same sums over the records themselves would.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import orjson
from flask import Flask

from benchmarks import table
from benchmarks.asked import CHARTS, MONTH, SPANS, YEARS, deep_page, path
from benchmarks.books import new_token, open_book
from benchmarks.filling import main_site
from benchmarks.writes import raw_connection
from deskops import book, database
from deskops.app import create_app
from deskops.face import identity

COUNTED = "site_id = ? AND date BETWEEN ? AND ? AND voided_at IS NULL AND status <> 'CANCELLED'"
PAGE_GROWTH, CHART_GROWTH, CHART_TO_SUMS = 1.4, 1.5, 1 / 15
FEWEST_SECONDS = 0.1


def sums(records: str, asked: str, by: str = "date") -> str:
    return f"SELECT {by}, {asked} FROM {records} WHERE {COUNTED} GROUP BY {by} ORDER BY {by}"


TONS = "COUNT(*), SUM(quantity)"
HOURS = "SUM(run_hours), SUM(idle_hours), SUM(downtime_hours)"
RECYCLED = (
    f"{TONS}, SUM(CASE WHEN material_id IN (SELECT id FROM material WHERE is_recyclable) THEN quantity END)"
)
# The sums over the records that each chart would else be drawn from.
DIRECT: dict[str, tuple[str, ...]] = {
    "flow-trend": (sums("received", TONS), sums("dispatch", TONS)),
    "production-vs-target": (sums("production", TONS),),
    "recycling-rate": (sums("received", RECYCLED),),
    "manpower-attendance": (
        sums("manpower", "SUM(present_count), SUM(absent_count), SUM(total_hours)", "date, shift, role_id"),
    ),
    "equipment-utilization": (sums("equipment_log", HOURS),),
    "equipment-utilization, composition": (sums("equipment_log", HOURS, "equipment_id"),),
}


class Views:
    """One book's views, called without a server, as its administrator."""

    def __init__(self, home: Path) -> None:
        settings = open_book(home)
        self.headers = {"Authorization": f"Bearer {new_token()}"}
        self.site = main_site()
        book.close()
        self.app: Flask = create_app(settings)
        database.open_connection()

    def milliseconds(self, address: str) -> float:
        """CPU of the view alone, with its JSON: the caller is known, nothing is limited or sent."""
        return milliseconds_of(lambda: self.seconds_once(address))

    def seconds_once(self, address: str) -> float:
        with self.app.test_request_context(address, headers=self.headers):
            identity.actor()
            began = time.process_time()
            answer = self.app.ensure_sync(self.app.dispatch_request)()
            spent = time.process_time() - began
            if self.app.make_response(answer).status_code != 200:
                raise SystemExit(f"{address}: {answer}")
        return spent

    def deep_cursor(self) -> str:
        """A cursor near the end of the three years' list."""
        number = 1
        for _ in range(2):
            with self.app.test_request_context(self.list_path(page=number), headers=self.headers):
                meta = orjson.loads(self.app.make_response(self.app.dispatch_request()).get_data())["meta"]
            number = deep_page(meta["totalCount"])
        return quote(meta["nextCursor"])

    def list_path(self, **more: object) -> str:
        return path("production", self.site.code, YEARS, **more)


def milliseconds_of(call: Callable[[], float]) -> float:
    """The mean of some calls that each answer their seconds: at least three, for long enough to be told from noise."""
    calls, spent = 0, 0.0
    while calls < 3 or spent < FEWEST_SECONDS:
        spent += call()
        calls += 1
    return spent / calls * 1000


def addresses(views: Views) -> dict[str, str]:
    """What is asked of each book."""
    site = views.site.code
    found = {
        "list, first page, 30 days": path("production", site, MONTH),
        "list, first page, 3 years": views.list_path(),
        "list, a cursor deep in 3 years": f"{views.list_path()}&cursor={views.deep_cursor()}",
        "list, one material, 3 years": views.list_path(materialType="RAW-MIXED"),
    }
    for name, route in CHARTS.items():
        found |= {f"chart {name}, {span}": path(route, site, days) for span, days in SPANS.items()}
    return found


def direct_milliseconds(home: Path, site_id: str) -> dict[str, float]:
    """{chart and span: CPU of its sums over the records}."""
    connection = raw_connection(home)

    def once(statement: str, days: tuple[object, object]) -> float:
        began = time.process_time()
        connection.execute(statement, (site_id, str(days[0]), str(days[1]))).fetchall()
        return time.process_time() - began

    found: dict[str, float] = {}
    for name, statements in DIRECT.items():
        for span, days in SPANS.items():
            each = [milliseconds_of(partial(once, statement, days)) for statement in statements]
            found[f"chart {name}, {span}"] = sum(each)
    connection.close()
    return found


class Growth:
    """Figures of each book: {what: {size: milliseconds of each round}}."""

    def __init__(self, homes: dict[int, Path]) -> None:
        self.homes = homes
        self.views: dict[str, dict[int, list[float]]] = {}
        self.direct: dict[str, dict[int, list[float]]] = {}

    def measure(self, rounds: int) -> None:
        for _ in range(rounds):
            for size, home in self.homes.items():
                views = Views(home)
                for what, address in addresses(views).items():
                    views.seconds_once(address)
                    self.views.setdefault(what, {}).setdefault(size, []).append(views.milliseconds(address))
                for what, spent in direct_milliseconds(home, views.site.id).items():
                    self.direct.setdefault(what, {}).setdefault(size, []).append(spent)
                book.close()

    def tell(self) -> None:
        small, middle, large = (self.median_of(size) for size in sorted(self.homes))
        sizes = sorted(self.homes)
        table.head(f"Lists from {sizes[0]:,} to {sizes[2]:,} records")
        for what in self.views:
            if what.startswith("list"):
                table.line(what, large(self.views, what), small(self.views, what), "small", most=PAGE_GROWTH)
        table.head(f"Charts from {sizes[1]:,} to {sizes[2]:,} records")
        for what in self.direct:
            table.line(what, large(self.views, what), middle(self.views, what), "middle", most=CHART_GROWTH)
        table.head(f"Charts beside direct sums over {sizes[2]:,} records")
        for what in self.direct:
            most = CHART_TO_SUMS if what.endswith("3 years") else None
            table.line(what, large(self.views, what), large(self.direct, what), "SUM", most=most)

    def median_of(self, size: int) -> Callable[[dict[str, dict[int, list[float]]], str], float]:
        return lambda figures, what: table.median(figures[what][size])


def main(homes: dict[int, Path], *, rounds: int = 5) -> None:
    growth = Growth(homes)
    growth.measure(rounds)
    growth.tell()
