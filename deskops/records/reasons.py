"""Reasons that people give: why a record is void, why a doubtful one stays."""

from __future__ import annotations

from pydantic import ValidationError

from deskops.errors import Problem, ValidationFailed
from deskops.schema import kinds

LONGEST_REASON = 500
REASON = kinds.adapter(kinds.LONG_TEXT, max_length=LONGEST_REASON)


def read_reason(sent: str | None) -> str | None:
    """Up to 500 characters, none of them control characters. Raises ValidationFailed."""
    try:
        return sent and REASON.validate_python(sent)
    except ValidationError as error:
        problems = [Problem("reason", message) for message in kinds.explain(error)]
        raise ValidationFailed.of(problems) from error
