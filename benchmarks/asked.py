"""What is asked of the API in these measurements: one site, thirty days and three years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from urllib.parse import urlencode

from benchmarks.filling import FIRST_DAY, LAST_DAY
from deskops.modules import PRODUCTION
from deskops.records import totals

MONTH = (FIRST_DAY + timedelta(days=500), FIRST_DAY + timedelta(days=529))
YEARS = (FIRST_DAY, LAST_DAY)
SPANS = {"30 days": MONTH, "3 years": YEARS}
METRICS = ("production-today", "received-today", "dispatched-today", "inventory-current")
CHARTS = {
    "flow-trend": "charts/flow-trend",
    "production-vs-target": "charts/production-vs-target",
    "recycling-rate": "charts/recycling-rate",
    "manpower-attendance": "charts/manpower-attendance",
    "equipment-utilization": "charts/equipment-utilization",
    "equipment-utilization, composition": "charts/equipment-utilization?view=composition",
    "inventory-levels": "charts/inventory-levels",
    "inventory-levels, by material": "charts/inventory-levels?groupBy=material",
}
DEEP = 0.95
PAGE_SIZE = 25
# The site that the filled books leave empty: creates find their unique keys free there.
EMPTY_SITE = "DAHBAN-33"
DAYS_BACK = 3_000


def path(route: str, site: str, days: tuple[date, date] | None = None, **more: object) -> str:
    """The path under /api of a question about a site and its days."""
    query: dict[str, object] = {"siteId": site}
    if days:
        query |= {"startDate": days[0], "endDate": days[1]}
    return f"/api/{route}{'&' if '?' in route else '?'}{urlencode(query | more)}"


def deep_page(count: int) -> int:
    """The number of a page near the end of a list so long: 9,500 of 250,000 records."""
    return max(1, int(count * DEEP) // PAGE_SIZE)


def free_keys(parity: int) -> Iterator[dict[str, str]]:
    """Production records that nobody has entered, day after day into the past; of every second day."""
    fields = PRODUCTION.schema.by_name
    shifts, materials, operations = (
        totals.values_of(fields[name]) for name in ("shift", "material", "operation")
    )
    for back in range(parity, DAYS_BACK, 2):
        day = (LAST_DAY - timedelta(days=back)).isoformat()
        for shift, material, operation in product(shifts, materials, operations):
            yield {"date": day, "shift": shift, "materialId": material, "operation": operation}
