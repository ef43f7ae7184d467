"""Many at once at the ledger: the last ton goes to one, nobody is refused for another's sake, every figure holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import BLOCK, Site
from deskops.audit.chain import broken_links
from deskops.errors import InsufficientStock
from deskops.ledger import recount
from deskops.modules import DISPATCH, EVERY_MODULE, NILS, OPENINGS, RECEIVED
from deskops.records import service, totals
from deskops.schema import references
from tests.test_concurrency import THREADS, all_at_once

Cast = Callable[[str], Actor]
MONDAY = date(2026, 3, 2)
STONE, RUBBLE = "AGG-3/4", "RAW-MIXED"


def body(site: Site, offset: int, material: str, tons: str) -> dict[str, Any]:
    day = (MONDAY + timedelta(days=offset)).isoformat()
    return {"siteId": site.code, "date": day, "materialId": material, "quantity": Decimal(tons)}


def begin(site: Site, actor: Actor, days: int) -> None:
    """100 t of stone and of rubble, and so many days on which there was nothing to report."""
    for material in (STONE, RUBBLE):
        service.create(OPENINGS, body(site, 0, material, "100"), actor)
    nils = [
        {"siteId": site.code, "date": (MONDAY + timedelta(days=offset)).isoformat(), "module": name}
        for offset in range(days)
        for name in ("production", "received", "dispatch")
    ]
    service.create_many(NILS, nils, actor)


def block(site: Site) -> None:
    Site.update(stock_policy=BLOCK).where(Site.id == site.id).execute()
    references.forget()


def differences() -> list[str]:
    odd = [line for site in Site.select() for line in recount.differences(site.id)]
    return odd + [line for module in EVERY_MODULE.values() for line in totals.verify(module)]


def test_the_last_ton_goes_to_one_of_eight_clerks(alpha: Site, cast: Cast) -> None:
    begin(alpha, cast("ann"), days=1)
    block(alpha)
    service.create(DISPATCH, body(alpha, 0, STONE, "99"), cast("ben"))
    answers = all_at_once(lambda _: service.create(DISPATCH, body(alpha, 0, STONE, "1"), cast("ben")))
    refused = [answer for answer in answers if isinstance(answer, InsufficientStock)]
    assert len(refused) == THREADS - 1, answers
    assert refused[0].details["materialCode"] == STONE
    assert refused[0].details["missing"] == 1
    assert database.rows("SELECT SUM(quantity) FROM dispatch") == [(100_000,)]
    assert differences() == []


def test_the_last_ton_of_a_later_day_is_not_taken_from_the_days_before(alpha: Site, cast: Cast) -> None:
    """Whoever enters a load of an earlier day takes it from every day that follows."""
    begin(alpha, cast("ann"), days=THREADS)
    block(alpha)
    service.create(DISPATCH, body(alpha, THREADS - 1, STONE, "99"), cast("ben"))
    answers = all_at_once(
        lambda number: service.create(DISPATCH, body(alpha, number, STONE, "1"), cast("ben"))
    )
    refused = [answer for answer in answers if isinstance(answer, InsufficientStock)]
    assert len(refused) == THREADS - 1, answers
    assert {str(answer.details["date"]) for answer in refused} == {str(MONDAY + timedelta(days=THREADS - 1))}
    assert differences() == []


def test_what_comes_in_while_it_goes_out_is_never_short(alpha: Site, cast: Cast) -> None:
    """Each takes what it brought before: whatever the order of the others, nobody is refused."""
    begin(alpha, cast("ann"), days=1)
    block(alpha)
    service.create(DISPATCH, body(alpha, 0, STONE, "100"), cast("ben"))

    def work(number: int) -> int:
        for step in range(3):
            service.create(RECEIVED, body(alpha, step, STONE, "2.5"), cast("ben"))
            service.create(DISPATCH, body(alpha, step, STONE, "2.5"), cast("ben"))
        return number

    assert all_at_once(work) == list(range(THREADS))
    assert differences() == []


def test_back_dated_changes_of_two_sites_at_once_leave_every_figure_right(
    alpha: Site, beta: Site, cast: Cast
) -> None:
    ada = cast("ada")
    for site in (alpha, beta):
        begin(site, ada, days=6)

    def work(number: int) -> int:
        for step in range(4):
            sites = (alpha, beta) if number % 2 else (beta, alpha)
            sents = [body(site, (number + step) % 6, STONE, "0.5") for site in sites]
            made = service.create_many(RECEIVED, sents, ada)
            service.correct(RECEIVED, made[0].record.id, {"materialId": RUBBLE}, ada)
            service.void(RECEIVED, made[1].record.id, ada, reason="Not ours")
        return number

    assert all_at_once(work) == list(range(THREADS))
    assert differences() == []
    assert broken_links(alpha.id) == broken_links(beta.id) == []
