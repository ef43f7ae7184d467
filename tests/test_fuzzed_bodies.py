"""Bodies that no route may take are refused in the envelope, never a fault, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from deskops import database
from deskops.accounts.models import Site, Token
from deskops.tables import TABLES
from tests import reference, sound
from tests.api_contract import Api, body_of, data
from tests.conftest import quoted
from tests.fuzzed import hostile

REQUESTS = 32


@pytest.fixture
def requests() -> int:
    """How many are sent to each route."""
    return REQUESTS


WITH_BODIES = [(method, where) for method, where in reference.routes() if method in ("POST", "PATCH")]
every_route = pytest.mark.parametrize(("method", "where"), WITH_BODIES)


@every_route
def test_no_broken_body_is_taken_or_a_fault_and_nothing_changes(
    method: str, where: str, requests: int, api: Api, alpha: Site
) -> None:
    script = api("ada")
    path, whole = sound.target(where, script, alpha), sound.body(method, where, alpha)
    assert whole
    before = everything()
    for number in range(requests):
        seed = f"{method} {where} {number}"
        sent = hostile(whole, seed)
        keyed = {"Idempotency-Key": f"fuzzed {number}"} if number % 3 == 0 else {}
        answer = script.open(method, path, data=sent.body, content_type=sent.content_type, headers=keyed)
        assert 400 <= answer.status_code < 500, f"{seed}: {answer.status_code} {answer.text[:500]} to {sent}"
        assert body_of(answer).keys() == {"error", "timestamp"}, f"{seed}: {sent}"
    assert everything() == before


@every_route
def test_the_bodies_are_sound_before_they_are_broken(method: str, where: str, api: Api, alpha: Site) -> None:
    script = api("ada")
    path, whole = sound.target(where, script, alpha), sound.body(method, where, alpha)
    answer = script.open(method, path, json=whole)
    data(answer, int(reference.routes()[method, where]["ADMIN"]))


def everything() -> dict[str, Any]:
    """All rows of all tables; of tokens not when they were last used."""
    return {
        quoted(table): sorted(map(str, database.rows(f"SELECT * FROM {quoted(table)}")))
        for table in TABLES
        if table is not Token
    }
