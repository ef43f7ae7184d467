"""The ledger's machine at length."""

from __future__ import annotations

from collections.abc import Callable

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from tests.ledger_machine import Yards, prove

EXAMPLES = 500


def test_the_ledger_is_what_the_records_say_after_many_steps(
    alpha: Site, beta: Site, cast: Callable[[str], Actor]
) -> None:
    prove(Yards((alpha, beta), cast("ada")), EXAMPLES)
