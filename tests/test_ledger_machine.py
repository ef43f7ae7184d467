"""Whatever is entered, corrected, voided, closed and opened again in whatever order, the ledger is its records'."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from tests.ledger_machine import Yards, prove

EXAMPLES = 20
# Only a failure takes long: it is brought to its fewest steps.
pytestmark = pytest.mark.timeout(600)


def test_the_ledger_is_what_the_records_say_after_any_steps(
    alpha: Site, beta: Site, cast: Callable[[str], Actor]
) -> None:
    prove(Yards((alpha, beta), cast("ada")), EXAMPLES)
