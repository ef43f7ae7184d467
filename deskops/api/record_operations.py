"""The six operations of each module's records, made from its declaration."""

from __future__ import annotations

from deskops.api import params, streaming
from deskops.api.operations import (
    SITE_DAYS_ERRORS,
    Answer,
    Body,
    Operation,
    Parameter,
    Section,
)
from deskops.api.record_shapes import changes_shape, list_parameters, new_shape, record_shape
from deskops.api.records import MOST_AT_ONCE, RecordRoutes
from deskops.api.shapes import (
    UUID_TEXT,
    WARNINGS,
    Shape,
    doubted,
    each,
    example,
    keyed,
    listed,
    one,
)
from deskops.errors import (
    DuplicateRecord,
    EditConflict,
    Forbidden,
    IdempotencyConflict,
    InvalidPageSize,
    InvalidSiteId,
    NotFound,
)
from deskops.modules import MODULES
from deskops.records.module import Module

RECORD_ID = Parameter("recordId", "The record", UUID_TEXT, required=True, place="path")
WRITE_ERRORS = (Forbidden, InvalidSiteId, DuplicateRecord)


def section(module: Module) -> Section:
    routes = RecordRoutes(module)
    return Section(
        module.title,
        f"The records of {module.name}. DELETE voids: nothing is ever gone.",
        (*collection(module, routes), *single(module, routes)),
    )


def collection(module: Module, routes: RecordRoutes) -> tuple[Operation, ...]:
    record, new = record_shape(module), new_shape(module)
    kind, path = module.title, f"/{module.name}"
    return (
        Operation(
            f"list{kind}",
            f"GET {path}",
            routes.read_list,
            f"Records of {module.name}, page by page or all at once",
            Answer(listed(record), headers=streaming.HEADERS, others=streaming.MIMETYPES),
            f"Newest first unless sorted otherwise; ties break by createdAt, then id. {streaming.MANUAL}",
            parameters=list_parameters(module),
            errors=(*SITE_DAYS_ERRORS, InvalidPageSize),
            tagged=True,
        ),
        Operation(
            f"create{kind}",
            f"POST {path}",
            routes.create,
            "Enter a record",
            Answer(doubted(record), 201, "Entered", headers=("Location", "ETag")),
            parameters=(params.IDEMPOTENCY_KEY,),
            body=new_body(module, new),
            errors=(*WRITE_ERRORS, IdempotencyConflict),
        ),
        Operation(
            f"createMany{kind}",
            f"POST {path}/bulk",
            routes.create_many,
            f"Enter up to {MOST_AT_ONCE:,} records, all or none",
            Answer(doubted(each(record), keyed(WARNINGS)), 201, "All entered, in the order sent"),
            "One transaction. Where any record is wrong, none is entered and `details.rows` says what is.",
            parameters=(params.IDEMPOTENCY_KEY,),
            body=bulk_body(module, new),
            errors=(*WRITE_ERRORS, IdempotencyConflict),
        ),
    )


def single(module: Module, routes: RecordRoutes) -> tuple[Operation, ...]:
    record = record_shape(module)
    kind, path = module.title, f"/{module.name}/<uuid:record_id>"
    return (
        Operation(
            f"read{kind}",
            f"GET {path}",
            routes.read,
            "One record",
            Answer(one(record), headers=("ETag",)),
            "The ETag begins with the record's version, for If-Match. A void record is 404 unless asked for.",
            parameters=(RECORD_ID, params.INCLUDE_VOID),
            errors=(Forbidden, NotFound),
        ),
        Operation(
            f"change{kind}",
            f"PATCH {path}",
            routes.correct,
            "Correct a record",
            Answer(doubted(record), headers=("ETag",)),
            "Only the keys that are sent change; the record is judged as a whole.",
            parameters=(RECORD_ID, params.IF_MATCH),
            body=Body(changes_shape(module), {"Another note": {"notes": "Weighed again"}}),
            errors=(*WRITE_ERRORS, NotFound, EditConflict),
        ),
        Operation(
            f"void{kind}",
            f"DELETE {path}",
            routes.void,
            "Void a record",
            Answer(status=204, description="Void: it stays, with who, when and why, and counts nowhere"),
            parameters=(RECORD_ID, params.REASON, params.IF_MATCH),
            errors=(NotFound, EditConflict),
        ),
    )


def new_body(module: Module, new: Shape) -> Body:
    """A new record: as a clerk would enter it, and with nothing but what it must have."""
    usual = {field.key for field in module.schema.fields if field.key not in module.seldom}
    required = {field.key for field in module.schema.fields if field.required}
    return Body(
        new,
        {"A usual entry": written(new, usual), "Only what is required": written(new, required)},
    )


def bulk_body(module: Module, new: Shape) -> Body:
    required = {field.key for field in module.schema.fields if field.required}
    days = ("2026-01-16", "2026-01-17")
    records = Shape(f"{new.name}List", {"records": each(new, minItems=1, maxItems=MOST_AT_ONCE)})
    return Body(records, {"Two days": {"records": [{**written(new, required), "date": day} for day in days]}})


def written(new: Shape, keys: set[str]) -> dict[str, object]:
    """The example values of these keys."""
    return {key: example(value) for key, value in new.properties.items() if key in keys}


SECTIONS = tuple(section(module) for module in MODULES.values())
