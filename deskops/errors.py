"""What can go wrong, by the codes of the API, each with its HTTP status.

Texts are messages with parameters: a face renders them (the API in English, pages in the reader's language).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Message(NamedTuple):
    """A text for a person: an English template with named parameters."""

    text: str
    params: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


def say(text: str, **params: Any) -> Message:
    """Make a message; translations are collected from the calls of this function."""
    return Message(text, params)


class Problem(NamedTuple):
    """One thing wrong with one field. A soft problem is a doubt: it warns and never refuses."""

    field: str
    message: Message
    soft: bool = False


FieldProblems = dict[str, list[Message]]


def by_field(problems: Sequence[Problem]) -> FieldProblems:
    """Group problems as {field: [messages]}, in the order found."""
    grouped: FieldProblems = {}
    for problem in problems:
        grouped.setdefault(problem.field, []).append(problem.message)
    return grouped


class DeskOpsError(Exception):
    """Base of every refusal. `details` is plain data, with messages where a person reads."""

    code = "INTERNAL_ERROR"
    status = 500
    message = say("Something went wrong on the server. Nothing was changed.")

    def __init__(self, message: Message | None = None, **details: Any) -> None:
        self.message = message or type(self).message
        self.details = details
        super().__init__(str(self.message))


class InvalidDateRange(DeskOpsError):
    code, status = "INVALID_DATE_RANGE", 400
    message = say("End date must not be before start date")


class MissingRequiredParam(DeskOpsError):
    code, status = "MISSING_REQUIRED_PARAM", 400
    message = say("A required parameter is missing")


class InvalidSiteId(DeskOpsError):
    code, status = "INVALID_SITE_ID", 400
    message = say("Site ID not found")


class InvalidPageSize(DeskOpsError):
    code, status = "INVALID_PAGE_SIZE", 400
    message = say("Page size must be a whole number from 1 to 100")


class ValidationFailed(DeskOpsError):
    """Bad input: `details.fields` is {field: [messages]}, or `details.rows` is {index: {field: [messages]}}."""

    code, status = "VALIDATION_ERROR", 400
    message = say("Some values are not valid")

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ValidationFailed:
        return cls(fields=by_field(problems))

    @property
    def fields(self) -> FieldProblems:
        return self.details.get("fields", {})


class Unauthorized(DeskOpsError):
    code, status = "UNAUTHORIZED", 401
    message = say("Authentication required")


class Forbidden(DeskOpsError):
    code, status = "FORBIDDEN", 403
    message = say("You are not allowed to do this")


class NotFound(DeskOpsError):
    code, status = "NOT_FOUND", 404
    message = say("There is nothing here by that name")


class MethodNotAllowed(DeskOpsError):
    code, status = "METHOD_NOT_ALLOWED", 405
    message = say("This address does not take that method")


class PayloadTooLarge(DeskOpsError):
    code, status = "PAYLOAD_TOO_LARGE", 413
    message = say("The request is too large")


class UnsupportedMediaType(DeskOpsError):
    code, status = "UNSUPPORTED_MEDIA_TYPE", 415
    message = say("Send the body as application/json")


class DuplicateRecord(DeskOpsError):
    """A unique key is taken; `details.key` names it, `details.id` the stored record that holds it."""

    code, status = "DUPLICATE_RECORD", 409
    message = say("A record with this key is already there")


class DayClosed(DeskOpsError):
    code, status = "DAY_CLOSED", 409
    message = say("The day is closed")


class DayBlocked(DeskOpsError):
    code, status = "DAY_BLOCKED", 409
    message = say("Something stands against it")


class InsufficientStock(DeskOpsError):
    code, status = "INSUFFICIENT_STOCK", 409
    message = say("There is not enough stock")


class Doubtful(DeskOpsError):
    """What a person entered is doubtful: they are asked once. `mark` tells this question from any other.

    `problems` are what is wrong with the reason they gave for keeping it.
    """

    code, status = "DOUBTFUL", 409
    message = say("Is this right? Nothing is saved yet")

    def __init__(self, doubts: Sequence[Problem], mark: str, problems: Sequence[Message] = ()) -> None:
        super().__init__()
        self.doubts, self.mark, self.problems = doubts, mark, problems


class EditConflict(DeskOpsError):
    """The record changed since it was read; `current` is the record as it stands."""

    code, status = "EDIT_CONFLICT", 412
    message = say("Somebody changed this record since you opened it")

    def __init__(self, current: Any) -> None:
        super().__init__()
        self.current = current


class IdempotencyConflict(DeskOpsError):
    code, status = "IDEMPOTENCY_CONFLICT", 409
    message = say("This Idempotency-Key was used with another body")


class ExportNotReady(DeskOpsError):
    code, status = "EXPORT_NOT_READY", 409
    message = say("The export is not ready yet")


class ExportExpired(DeskOpsError):
    code, status = "EXPORT_EXPIRED", 410
    message = say("The export has expired: make it again")


class ExportJobFailed(DeskOpsError):
    code, status = "EXPORT_JOB_FAILED", 500
    message = say("The export failed")


class ExportTooLarge(DeskOpsError):
    code, status = "EXPORT_TOO_LARGE", 400
    message = say("More rows than this format can hold")


class FormatUnavailable(DeskOpsError):
    code, status = "FORMAT_UNAVAILABLE", 503
    message = say("This format is not available on this server")


class RateLimitExceeded(DeskOpsError):
    code, status = "RATE_LIMIT_EXCEEDED", 429
    message = say("Too many requests. Please try again later.")


class DatabaseFailed(DeskOpsError):
    code, status = "DATABASE_ERROR", 500
    message = say("The database did not answer as expected. Nothing was changed.")


class CommandRefused(DeskOpsError):
    """A command that cannot be done as things stand: the message says why and what cures it."""

    code, status = "COMMAND_REFUSED", 400
