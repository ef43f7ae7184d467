"""The shapes of a module's records and the parameters of its list, made from its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from deskops.api import params
from deskops.api.operations import Parameter
from deskops.api.shapes import (
    CLOCK_TIME,
    CODE,
    COUNT,
    DAY,
    HOURS,
    ID,
    IGNORED,
    LINE,
    MOMENT,
    PERCENT,
    TEXT,
    TONS,
    JsonSchema,
    Shape,
    described,
    each,
    nullable,
    one_of,
)
from deskops.modules.common import UOM
from deskops.modules.feed import FEED
from deskops.modules.reference import LOAD, TON, rows_to_seed
from deskops.records import column as columns
from deskops.records.column import CARD, Column
from deskops.records.module import Module
from deskops.records.query import CONTRACT_FILTERS, LONGEST_SEARCH
from deskops.schema import kinds
from deskops.schema.fields import AnyOf, Field, Filter, camel
from deskops.schema.kinds import Kind

VOLUME: JsonSchema = {"type": "number", "examples": [812.5]}
DENSITY: JsonSchema = {"type": "number", "examples": [1.6]}
FEED_SHAPE: JsonSchema = {
    "type": "object",
    "required": ["materialId", "quantity"],
    "properties": {"materialId": TEXT, "quantity": TONS},
    "additionalProperties": False,
    "examples": [{"materialId": "MAT016", "quantity": 14.2}],
}
# Of an optional key a null and a blank text both mean that nothing was sent.
BLANK = {"type": "string", "pattern": "^\\s*$"}
BY_KIND: Mapping[Kind, JsonSchema] = {
    kinds.TONS: TONS,
    kinds.HOURS: HOURS,
    kinds.PERCENT: PERCENT,
    kinds.COUNT: COUNT,
    kinds.VOLUME: VOLUME,
    kinds.DENSITY: DENSITY,
    FEED: nullable(FEED_SHAPE),
    kinds.DAY: DAY,
    kinds.MOMENT: MOMENT,
    kinds.CLOCK_TIME: CLOCK_TIME,
    kinds.TEXT: LINE,
    kinds.LONG_TEXT: LINE,
    kinds.LINES: each({**LINE, "minLength": 1, "maxLength": 100}, maxItems=10),
    kinds.REFERENCE: ID,
    columns.CODE: CODE,
}
EXAMPLES: Mapping[str, Any] = {
    "materialId": "AGG-3/4",
    "openings.quantity": 1250.5,
    "adjustments.quantity": -14.2,
    "adjustments.reason": "Spread on the haul road",
    "kind": "LOSS",
    "errorPercent": 5,
    "tons": 1300,
    "errorTons": 65,
    "tonsPerLoad": 18.5,
    "productionTons": 1200,
    "utilizationPercent": 80,
    "recyclingPercent": 75,
    "attendancePercent": 95,
    "stockLowTons": 100,
    "stockWarnTons": 500,
    "received.materialId": "RAW-CONCRETE",
    "materialType": "COARSE_AGGREGATE",
    "received.materialType": "CRUSHED_CONCRETE",
    "feedMaterialId": "RAW-MIXED",
    "feedQuantity": 14.2,
    "equipmentId": "CRUSHER-01",
    "equipmentType": "CRUSHING_SCREENING",
    "role": "LABORER",
    "siteId": "ALASLA-29",
    "vehicleId": "JED-1204",
    "source": "Old harbour",
    "destination": "Airport road",
    "owner": "Coast Concrete",
    "reference": "DR-001",
    "notes": "After the rain",
    "presentCount": 14,
    "absentCount": 2,
    "totalHours": 112,
    "runHours": 6.5,
    "idleHours": 1,
    "downtimeHours": 0.5,
    "downtimeReasons": ["Belt change"],
}
# What answers tell beside, or otherwise.
ANSWERED_EXAMPLES: Mapping[str, Any] = {
    "id": ID["examples"][0],
    "siteId": "019d6c2e-0a11-7d20-8c55-51c3f0a7be94",
    "siteCode": "ALASLA-29",
    "createdBy": "019d6c2e-0a12-7b43-a0c9-7e0d35f1c266",
    "uom": TON,
    "version": 1,
    "loads": None,
    "voidedAt": None,
    "voidReason": None,
    "def": "CRUSHER",
    "type": "CRUSHING_SCREENING",
    "roleName": "Laborer",
}
SEEDED = {(type(row), row.code): row for row in rows_to_seed()}


def kind_of(module: Module) -> str:
    """The module's name within those of its operations and shapes."""
    return module.title.title().replace(" ", "")


