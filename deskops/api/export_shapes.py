"""What an export's body may be: nested, with a list's filters, or flat."""

from __future__ import annotations

from deskops.api.operations import Body
from deskops.api.shapes import CODE, DAY, FLAG, TEXT, JsonSchema, Shape, described, each, nullable, one_of
from deskops.exports.request import GROUPED
from deskops.exports.sources import SOURCES
from deskops.exports.writers import WRITERS
from deskops.modules import MODULES
from deskops.records.query import CONTRACT_FILTERS

MODULE = one_of(*SOURCES)
FORMAT = described(one_of(*WRITERS), "What this server can make; what it could not is 503", "csv")
COLUMNS = described(
    nullable(each(described(TEXT, "", "date"))),
    "Record keys in the order wanted; empty or absent: all",
    ["date", "materialId", "quantity"],
)
SITES: JsonSchema = {
    "description": "Sites by id or code; absent: every site you may export from",
    "type": ["string", "array", "null"],
    "items": TEXT,
    "examples": CODE["examples"],
}
TEXTS: JsonSchema = {"type": ["string", "array", "null"], "items": TEXT, "examples": [[]]}
NOT_YET = {"type": "null", "description": "An export has the records, one row each: leave this out"}
GROUPING = dict.fromkeys(GROUPED, NOT_YET)

RANGE = Shape("ExportDays", {"start": DAY, "end": described(DAY, "", "2026-01-31")}, "Both days included")
FILTER_NAMES = sorted({*CONTRACT_FILTERS, *(name for module in MODULES.values() for name in module.filters)})
FILTERS = Shape(
    "ExportFilters",
    {
        "dateRange": RANGE,
        "siteId": SITES,
        "siteIds": SITES,
        "materialTypes": TEXTS,
        **dict.fromkeys(FILTER_NAMES, TEXTS),
        "includeVoid": nullable(FLAG),
        "sortBy": nullable(described(TEXT, "A column that the list can be sorted by", "date")),
        "sortOrder": nullable(one_of("asc", "desc")),
    },
    "The filters of the module's list",
    optional=("siteId", "siteIds", "materialTypes", *FILTER_NAMES, "includeVoid", "sortBy", "sortOrder"),
)
NESTED = Shape(
    "NewExport",
    {"format": FORMAT, "module": MODULE, "filters": FILTERS, "columns": COLUMNS, **GROUPING},
    optional=("columns", *GROUPED),
)
FLAT = Shape(
    "NewFlatExport",
    {
        "format": FORMAT,
        "module": MODULE,
        "siteId": SITES,
        "dateFrom": DAY,
        "dateTo": described(DAY, "", "2026-01-31"),
        "columns": COLUMNS,
        **GROUPING,
    },
    optional=("siteId", "columns", *GROUPED),
)
BODY = Body(
    {"anyOf": [NESTED, FLAT]},
    {
        "A month of one site": {
            "format": "csv",
            "module": "received",
            "filters": {"siteId": "ALASLA-29", "dateRange": {"start": "2026-01-01", "end": "2026-01-31"}},
            "columns": ["date", "vehicleId", "materialId", "quantity"],
        },
        "The same, flat": {
            "format": "xlsx",
            "module": "received",
            "siteId": "ALASLA-29",
            "dateFrom": "2026-01-01",
            "dateTo": "2026-01-31",
        },
    },
)
