"""deskops migrate"""

from __future__ import annotations

import click

from deskops.commands.opening import settings_of_command


@click.command()
@click.option("--check", is_flag=True, help="Only say what is pending; exit 1 if anything is.")
def migrate(check: bool) -> None:
    """Create the database, or bring it up to date.

    A SQLite database is copied before an upgrade.
    """
    from deskops import book
    from deskops.home import private_folder

    settings = settings_of_command()
    if check:
        file = settings.database_file
        if file is not None and not file.is_file():
            raise click.ClickException(f"There is no database at {file}: every migration is pending.")
        book.connect(settings)
        waiting = book.pending()
        for name in waiting:
            click.echo(f"pending: {name}")
        if waiting:
            raise SystemExit(1)
        click.echo(f"Up to date: {book.level()}")
        return
    private_folder(settings.home)
    book.connect(settings)
    upgrade = book.bring_up_to_date(settings)
    if upgrade.copy:
        click.echo(f"Copied before the upgrade: {upgrade.copy}")
    for name in upgrade.applied:
        click.echo(f"applied: {name}")
    click.echo(f"Up to date: {book.level()}")
