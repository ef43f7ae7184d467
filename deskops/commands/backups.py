"""deskops backup, deskops restore"""

from __future__ import annotations

from pathlib import Path

import click

from deskops.commands.opening import opened_book, settings_of_command

MEGABYTE = 1_000_000


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole book to FILE, while people go on working.

    Exports, import leftovers and the keys of the installation are not in it.
    """
    with opened_book() as settings:
        from deskops import backup as backups

        made = backups.write(settings, file)
        click.echo(f"Backup written: {file} ({made.size / MEGABYTE:.1f} MB of {made.kind}, {made.level}).")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup in FILE in place of the book; what stood there before is kept as a copy."""
    from deskops import backup as backups

    settings = settings_of_command()
    restored, kept = backups.restore(settings, file)
    if kept:
        click.echo(f"Kept the replaced database: {kept}")
    click.echo(f"Restored the book of {restored.made_at} ({restored.level}).")