def example_of(module: Module, key: str) -> dict[str, Any]:
    """The examples of a key, as a schema has them; nothing where its kind has them already."""
    found = EXAMPLES.get(f"{module.name}.{key}", EXAMPLES.get(key))
    return {} if found is None else {"examples": [found]}


def record_shape(module: Module) -> Shape:
    """A record as it is answered."""
    fields = {key: field for field in module.schema.fields for key in field.json_keys}
    return Shape(
        f"{kind_of(module)}Record",
        {key: answered_value(module, column, fields.get(key)) for key, column in module.columns.items()},
    )


def answered_value(module: Module, column: Column, field: Field | None) -> JsonSchema:
    if column.kind is CARD:
        assert field
        row = example_row(module, field)
        shape = Shape(f"{type(row).__name__}Card", dict.fromkeys(row.card(), TEXT))
        card: JsonSchema = {"allOf": [shape], "examples": [row.card()]}
        return nullable(card) if field.column.null else card
    told = {"description": f"{column.label}, {column.unit}" if column.unit else column.label}
    if field and field.choices:
        schema: JsonSchema = {**one_of(*field.choices), **told}
    else:
        schema = {**BY_KIND[column.kind], **told, **answered_example(module, column, field)}
    return nullable(schema) if may_be_null(module, column.key, field) else schema


def answered_example(module: Module, column: Column, field: Field | None) -> dict[str, Any]:
    if column.key in ANSWERED_EXAMPLES:
        return {"examples": [ANSWERED_EXAMPLES[column.key]]}
    if field and field.reference and column.kind is kinds.REFERENCE:
        return {"examples": [example_row(module, field).id]}
    return example_of(module, column.key)


def example_row(module: Module, field: Field) -> Any:
    """The row of a reference list that the examples speak of."""
    assert field.reference
    return SEEDED[field.reference, example_of(module, field.key)["examples"][0]]


def may_be_null(module: Module, key: str, field: Field | None) -> bool:
    """Whether an answer may have nothing there: by the column that the key stands for."""
    if field:
        return bool(field.column.null) or field.empty == ""
    stored = {camel(name): column for name, column in module.model._meta.fields.items()}
    return key in stored and bool(stored[key].null)


def new_shape(module: Module) -> Shape:
    """A record as it is sent."""
    keys = sent_keys(module)
    required = [field for field in module.schema.fields if field.required]
    by_one_name = {field.key for field in required if len(ways(field)) == 1}
    choices = [
        {"anyOf": [{"required": [name]} for name in ways(field)]}
        for field in required
        if len(ways(field)) > 1
    ]
    return Shape(
        f"New{kind_of(module)}",
        keys,
        optional=tuple(key for key in keys if key not in by_one_name),
        rules={"allOf": choices} if choices else None,
    )


def changes_shape(module: Module) -> Shape:
    """What a correction sends: any of the keys of a new record."""
    keys = sent_keys(module)
    return Shape(f"{kind_of(module)}Changes", keys, optional=tuple(keys))


def ways(field: Field) -> tuple[str, ...]:
    """Every name that a body may give a field's value by."""
    return (*field.names, *((field.instead.name,) if field.instead else ()))


