"""Ten thousand bodies that no route may take."""

from __future__ import annotations

import pytest

from tests.test_fuzzed_bodies import (
    WITH_BODIES,
    test_no_broken_body_is_taken_or_a_fault_and_nothing_changes,
)

__all__ = ["test_no_broken_body_is_taken_or_a_fault_and_nothing_changes"]

REQUESTS = 10_000


@pytest.fixture
def requests() -> int:
    return -(-REQUESTS // len(WITH_BODIES))
