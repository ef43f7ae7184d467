"""What is done with the records of each module: its operations, made from its declaration."""

from __future__ import annotations

from deskops.api import params, streaming
from deskops.api.operations import (
    SITE_DAYS_ERRORS,
    Answer,
    Body,
    ErrorType,
    Operation,
    Parameter,
    Section,
)
from deskops.api.record_shapes import changes_shape, kind_of, list_parameters, new_shape, record_shape
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
    DayClosed,
    DuplicateRecord,
    EditConflict,
    Forbidden,
    IdempotencyConflict,
    InsufficientStock,
    InvalidPageSize,
    InvalidSiteId,
    NotFound,
)
from deskops.ledger.chain import DIRECTION
from deskops.modules import MODULES, OPENINGS, SURVEYS
from deskops.records.module import Module
from deskops.schema import kinds

RECORD_ID = Parameter("recordId", "The record", UUID_TEXT, required=True, place="path")
WRITE_ERRORS = (Forbidden, InvalidSiteId, DuplicateRecord)


def section(routes: RecordRoutes, description: str, *operations: Operation) -> Section:
    """What is done with the records of a module; these `operations` of its own in place of the usual list."""
    module = routes.module
    return Section(module.title, description, (*(operations or collection(routes)), *single(routes)))


def ledger_errors(module: Module) -> tuple[ErrorType, ...]:
    """What the ledger may have against a write: of days that are closed, of tons that are not there."""
    closed = () if module is SURVEYS else (DayClosed,)
    return (*closed, InsufficientStock) if module in DIRECTION or module is OPENINGS else closed


def collection(routes: RecordRoutes) -> tuple[Operation, ...]:
    return (list_of(routes), creation(routes), bulk_creation(routes))


def list_of(routes: RecordRoutes) -> Operation:
    module = routes.module
    return Operation(
        f"list{kind_of(module)}",
        f"GET {routes.path}",
        routes.read_list,
        f"Records of {module.name}, page by page or all at once",
        Answer(listed(record_shape(module)), headers=streaming.HEADERS, others=streaming.MIMETYPES),
        f"Newest first unless sorted otherwise; ties break by createdAt, then id. {streaming.MANUAL}",
        parameters=list_parameters(module, days_required=routes.days_required),
        errors=(*SITE_DAYS_ERRORS, InvalidPageSize),
        tagged=True,
    )


def creation(routes: RecordRoutes) -> Operation:
    module = routes.module
    return Operation(
        f"create{kind_of(module)}",
        f"POST {routes.path}",
        routes.create,
        "Enter a record",
        Answer(doubted(record_shape(module)), 201, "Entered", headers=("Location", "ETag")),
        parameters=(params.IDEMPOTENCY_KEY,),
        body=new_body(module, new_shape(module)),
        errors=(*WRITE_ERRORS, *ledger_errors(module), IdempotencyConflict),
    )


def bulk_creation(routes: RecordRoutes) -> Operation:
    module = routes.module
    return Operation(
        f"createMany{kind_of(module)}",
        f"POST {routes.path}/bulk",
        routes.create_many,
        f"Enter up to {MOST_AT_ONCE:,} records, all or none",
        Answer(doubted(each(record_shape(module)), keyed(WARNINGS)), 201, "All entered, in the order sent"),
        "One transaction. Where any record is wrong, none is entered and `details.rows` says what is.",
        parameters=(params.IDEMPOTENCY_KEY,),
        body=bulk_body(module, new_shape(module)),
        errors=(*WRITE_ERRORS, *ledger_errors(module), IdempotencyConflict),
    )


def single(routes: RecordRoutes) -> tuple[Operation, ...]:
    module, kind = routes.module, kind_of(routes.module)
    record, path = record_shape(module), f"{routes.path}/<uuid:record_id>"
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
            body=Body(changes_shape(module), {"Another text": {last_text(module): "Weighed again"}}),
            errors=(*WRITE_ERRORS, *ledger_errors(module), NotFound, EditConflict),
        ),
        Operation(
            f"void{kind}",
            f"DELETE {path}",
            routes.void,
            "Void a record",
            Answer(status=204, description="Void: it stays, with who, when and why, and counts nowhere"),
            parameters=(RECORD_ID, params.REASON, params.IF_MATCH),
            errors=(*ledger_errors(module), NotFound, EditConflict),
        ),
    )


def last_text(module: Module) -> str:
    """The key of a record's remarks."""
    return [field.key for field in module.schema.fields if field.kind is kinds.LONG_TEXT][-1]


def new_body(module: Module, new: Shape) -> Body:
    """A new record: as a clerk would enter it, and with nothing but what it must have."""
    usual = {field.key for field in module.schema.fields if field.key not in module.seldom}
    required = {field.key for field in module.schema.fields if field.required}
    if all(field.column.null for field in module.measures):
        # Each number may be left out, but not all of them.
        required.add(module.measures[0].key)
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


SECTIONS = tuple(
    section(
        RecordRoutes(module, f"/{module.name}"),
        f"The records of {module.name}. DELETE voids: nothing is ever gone.",
    )
    for module in MODULES.values()
)