def sent_keys(module: Module) -> dict[str, JsonSchema]:
    """Every key that a body may hold, with what may stand there."""
    found: dict[str, JsonSchema] = {}
    for field in module.schema.fields:
        value = sent_value(module, field)
        optional = not field.required or len(ways(field)) > 1
        for name in field.names:
            told = value if name == field.key else described(value, f"The same as {field.key}")
            found[name] = or_nothing(told) if optional else told
        if field.instead:
            told = described(
                one_of(*field.instead.values), f"Instead of {field.key}: the default of this type"
            )
            found[field.instead.name] = or_nothing({**told, **example_of(module, field.instead.name)})
    if UOM in module.schema.derived:
        found[UOM.key] = or_nothing(described(one_of(TON, LOAD), "What the quantity counts; tons by default"))
    if any(item.kind is FEED for item in module.schema.derived):
        found["feed"] = nullable(described(FEED_SHAPE, "Raw material that was crushed for it"))
    return found | {key: IGNORED for key in sorted(module.schema.accepted) if key not in found}


def sent_value(module: Module, field: Field) -> JsonSchema:
    """What may stand in a body for a field."""
    told = {"description": f"{field.label}, {field.unit}" if field.unit else field.label}
    if field.choices:
        return {**one_of(*field.choices), **told}
    example = example_of(module, field.key)
    if field.reference:
        return {**TEXT, "minLength": 1, "description": f"{field.label}, by id or code", **example}
    schema: dict[str, Any] = {**BY_KIND[field.kind], **told, **example}
    least, most = field.between
    bounds = {"minimum": least, "maximum": most, "maxLength": getattr(field.column, "max_length", None)}
    if field.kind not in (kinds.TEXT, kinds.LONG_TEXT):
        del bounds["maxLength"]
    if field.kind.places:
        bounds["multipleOf"] = Decimal(1).scaleb(-field.kind.places)
    return schema | {name: json_number(bound) for name, bound in bounds.items() if bound is not None}


def json_number(bound: Decimal | int) -> float | int:
    return kinds.decimal_json(Decimal(bound))


def or_nothing(schema: JsonSchema) -> JsonSchema:
    """The same, or null, or a blank text."""
    apart = {name: schema[name] for name in ("description", "examples") if name in schema}
    strict = {name: value for name, value in schema.items() if name not in apart}
    return {**apart, "anyOf": [strict, {"type": "null"}, BLANK]}


def list_parameters(module: Module, *, days_required: bool = True) -> tuple[Parameter, ...]:
    """Every parameter of a module's list, in the order a reader looks for them."""
    days = (params.START_DATE, params.END_DATE) if days_required else (params.SINCE, params.UNTIL)
    return (
        params.SITES,
        params.SITE_IDS,
        *days,
        *(filter_parameter(module, name, *found) for name, found in module.filters.items()),
        *(ignored_parameter(name) for name in CONTRACT_FILTERS if name not in module.filters),
        *params.PAGE_OF_A_LIST,
        Parameter("sortBy", "The column to sort by", {**one_of(*module.sortable), "examples": ["date"]}),
        params.SORT_ORDER,
        params.INCLUDE_VOID,
    )


def filter_parameter(module: Module, name: str, field: Field, one: Filter) -> Parameter:
    if not isinstance(one, AnyOf):
        schema = {**LINE, "maxLength": LONGEST_SEARCH, **example_of(module, name)}
        return Parameter(name, f"A piece of the text of {field.key}, any letter case", schema)
    if field.choices:
        return Parameter(name, f"Only these; one of {field.key}", one_of(*field.choices), repeats=True)
    ways = "by type" if one.by and not one.codes else "by type, id or code" if one.by else "by id or code"
    return Parameter(name, f"Only these: {ways}", {**TEXT, **example_of(module, name)}, repeats=True)


def ignored_parameter(name: str) -> Parameter:
    return Parameter(
        name, "This list has no such column: it is ignored and named in meta.ignored", repeats=True
    )
