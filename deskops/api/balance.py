"""The mass balance of one site over some days."""

from __future__ import annotations

from typing import Any

from flask import Response

from deskops.api import envelope, params, streaming
from deskops.api.operations import SITE_DAYS_ERRORS, Answer, Operation, Section
from deskops.api.shapes import (
    CODE,
    COUNT,
    DAY,
    FLAG,
    ID,
    PERCENT,
    TEXT,
    TONS,
    JsonSchema,
    Shape,
    described,
    each,
    nullable,
    one,
    one_of,
)
from deskops.exports import balance as files
from deskops.face import identity
from deskops.insight.balance import (
    BOOK,
    OUTSIDE,
    SURVEY,
    WITHIN,
    Balance,
    Figures,
    Stock,
    Stream,
    crushing_yield,
    mass_balance,
)
from deskops.insight.masses import EXPLAINING
from deskops.modules.reference import MATERIAL_TYPES

CSV = streaming.MEDIA["text/csv"]


def read_balance() -> Response:
    """The balance as JSON, or its rows as CSV."""
    asked = params.site_days(identity.actor())
    found = mass_balance(asked.site, asked.start, asked.end)
    if streaming.medium_wanted() is not CSV:
        return envelope.one(balance_json(found))
    answer = Response(files.as_csv(found), content_type=CSV.mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=files.file_name(found, CSV.ending))
    return answer


def balance_json(found: Balance) -> dict[str, Any]:
    total = found.total
    return {
        "siteId": found.site.id,
        "siteCode": found.site.code,
        "site": found.site.card(),
        "startDate": found.start,
        "endDate": found.end,
        "since": found.since,
        "streams": [stream_json(stream) for stream in found.streams],
        "total": figures_json(total),
        "yieldPercent": crushing_yield(total.moved),
        "surveyedStreams": found.surveyed,
        "complete": not found.missing,
        "missingDays": found.missing,
    }


def stream_json(stream: Stream) -> dict[str, Any]:
    return {
        "materialId": stream.material.id,
        "material": stream.material.card(),
        "materialType": stream.material.material_type,
        "since": stream.since,
        **figures_json(stream.figures),
        "opening": stock_json(stream.opening),
        "closing": stock_json(stream.closing),
    }


def figures_json(figures: Figures) -> dict[str, Any]:
    moved = figures.moved
    return {
        "received": moved.received,
        "production": moved.production,
        "in": moved.into,
        "dispatched": moved.dispatched,
        "feed": moved.feed,
        "out": moved.out,
        "openingStock": figures.opening,
        "closingStock": figures.closing,
        "changeOfStock": figures.change,
        "unexplained": figures.unexplained,
        "band": figures.band,
        "verdict": figures.verdict,
        "adjustment": moved.adjustment,
        "adjustments": moved.adjusted,
    }


def stock_json(stock: Stock) -> dict[str, Any]:
    survey = stock.survey and {
        "id": stock.survey.id,
        "date": stock.survey.date,
        "tons": stock.survey.measured,
        "errorTons": stock.survey.error,
        "rolled": stock.survey.rolled,
    }
    return {"source": stock.source, "book": stock.book, "survey": survey}


ADJUSTMENTS = Shape("BalanceAdjustments", dict.fromkeys(EXPLAINING, TONS), "Signed tons, by kind")
FIGURES: dict[str, JsonSchema | Shape] = {
    "received": described(TONS, "", 100),
    "production": described(TONS, "", 0),
    "in": described(TONS, "received + production", 100),
    "dispatched": described(TONS, "", 0),
    "feed": described(TONS, "What the crusher consumed", 80),
    "out": described(TONS, "dispatched + feed", 80),
    "openingStock": described(TONS, "At the start: surveyed, else the book's", 99),
    "closingStock": described(TONS, "At the end: surveyed, else the book's", 112),
    "changeOfStock": described(TONS, "closingStock − openingStock", 13),
    "unexplained": described(TONS, "in − out − changeOfStock: over 0 tons are missing", 7),
    "band": described(
        nullable(TONS), "The surveys' errors together, either way; null where nothing was surveyed", 7.474
    ),
    "verdict": described(
        nullable(one_of(WITHIN, OUTSIDE)),
        "Whether the band can be the reason; null where nothing was surveyed",
        WITHIN,
    ),
    "adjustment": described(
        TONS, "What the book itself says of a difference; no flow, in no other figure", -2
    ),
    "adjustments": ADJUSTMENTS,
}
SURVEYED = Shape(
    "BalanceSurvey",
    {
        "id": ID,
        "date": DAY,
        "tons": described(TONS, "As measured", 99),
        "errorTons": described(TONS, "Its own error, either way", 4.95),
        "rolled": described(TONS, "The flows between the survey and the moment", 0),
    },
    "The survey that tells a stock; its tons and what was rolled are the stock",
)
STOCK = Shape(
    "BalanceStock",
    {
        "source": one_of(BOOK, SURVEY),
        "book": described(TONS, "What the book says, also where a survey tells the stock", 100),
        "survey": {"anyOf": [SURVEYED, {"type": "null"}]},
    },
    "Where a stock is known from",
)
STREAM = Shape(
    "BalanceStream",
    {
        "materialId": ID,
        "material": Shape("MaterialCard", dict.fromkeys(("code", "name", "category", "uom"), TEXT)),
        "materialType": one_of(*MATERIAL_TYPES),
        "since": described(DAY, "The first day of the period that the material's book has"),
        **FIGURES,
        "opening": STOCK,
        "closing": STOCK,
    },
    "One material",
)
BALANCE = Shape(
    "MassBalance",
    {
        "siteId": ID,
        "siteCode": CODE,
        "site": Shape("SiteCard", {"code": TEXT, "name": TEXT}),
        "startDate": DAY,
        "endDate": described(DAY, "", "2026-01-31"),
        "since": described(
            nullable(DAY), "The first day of the period that the ledger has; null without any"
        ),
        "streams": each(STREAM),
        "total": Shape("BalanceFigures", FIGURES),
        "yieldPercent": described(
            nullable(PERCENT),
            "production ÷ feed × 100; null where no feed was told, over 100 where not all of it was",
            95.25,
        ),
        "surveyedStreams": described(COUNT, "How many streams were surveyed at both ends", 1),
        "complete": described(FLAG, "Whether every day that owes inputs has them"),
        "missingDays": described(each(DAY), "Those that do not"),
    },
    "In − out − change of stock = unexplained",
)

SECTION = Section(
    "Mass balance",
    "Whether what came in, less what went out, lies on the ground.",
    (
        Operation(
            "readBalance",
            "GET /balance",
            read_balance,
            "In − out − change of stock = unexplained",
            Answer(one(BALANCE), headers=("Content-Disposition",), others=(CSV.mimetype,)),
            "Each material that has anything, and their total. A stock is the surveyed one where the material was "
            "measured within a few days of the moment, else the book's. With `Accept: text/csv` the same rows come "
            "as a file, the total last.",
            parameters=params.SITE_DAYS,
            errors=SITE_DAYS_ERRORS,
            tagged=True,
        ),
    ),
)
