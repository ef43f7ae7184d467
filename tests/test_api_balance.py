"""The mass balance by the API: its keys and numbers, and the same rows as a file."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from deskops.accounts.models import Site
from deskops.modules import OPENINGS, SURVEYS
from deskops.modules.reference import Material
from deskops.records import service
from tests.api_contract import Api, Cast, bad_fields, data, refused
from tests.entries import MONDAY, TUESDAY
from tests.reference import table
from tests.samples import as_read

RUBBLE, STONE = "RAW-MIXED", "AGG-3/4"


@pytest.fixture
def two_days(api: Api, alpha: Site, cast: Cast) -> None:
    """100 t of rubble on Monday, 80 t of them crushed into 76.2 t of stone; on Tuesday 18 m³ of rubble are measured."""
    ann = cast("ann")

    def keep(module: Any, day: Any, **values: Any) -> None:
        sent = {"siteId": alpha.code, "date": day.isoformat(), **values}
        service.create(module, as_read(sent), ann)

    keep(OPENINGS, MONDAY, materialId=RUBBLE, quantity=100)
    script = api("ben")
    feed = {"materialId": RUBBLE, "quantity": 80}
    made = {
        "siteId": alpha.code,
        "date": MONDAY.isoformat(),
        "materialId": STONE,
        "quantity": 76.2,
        "feed": feed,
    }
    data(script.post("/api/production", made), 201)
    keep(SURVEYS, TUESDAY, materialId=RUBBLE, volume=10, density=1.6, errorPercent=5)


def ask(script: Any, site: Site, **further: Any) -> Any:
    days = {"startDate": MONDAY.isoformat(), "endDate": TUESDAY.isoformat()}
    return script.get("/api/balance", siteId=site.code, **days, **further)


FLOWLESS = {"received": 0, "production": 0, "dispatched": 0, "feed": 0, "adjustment": 0}
NO_ADJUSTMENTS = {"SURVEY": 0, "MOISTURE": 0, "LOSS": 0, "OPENING": 0}


@pytest.mark.usefixtures("two_days")
def test_the_balance_is_told_by_stream_and_in_total(api: Api, alpha: Site) -> None:
    """20 t should lie there and 16 t do, ± 0.8."""
    found = data(ask(api("vera"), alpha))
    stone, rubble = found.pop("streams")
    survey = rubble["closing"].pop("survey")
    assert survey.pop("id")
    assert survey == {"date": "2026-03-03", "tons": 16, "errorTons": 0.8, "rolled": 0}
    material = Material.get(Material.code == RUBBLE)
    assert rubble == {
        "materialId": material.id,
        "material": material.card(),
        "materialType": "MIXED_RUBBLE",
        "since": "2026-03-02",
        **FLOWLESS,
        "feed": 80,
        "in": 0,
        "out": 80,
        "openingStock": 100,
        "closingStock": 16,
        "changeOfStock": -84,
        "unexplained": 4,
        "band": 0.8,
        "verdict": "OUTSIDE",
        "adjustments": NO_ADJUSTMENTS,
        "opening": {"source": "BOOK", "book": 100, "survey": None},
        "closing": {"source": "SURVEY", "book": 20},
    }
    assert (stone["in"], stone["changeOfStock"], stone["unexplained"]) == (76.2, 76.2, 0)
    assert (stone["band"], stone["verdict"]) == (None, None)
    assert found == {
        "siteId": alpha.id,
        "siteCode": alpha.code,
        "site": alpha.card(),
        "startDate": "2026-03-02",
        "endDate": "2026-03-03",
        "since": "2026-03-02",
        "total": {
            **FLOWLESS,
            "production": 76.2,
            "in": 76.2,
            "feed": 80,
            "out": 80,
            "openingStock": 100,
            "closingStock": 92.2,
            "changeOfStock": -7.8,
            "unexplained": 4,
            "band": 0.8,
            "verdict": "OUTSIDE",
            "adjustments": NO_ADJUSTMENTS,
        },
        "yieldPercent": 95.25,
        "surveyedStreams": 0,
        "complete": False,
        "missingDays": ["2026-03-02", "2026-03-03"],
    }


@pytest.mark.usefixtures("two_days")
def test_the_rows_come_as_a_file_too(api: Api, alpha: Site) -> None:
    answer = ask(api("vera"), alpha)
    csv_answer = api("vera").open(
        "GET",
        f"/api/balance?siteId={alpha.code}&startDate={MONDAY}&endDate={TUESDAY}",
        headers={"Accept": "text/csv"},
    )
    assert csv_answer.mimetype == "text/csv"
    name = "filename=ALPHA-01-balance-2026-03-02-2026-03-03.csv"
    assert csv_answer.headers["Content-Disposition"] == f"attachment; {name}"
    rows = list(csv.DictReader(csv_answer.text.splitlines()))
    assert [row["material"] for row in rows] == ["AGG-3/4 3/4", "RAW-MIXED MIXED C&D DEBRIS", "TOTAL"]
    *streams, total = rows
    told = data(answer)
    for row, stream in zip(rows, [*told["streams"], told["total"]], strict=True):
        for key in ("in", "out", "openingStock", "closingStock", "changeOfStock", "unexplained"):
            assert float(row[key]) == stream[key], key
    assert (streams[1]["closingSource"], streams[1]["band"]) == ("SURVEY 2026-03-03", "0.800")
    assert (streams[0]["band"], total["verdict"]) == ("", "OUTSIDE")


def test_a_site_without_a_ledger_has_an_empty_balance(api: Api, alpha: Site) -> None:
    found = data(ask(api("vera"), alpha))
    assert (found["since"], found["streams"], found["complete"], found["yieldPercent"]) == (
        None,
        [],
        True,
        None,
    )
    assert found["total"]["unexplained"] == 0


def test_it_is_of_one_site_of_the_callers_and_its_days(api: Api, alpha: Site, beta: Site) -> None:
    ben = api("ben")
    missing = refused(ben.get("/api/balance"), 400, "MISSING_REQUIRED_PARAM")
    assert missing["missing"] == ["siteId", "startDate", "endDate"]
    refused(ask(ben, beta), 403, "FORBIDDEN")
    backwards = {"siteId": alpha.code, "startDate": TUESDAY.isoformat(), "endDate": MONDAY.isoformat()}
    refused(ben.get("/api/balance", **backwards), 400, "INVALID_DATE_RANGE")
    assert bad_fields(ask(ben, alpha, colour="red")) == {"colour"}


@pytest.mark.usefixtures("two_days")
def test_the_reference_names_every_key(api: Api, alpha: Site) -> None:
    found = data(ask(api("vera"), alpha))
    told = " ".join(row["key"] for row in table("| key | meaning |", "## Mass balance"))
    head = {"siteId", "siteCode", "site", "startDate", "endDate", "streams", "total"}
    figures = {"in", "out", "received", "production", "dispatched", "feed", "changeOfStock", "unexplained"}
    card = {"materialId", "material", "materialType"}
    keys = (found.keys() | found["streams"][0].keys()) - head - figures - card
    assert all(f"`{key}`" in told for key in keys), keys
