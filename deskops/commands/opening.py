"""What every command begins with: the settings, the home it works on, and the book where it needs one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from deskops import config, logs, monitoring
from deskops.config import Settings


def settings_of_command(quiet: bool = False) -> Settings:
    """The settings, with the home said on stderr, so that stdout holds the answer alone."""
    settings = config.load()
    logs.configure(settings.log_level)
    monitoring.start(settings)
    if not quiet:
        click.echo(f"Home: {settings.home}", err=True)
    return settings


@contextmanager
def opened_book(quiet: bool = False) -> Iterator[Settings]:
    """The settings, with the book open. Raises CommandRefused where there is none."""
    from deskops import book

    settings = settings_of_command(quiet)
    book.open_book(settings)
    try:
        yield settings
    finally:
        book.close()
