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
    from datetime import datetime

    from deskops.accounts.models import Site, Token, User

LIMIT = click.IntRange(1, 1_000_000)
PEOPLE_COLUMNS = ("person", "name", "roles", "state", "id")
TOKEN_COLUMNS = ("person", "name", "scope", "sites", "minute/second", "expires", "last used", "state", "id")


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


@user.command("list")
def list_people() -> None:
    """List everybody, with the id by which the log names them."""
    with opened_book():
        from deskops.accounts.people import list_people as listed

        click.echo("\t".join(PEOPLE_COLUMNS))
        for each, roles in listed():
            click.echo("\t".join((each.email, each.name, ", ".join(roles), each.state(), each.id)))


@user.command("deactivate")
@click.argument("email")
def deactivate(email: str) -> None:
    """Shut a person out at once, with all their tokens; what they entered stays."""
    set_active(email, False)


@user.command("activate")
@click.argument("email")
def activate(email: str) -> None:
    """Let a person in again who was deactivated."""
    set_active(email, True)


def set_active(email: str, is_active: bool) -> None:
    with opened_book():
        from deskops.accounts.actor import SYSTEM
        from deskops.accounts.people import set_active as change

        found = person(email)
        change(found, is_active, SYSTEM)
        click.echo(f"{found.email} is {'active' if is_active else 'shut out'}.")


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
@click.option("--per-minute", type=LIMIT, help="Its own limit of API requests a minute, counted by itself.")
@click.option("--per-second", type=LIMIT, help="Its own limit a second.")
def add_token(
    email: str,
    *,
    name: str,
    scope: str,
    codes: tuple[str, ...],
    expires: int | None,
    per_minute: int | None,
    per_second: int | None,
) -> None:
    """Make a token of a person and print it, once, alone on standard output."""
    with opened_book():
        from deskops.accounts.actor import OwnLimits
        from deskops.accounts.people import add_token as add

        _, secret = add(
            person(email),
            name,
            scope=scope,
            sites=sites_by_code(codes),
            expires_in_days=expires,
            own_limits=OwnLimits(per_minute, per_second),
        )
        click.echo("This token is shown only now; keep it safe:", err=True)
        click.echo(secret)


@token.command("list")
@click.argument("email", required=False)
def list_tokens(email: str | None) -> None:
    """List every token, or a person's: never the key itself, which nobody knows any more."""
    with opened_book():
        from deskops.accounts.people import list_tokens as listed
        from deskops.database import utc_now

        owner, now = person(email) if email else None, utc_now()
        click.echo("\t".join(TOKEN_COLUMNS))
        for each, codes in listed():
            if owner is None or each.user == owner:
                click.echo("\t".join(token_row(each, codes, now)))


def token_row(token: Token, codes: Sequence[str], now: datetime) -> list[str]:
    """The cells of TOKEN_COLUMNS."""
    return [
        token.user.email,
        token.name,
        "write" if token.may_write else "read",
        ",".join(codes) or "all",
        f"{token.requests_per_minute or 'usual'}/{token.requests_per_second or 'usual'}",
        *(
            f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
            for moment in (token.expires_at, token.last_used_at)
        ),
        token.state(now),
        token.id,
    ]


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
