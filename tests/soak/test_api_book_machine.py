"""The book's machine at length."""

from __future__ import annotations

from deskops.accounts.models import Site
from deskops.records.module import Module
from tests.api_contract import Api, Cast, every_module
from tests.book_machine import Yard, prove

EXAMPLES = 200


@every_module
def test_lists_counts_and_totals_are_those_of_the_records_after_many_steps(
    module: Module, api: Api, alpha: Site, beta: Site, cast: Cast
) -> None:
    prove(Yard(module, (alpha, beta), api("ada"), cast("ada")), EXAMPLES)
