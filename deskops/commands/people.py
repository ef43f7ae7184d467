"""deskops user, deskops token"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from deskops.accounts.policy import ADMIN, ROLES
from deskops.commands.opening import opened_book
from deskops.errors import CommandRefused, say

if TYPE_CHECKING:
    from deskops.accounts.models import Site, User


def sites_by_code(codes: Sequence[str]) -> list[Site]:
    """The sites with these codes, in any case. Raises CommandRefused, naming those that are there."""
    from deskops.accounts.models import Site

    known = {site.code.upper(): site for site in Site.select()}
    unknown = [code for code in codes if code.upper() not in known]
    if unknown:
        raise CommandRefused(
            say(
                "There is no site %(unknown)s; there are %(known)s.",
                unknown=", ".join(unknown),
                known=", ".join(known) or "none yet (run `deskops seed`)",
            )
        )
    return [known[code.upper()] for code in dict.fromkeys(codes)]


@click.group()
def user() -> None:
    """The people who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option(
    "--role", required=True, type=click.Choice(ROLES, case_sensitive=False), help="What they may do."
)
@click.option("--site", "codes", multiple=True, metavar="CODE", help="A site they work at; may be repeated.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(email: str, name: str, role: str, codes: tuple[str, ...], password_stdin: bool) -> None:
    """Add a person. An admin may do everything at every site and needs no --site."""
    with opened_book():
        from deskops.accounts.actor import SYSTEM
        from deskops.accounts.people import add_user as add

        sites = sites_by_code(codes)
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else asked_password()
        added = add(
            email,
            name,
            password,
            role=None if role == ADMIN else role,
            sites=[] if role == ADMIN else sites,
            is_admin=role == ADMIN,
            actor=SYSTEM,
        )
        where = "every site" if role == ADMIN else ", ".join(site.code for site in sites)
        click.echo(f"Added {added.email} as {role} at {where}.")


def asked_password() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@click.group()
def token() -> None:
    """The keys with which scripts use the API."""


@token.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--scope", type=click.Choice(["read", "write"], case_sensitive=False), default="read", show_default=True
)
@click.option("--site", "codes", multiple=True, metavar="CODE", help="Only this site; may be repeated.")
@click.option("--expires", type=click.IntRange(1, 3650), metavar="DAYS", help="Days after which it ends.")
def add_token(email: str, name: str, scope: str, codes: tuple[str, ...], expires: int | None) -> None:
    """Make a token of a person and print it, once, alone on standard output."""
    with opened_book():
        from deskops.accounts.people import add_token as add

        owner = person(email)
        _, secret = add(owner, name, scope=scope, sites=sites_by_code(codes), expires_in_days=expires)
        click.echo("This token is shown only now; keep it safe:", err=True)
        click.echo(secret)


@token.command("revoke")
@click.argument("email")
@click.option("--name", required=True, help="What the token was for; every token of this name ends.")
def revoke_token(email: str, name: str) -> None:
    """End a person's token at once."""
    with opened_book():
        from deskops.accounts.actor import SYSTEM
        from deskops.accounts.models import Token
        from deskops.accounts.people import revoke_token as revoke

        of_that_name = (Token.user == person(email)) & (Token.name == name) & Token.revoked_at.is_null()
        tokens = list(Token.select().where(of_that_name))
        if not tokens:
            raise CommandRefused(say("%(email)s has no token named %(name)s.", email=email, name=name))
        for one in tokens:
            revoke(one, SYSTEM)
        click.echo(f"Ended {len(tokens)} of {email}'s tokens: {name}.")


def person(email: str) -> User:
    """The person with this address. Raises CommandRefused."""
    from deskops.accounts.models import User

    found = User.get_or_none(User.email == email.strip().lower())
    if found is None:
        raise CommandRefused(
            say("There is nobody with the address %(email)s; add them with `deskops user add`.", email=email)
        )
    return found
