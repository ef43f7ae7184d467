"""What schemathesis sends in place of two of the document's examples, so that it gets further than a refusal.

The same Idempotency-Key with ever other bodies is always a conflict, and so is the version of a new record for all
that were corrected.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import schemathesis

from deskops.api.params import IDEMPOTENCY_KEY, IF_MATCH


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    headers = case.headers or {}
    if headers.get(IDEMPOTENCY_KEY.name) == IDEMPOTENCY_KEY.schema["examples"][0]:
        headers[IDEMPOTENCY_KEY.name] = str(uuid4())
    if headers.get(IF_MATCH.name) == IF_MATCH.schema["examples"][0]:
        headers[IF_MATCH.name] = "*"
