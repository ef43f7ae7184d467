"""deskops ledger"""

from __future__ import annotations

import click

from deskops.commands.opening import opened_book
from deskops.commands.people import sites_by_code


@click.command()
@click.option("--verify", is_flag=True, help="Reckon every figure anew and name the first difference.")
@click.option(
    "--rebuild", is_flag=True, help="Write what the records say, with an audit entry where it differed."
)
@click.option("--site", "codes", multiple=True, metavar="CODE", help="A site alone; may be repeated.")
def ledger(verify: bool, rebuild: bool, codes: tuple[str, ...]) -> None:
    """The stock of each site, material and day; with --verify exit 1 if it differs from the records."""
    if verify == rebuild:
        raise click.UsageError("Say either --verify or --rebuild.")
    with opened_book():
        from deskops.accounts.actor import SYSTEM
        from deskops.accounts.models import Site
        from deskops.ledger import recount
        from deskops.schema import references

        different = False
        for site in sites_by_code(codes) if codes else references.every(Site):
            found = recount.rebuild(site.id, SYSTEM) if rebuild else list(recount.differences(site.id))
            different = different or bool(found)
            if not found:
                click.echo(f"{site.code}: agrees with its records")
                continue
            count = f"{len(found)} difference{'s' if len(found) > 1 else ''}"
            click.echo(f"{site.code}: {count}{' mended' if rebuild else ''}; the first: {found[0]}")
    if different and verify:
        raise SystemExit(1)
