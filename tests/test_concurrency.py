"""Many at once, on the real database: nothing is lost, nothing doubled, nobody is turned away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import broken_links
from deskops.errors import DuplicateRecord, EditConflict, IdempotencyConflict
from deskops.modules import PRODUCTION, RECEIVED
from deskops.records import listing, service, totals
from tests.samples import as_read, sample

Cast = Callable[[str], Actor]
THREADS = 8


def all_at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of eight threads answered, or the error it met."""
    answers: list[Any] = [None] * THREADS
    gate = threading.Barrier(THREADS)

    def one(number: int) -> None:
        database.open_connection()
        gate.wait()
        try:
            answers[number] = work(number)
        except Exception as error:
            answers[number] = error
        finally:
            database.database.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_key_sent_by_eight_at_once_makes_one_record(alpha: Site, cast: Cast) -> None:
    sent, ben = as_read(sample("received", alpha)), cast("ben")
    answers = all_at_once(lambda _: service.create(RECEIVED, sent, ben, key="double click"))
    assert sorted(answer.is_new for answer in answers) == [False] * 7 + [True]
    assert len({answer.record.id for answer in answers}) == 1
    assert totals.verify(RECEIVED) == []


def test_one_key_at_two_sites_at_once_makes_one_record(alpha: Site, beta: Site, cast: Cast) -> None:
    """The writers of two sites do not wait for each other: the key itself decides."""
    ada = cast("ada")
    for turn in range(5):
        answers = all_at_once(
            lambda number, key=f"k{turn}": service.create(  # type: ignore[misc]
                RECEIVED, as_read(sample("received", (alpha, beta)[number % 2])), ada, key=key
            )
        )
        refused = [answer for answer in answers if isinstance(answer, Exception)]
        assert all(isinstance(each, IdempotencyConflict) for each in refused), refused
        assert database.rows("SELECT COUNT(*) FROM received") == [(turn + 1,)]
    assert totals.verify(RECEIVED) == []


def test_one_unique_key_goes_to_one_of_eight(alpha: Site, cast: Cast) -> None:
    sent, ben = as_read(sample("production", alpha)), cast("ben")
    answers = all_at_once(lambda _: service.create(PRODUCTION, sent, ben))
    assert sum(isinstance(answer, DuplicateRecord) for answer in answers) == 7
    assert totals.verify(PRODUCTION) == []


def test_eight_corrections_of_one_version_leave_one_winner(alpha: Site, cast: Cast) -> None:
    ann = cast("ann")
    record = service.create(RECEIVED, as_read(sample("received", alpha)), ann).record
    answers = all_at_once(
        lambda number: service.correct(RECEIVED, record.id, {"quantity": number + 1}, ann, version=1)
    )
    assert sum(isinstance(answer, EditConflict) for answer in answers) == 7
    winner = next(answer for answer in answers if not isinstance(answer, Exception))
    assert listing.get(RECEIVED, record.id, ann).quantity == winner.record.quantity
    assert totals.verify(RECEIVED) == []


def test_writers_of_two_sites_do_not_stop_each_other_and_the_chains_stay_whole(
    alpha: Site, beta: Site, cast: Cast
) -> None:
    ada = cast("ada")

    def work(number: int) -> int:
        for step in range(10):
            site = (alpha, beta)[(number + step) % 2]
            sents = [as_read(sample("received", one)) for one in (site, alpha, beta)]
            service.create_many(RECEIVED, sents, ada)
        return number

    assert all_at_once(work) == list(range(THREADS))
    assert database.rows("SELECT COUNT(*) FROM received") == [(THREADS * 30,)]
    assert broken_links(alpha.id) == broken_links(beta.id) == []
    assert totals.verify(RECEIVED) == []
