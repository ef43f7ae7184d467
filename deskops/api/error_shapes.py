"""What refusals look like: their envelope, and everything that their details may hold."""

from __future__ import annotations

from collections.abc import Mapping

from deskops.api.operations import ErrorType
from deskops.api.shapes import (
    COUNT,
    DAY,
    ID,
    MOMENT,
    TEXT,
    TONS,
    JsonSchema,
    Shape,
    described,
    each,
    keyed,
    nullable,
)

FIELDS = keyed(each(TEXT))
REQUEST_ID = described(TEXT, "The request, as the server's log names it", "5f0c6a1e9b7d4c32")
# What the details of each code hold beside the request, each key where it says something.
DETAILS: Mapping[str, Mapping[str, JsonSchema]] = {
    "INVALID_DATE_RANGE": {
        "startDate": described(TEXT, "The start as it was read", "2026-02-01"),
        "endDate": described(TEXT, "The end as it was read", "2026-01-01"),
    },
    "MISSING_REQUIRED_PARAM": {
        "param": described(TEXT, "The first that is missing", "startDate"),
        "missing": described(each(TEXT), "All that are missing", ["startDate", "endDate"]),
    },
    "INVALID_SITE_ID": {"siteId": described(TEXT, "The name that no site has", "NOWHERE-99")},
    "INVALID_PAGE_SIZE": {"pageSize": described(TEXT, "The size as it was sent", "500")},
    "VALIDATION_ERROR": {
        "fields": described(
            FIELDS, "{field: [messages]}, every bad field at once", {"quantity": ["Must be at least 0.001"]}
        ),
        "rows": described(
            keyed(FIELDS),
            "Of a bulk body: {index: {field: [messages]}}",
            {"1": {"date": ["This field is required"]}},
        ),
    },
    "DUPLICATE_RECORD": {
        "key": described(keyed(nullable(TEXT)), "The unique key that is taken", {"date": "2026-01-15"}),
        "id": described(ID, "The record that holds it"),
        "row": described(COUNT, "Which record of a bulk body is meant, from 0", 1),
    },
    "DAY_CLOSED": {
        "closedThrough": described(DAY, "The newest closed day of the site", "2026-01-20"),
        "date": described(DAY, "The day that was written to"),
        "row": described(COUNT, "Which record of a bulk body is meant, from 0", 1),
    },
    "DAY_BLOCKED": {
        "blockers": described(
            each({"type": "object"}),
            "What stands against it, each by its `kind` and what cures it",
            [{"kind": "MISSING_INPUT", "module": "dispatch", "date": "2026-01-15"}],
        ),
    },
    "INSUFFICIENT_STOCK": {
        "materialId": described(ID, "The material that would be missing"),
        "materialCode": described(TEXT, "Its code", "AGG-3/4"),
        "date": described(DAY, "The first day on which it would"),
        "missing": described(TONS, "How much would be missing then"),
        "row": described(COUNT, "Which record of a bulk body is meant, from 0", 1),
    },
    "EDIT_CONFLICT": {"current": {"type": "object", "description": "The record as it stands"}},
    "IDEMPOTENCY_CONFLICT": {"id": described(ID, "The record made with the key, where it is void")},
    "RATE_LIMIT_EXCEEDED": {
        "retryAfter": described(COUNT, "Seconds until another request will be taken", 12),
        "limit": described(COUNT, "The most exports under way at a time", 5),
    },
    "EXPORT_NOT_READY": {
        "status": described(TEXT, "How far the export is", "processing"),
        "progress": described(COUNT, "Percent", 40),
    },
    "FORMAT_UNAVAILABLE": {"format": described(TEXT, "The format that is not there", "pdf")},
}


def error_shape(error: ErrorType) -> Shape:
    """The body of a refusal with this code."""
    known = DETAILS.get(error.code, {})
    name = "".join(word.capitalize() for word in error.code.split("_")).removesuffix("Error")
    details = Shape("", {"requestId": REQUEST_ID, **known}, optional=tuple(known))
    told = {
        "code": {"const": error.code},
        "message": described(TEXT, "What is wrong, for a person", error.message.text),
        "details": details.schema(),
    }
    return Shape(f"{name}Error", {"error": Shape("", told).schema(), "timestamp": MOMENT})
