"""Operations: what the API does, declared. Routes are made from them, and so is all that documents them.

SECTION = Section(
    "Metrics",
    "The figures of one site.",
    (
        Operation(
            "readProductionToday",
            "GET /metrics/production-today",
            read_production_today,
            "Tons produced today",
            Answer(one(METRIC)),
            parameters=(params.SITE,),
            errors=SITE_ERRORS,
        ),
    ),
)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import Blueprint, Response

from deskops.api.conditional import conditional
from deskops.api.shapes import TEXT, AnySchema, JsonSchema
from deskops.errors import (
    DatabaseFailed,
    DeskOpsError,
    Forbidden,
    InvalidDateRange,
    InvalidSiteId,
    MissingRequiredParam,
    PayloadTooLarge,
    RateLimitExceeded,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
from deskops.schema.fields import camel

JSON = "application/json"
ErrorType = type[DeskOpsError]

# Beside these an operation names the errors of its own.
OF_ALL: tuple[ErrorType, ...] = (ValidationFailed, DatabaseFailed, DeskOpsError)
OF_SIGNED_IN: tuple[ErrorType, ...] = (Unauthorized, RateLimitExceeded)
OF_UNSAFE: tuple[ErrorType, ...] = (Forbidden,)
OF_BODIES: tuple[ErrorType, ...] = (PayloadTooLarge, UnsupportedMediaType)
SITE_ERRORS: tuple[ErrorType, ...] = (Forbidden, MissingRequiredParam, InvalidSiteId)
SITE_DAYS_ERRORS: tuple[ErrorType, ...] = (*SITE_ERRORS, InvalidDateRange)


@dataclass(frozen=True, eq=False)
class Parameter:
    """One parameter of the query, the path or the headers (`place`).

    `also` are further names it is taken by; `repeats` where it may be given more than once. One that is `shown` stands
    in the examples of a request though others could take its place.
    """

    name: str
    description: str
    schema: JsonSchema = field(default_factory=lambda: TEXT)
    required: bool = False
    repeats: bool = False
    also: tuple[str, ...] = ()
    place: str = "query"
    shown: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.also)

    @property
    def told(self) -> str:
        return self.description + (f". Also by the name {' or '.join(self.also)}" if self.also else "")


@dataclass(frozen=True, eq=False)
class Body:
    """A JSON body; `examples` are {title: body}, each of which the program takes."""

    schema: AnySchema
    examples: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What comes where nothing is wrong: JSON of this schema, or one of the other media types, or nothing.

    `headers` are those beside the ones that every answer carries.
    """

    schema: JsonSchema | None = None
    status: int = 200
    description: str = "Done"
    headers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Operation:
    """One thing the API does. `route` is its method and its path below /api, as Flask writes it.

    `errors` stand beside those that follow from the rest; a `tagged` operation answers a weak ETag, or 304.
    """

    name: str
    route: str
    view: Callable[..., Response]
    summary: str
    answer: Answer
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    errors: tuple[ErrorType, ...] = ()
    tagged: bool = False

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def rule(self) -> str:
        """The path as Flask writes it, `/sites/<site_id>`."""
        return self.route.partition(" ")[2]

    @cached_property
    def path(self) -> str:
        """The path as OpenAPI writes it, `/api/sites/{siteId}`."""
        return "/api" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{camel(found[1])}}}", self.rule)

    @property
    def may_be_unchanged(self) -> bool:
        """Whether it answers 304 to somebody who has its answer."""
        return self.tagged or (self.method == "GET" and "ETag" in self.answer.headers)

    @property
    def is_unsafe(self) -> bool:
        return self.method != "GET"


@dataclass(frozen=True, eq=False)
class Section:
    """Operations that belong together. Those of a `public` one ask nobody who they are, and count nowhere."""

    title: str
    description: str
    operations: Sequence[Operation]
    public: bool = False

    @property
    def anchor(self) -> str:
        return f"section-{self.title.lower().replace(' ', '-')}"

    def errors_of(self, operation: Operation) -> tuple[ErrorType, ...]:
        """Everything that this operation may be refused with, by status."""
        found = dict.fromkeys(OF_ALL)
        found |= dict.fromkeys(() if self.public else OF_SIGNED_IN)
        found |= dict.fromkeys(OF_UNSAFE if operation.is_unsafe else ())
        found |= dict.fromkeys(OF_BODIES if operation.body else ())
        found |= dict.fromkeys(operation.errors)
        return tuple(sorted(found, key=lambda error: error.status))


def register(blueprint: Blueprint, sections: Sequence[Section]) -> None:
    """Make the routes."""
    for section in sections:
        for operation in section.operations:
            view = conditional(operation.view) if operation.tagged else operation.view
            blueprint.add_url_rule(operation.rule, operation.name, view, methods=[operation.method])
