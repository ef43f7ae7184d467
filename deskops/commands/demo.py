"""deskops demo"""

from __future__ import annotations

import click

from deskops.commands.opening import opened_book
from deskops.config import Settings


def declined(settings: Settings) -> bool:
    """Whether somebody removed the demo yard here: `up` then leaves it out."""
    return (settings.home / "demo-declined").exists()


def accounts(settings: Settings) -> str:
    """The demo sign-ins of this installation, "" without any."""
    file = settings.home / "demo-accounts.txt"
    return file.read_text(encoding="utf-8").rstrip() if file.exists() else ""


@click.command()
@click.option("--remove", is_flag=True, help="Take the demo yard and its sign-ins away again.")
def demo(remove: bool) -> None:
    """Load the demo yard: generated records of 90 days at two sites, with sign-ins of its own."""
    with opened_book() as settings:
        from deskops import demo as yard

        marker = settings.home / "demo-declined"
        if remove:
            yard.remove(settings)
            (settings.home / "demo-accounts.txt").unlink(missing_ok=True)
            marker.touch()
            click.echo("The demo yard and its sign-ins are gone.")
            return
        if yard.is_loaded():
            click.echo("The demo yard is there already.")
        else:
            yard.load(settings)
            marker.unlink(missing_ok=True)
            click.echo("The demo yard is loaded.")
        click.echo(accounts(settings))
