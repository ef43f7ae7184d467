"""deskops seed"""

from __future__ import annotations

import click

from deskops.commands.opening import opened_book


@click.command()
def seed() -> None:
    """Add the missing rows of the reference lists; what an administrator changed stays."""
    with opened_book():
        from deskops.modules import reference

        click.echo(f"Added {reference.seed()} rows to the reference lists.")
