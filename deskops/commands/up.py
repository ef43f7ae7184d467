"""deskops up"""

from __future__ import annotations

import contextlib
from contextlib import closing
from functools import partial

import click

from deskops import config
from deskops.commands.demo import accounts, declined
from deskops.commands.opening import settings_of_command
from deskops.config import Settings
from deskops.errors import CommandRefused, say
from deskops.home import held, private_folder


@click.command()
def up() -> None:
    """Start everything: the queue, the web server and a worker; Ctrl-C stops them.

    The first start makes the database, its reference lists and a demo yard (DEMO=0 leaves that out).
    HOST and PORT say where it listens.
    """
    from deskops import queue, supervisor

    settings = settings_of_command()
    private_folder(settings.home)
    with held(settings.home), closing(supervisor.listen(settings.web.host, settings.web.port)) as listening:
        prepare(settings)
        environment = config.environment_for_children(settings)
        parts = supervisor.children(settings, listening, environment)
        watch = supervisor.Supervisor(parts, tell)
        try:
            watch.run(partial(supervisor.answers, settings), partial(welcome, settings))
        finally:
            queue.clear_away(settings)
    tell("Stopped.")


def tell(line: str) -> None:
    # The terminal may be gone; the program is not.
    with contextlib.suppress(OSError):
        click.echo(line)


def prepare(settings: Settings) -> None:
    """Bring the book up to date, with its reference lists and, in an empty one, the demo yard.

    Raises CommandRefused where demo accounts would be reachable from other machines.
    """
    from deskops import book
    from deskops.modules import reference

    book.connect(settings)
    try:
        upgrade = book.bring_up_to_date(settings)
        if upgrade.copy:
            tell(f"Upgraded the database; as it was before: {upgrade.copy}")
        reference.seed()
        prepare_demo(settings)
    finally:
        book.close()
    # Made now, so that no two processes meet over it.
    _ = settings.secret_key


def prepare_demo(settings: Settings) -> None:
    from deskops import demo as yard
    from deskops.accounts.models import User

    if not settings.web.is_loopback:
        if yard.is_loaded():
            raise CommandRefused(
                say(
                    "%(host)s can be reached from other machines, and the demo accounts are still there. "
                    "Remove them with `deskops demo --remove`, or leave HOST at 127.0.0.1.",
                    host=settings.web.host,
                )
            )
        return
    if settings.demo and not declined(settings) and not yard.is_loaded() and not User.select().exists():
        tell("Loading the demo yard …")
        yard.load(settings)


def welcome(settings: Settings) -> None:
    """Say where it runs and who can sign in."""
    from deskops import system
    from deskops.supervisor import address_of

    tell(f"DeskOps runs at {address_of(settings)}")
    signing_in = accounts(settings)
    tell(signing_in or "Add people with: deskops user add EMAIL --name NAME --role ROLE --site CODE")
    libraries = system.pdf_libraries(settings)
    if not libraries.is_fine:
        tell(f"PDF libraries {libraries.found}. {libraries.cure}")
    tell("Ctrl-C stops it.")
