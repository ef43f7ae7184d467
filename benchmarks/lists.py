"""A page of 25 rows with its exact count, of 10,000 and of 1,000,000 records, in turns in one run.

Limit: the large book costs at most 1.4 times the small one. Peer: the same rows through plain peewee models, counted
with COUNT(*), as most applications do it.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.books import FIRST_DAY, YEARS_DAYS, fill_received, open_book
from deskops.accounts import people
from deskops.accounts.models import User
from deskops.app import create_app
from deskops.modules import RECEIVED

SMALL, LARGE = 10_000, 1_000_000
ROUNDS, CALLS = 7, 40
LIMIT = 1.4
MONTH = (FIRST_DAY + timedelta(days=500), FIRST_DAY + timedelta(days=530))
ALL = (FIRST_DAY, FIRST_DAY + timedelta(days=YEARS_DAYS - 1))


def ask(home: Path) -> dict[str, Callable[[], object]]:
    """What is measured on one book: {name: call}."""
    settings = open_book(home)
    app = create_app(settings)
    user = User.get(User.email == "bench@yard.test")
    _, secret = people.add_token(user, "bench", scope="read", sites=[], expires_in_days=None)
    client = app.test_client()
    headers = {"Authorization": f"Bearer {secret}"}

    def page(days: tuple[object, object], **more: str) -> Callable[[], object]:
        query = {"siteId": "ALASLA-29", "startDate": str(days[0]), "endDate": str(days[1])} | more
        return lambda: client.get("/api/received", query_string=query, headers=headers).get_data()

    def peer() -> object:
        model = RECEIVED.model
        found = model.select().where(model.date.between(*MONTH), model.voided_at.is_null())
        return [row.__data__ for row in found.order_by(model.date.desc()).limit(25)], found.count()

    return {
        "30 days, page 1": page(MONTH),
        "3 years, page 1": page(ALL),
        "3 years, page 1, one material": page(ALL, materialType="RAW-MIXED"),
        "peer: models and COUNT(*), 30 days": peer,
    }


def milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS * 1000


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="deskops-bench-"))
    try:
        for name, count in (("small", SMALL), ("large", LARGE)):
            open_book(folder / name)
            fill_received(count)
        figures: dict[str, dict[str, list[float]]] = {}
        for _ in range(ROUNDS):
            for name in ("small", "large"):
                for what, call in ask(folder / name).items():
                    call()
                    figures.setdefault(what, {}).setdefault(name, []).append(milliseconds(call))
        print(f"{'list':<40}{SMALL:>12,}{LARGE:>12,}   ratio (limit {LIMIT})")
        for what, by_book in figures.items():
            small, large = statistics.median(by_book["small"]), statistics.median(by_book["large"])
            print(f"{what:<40}{small:>9.2f} ms{large:>9.2f} ms   {large / small:.2f}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
