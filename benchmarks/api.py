"""The API against a limit and peers, on a million records of production: one table of ratios."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks import growth, streams, table, writes
from benchmarks.answers import Answers
from benchmarks.books import Sizes, copied, open_book
from benchmarks.filling import main_site
from benchmarks.load import Generator
from benchmarks.servers import running
from deskops import book, database


def measure_answers(home: Path, *, rounds: int, seconds: float) -> None:
    open_book(home)
    site = main_site()
    book.close()
    generator = Generator()
    try:
        with running(home) as servers:
            answers = Answers(servers, (site.id, site.code))
            answers.measure(generator, rounds, seconds)
    finally:
        generator.stop()
    answers.told()
    forget_peers_records(home)


def forget_peers_records(home: Path) -> None:
    """Take out what a peer wrote into the book: it keeps no totals."""
    open_book(home)
    with database.transaction():
        database.execute("DELETE FROM production WHERE created_by = 'drf'")
    book.close()


def main(*, quick: bool = False) -> None:
    """Every measurement; `quick` looks whether all of it runs, on small books: its ratios say little."""
    sizes = Sizes(20_000, 2_000, 200) if quick else Sizes()
    folder = Path(tempfile.mkdtemp(prefix="deskops-bench-"))
    try:
        homes = {size: copied(size, folder / str(size)) for size in (sizes.small, sizes.middle, sizes.large)}
        large = homes[sizes.large]
        growth.main(homes, rounds=2 if quick else 3)
        measure_answers(large, rounds=2 if quick else 5, seconds=0.2 if quick else 0.8)
        streams.main(large, sizes.large, rounds=1 if quick else 3)
        writes.main(large, rounds=2 if quick else 5, calls=50 if quick else 300)
        table.tell_missed()
    finally:
        shutil.rmtree(folder)
