"""One filter, one figure: the board, the table, the API's list and the exported file say the same tons."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from deskops import background, config
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.exports import jobs
from deskops.modules import RECEIVED
from deskops.records import service
from tests.api_contract import data
from tests.clients import ApiClient, PageClient
from tests.samples import as_read, sample


def test_board_table_api_and_file_say_the_same(
    settings: config.Settings,
    alpha: Site,
    cast: Callable[[str], Actor],
    api: Callable[..., ApiClient],
    browse: Callable[..., PageClient],
) -> None:
    background.use(settings)
    ann = cast("ann")
    for number in range(60):
        material = ("RAW-MIXED", "RAW-ASPHALT")[number % 2]
        body = sample("received", alpha, quantity=10 + number / 1000, materialId=material)
        service.create(RECEIVED, as_read(body), ann)
    gone = service.create(RECEIVED, as_read(sample("received", alpha, quantity=500)), ann).record
    service.void(RECEIVED, gone.id, ann, reason="typed twice")
    tons = Decimal("601.770")
    assert tons == sum((Decimal(10) + Decimal(number) / 1000 for number in range(60)), Decimal(0))

    day = alpha.today().isoformat()
    assert tons_of_the_api(api("ann"), alpha, day) == tons
    assert tons_of_the_file(ann, alpha, day) == tons
    browser = browse("ann")
    assert "601.770" in browser.get("/received", siteId=alpha.code, period="today").text
    card = browser.get("/dashboard", siteId=alpha.code).text.split("Received materials today", 1)[1]
    assert re.search(r"[\d,.]+\.\d\d", card)[0] == "601.77"  # type: ignore[index]


def tons_of_the_api(script: ApiClient, site: Site, day: str) -> Decimal:
    """The sum over every page of the list, and the metric, which must agree."""
    query: dict[str, Any] = {"siteId": site.code, "startDate": day, "endDate": day, "pageSize": 25}
    found: list[Decimal] = []
    page = 1
    while rows := data(script.get("/api/received", **query, page=page)):
        found += [Decimal(str(row["quantity"])) for row in rows]
        page += 1
    metric = data(script.get("/api/metrics/received-today", siteId=site.code))["value"]
    assert Decimal(str(metric)) == sum(found)
    return sum(found, Decimal(0))


def tons_of_the_file(actor: Actor, site: Site, day: str) -> Decimal:
    asked = {"siteId": site.code, "module": "received", "dateFrom": day, "dateTo": day, "format": "csv"}
    job = jobs.create(actor, asked)
    jobs.run(job.id)
    with jobs.open_file(jobs.get(actor, job.id)).file as opened:
        rows = csv.DictReader(io.TextIOWrapper(opened, "utf-8", newline=""))
        return sum((Decimal(row["quantity"]) for row in rows), Decimal(0))
