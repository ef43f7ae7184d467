"""deskops worker"""

from __future__ import annotations

import click

from deskops.commands.opening import opened_book


@click.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
@click.option("--quiet", is_flag=True, help="Do not say which home it works on.")
def worker(burst: bool, quiet: bool) -> None:
    """Take jobs from the queue. `deskops up` runs one; more may run beside it."""
    with opened_book(quiet) as settings:
        from deskops import book
        from deskops.worker import run

        # Nothing is open when a job's process is forked.
        book.close()
        run(settings, burst=burst)
