"""Whatever is done to a book in whatever order, its lists, counts and totals are those of its records."""

from __future__ import annotations

import pytest

from deskops.accounts.models import Site
from deskops.records.module import Module
from tests.api_contract import Api, Cast, every_module
from tests.book_machine import Yard, prove

EXAMPLES = 15
# Only a failure takes long: it is brought to its fewest steps.
pytestmark = pytest.mark.timeout(600)


@every_module
def test_lists_counts_and_totals_are_those_of_the_records_after_any_steps(
    module: Module, api: Api, alpha: Site, beta: Site, cast: Cast
) -> None:
    prove(Yard(module, (alpha, beta), api("ada"), cast("ada")), EXAMPLES)
