"""deskops totals"""

from __future__ import annotations

import click

from deskops.commands.opening import opened_book


@click.command()
@click.option("--verify", is_flag=True, help="Recompute the totals from the records and name any difference.")
def totals(verify: bool) -> None:
    """The daily totals and counts that boards and lists read; exit 1 if they differ from the records."""
    if not verify:
        raise click.UsageError("Nothing to do: add --verify.")
    with opened_book():
        from deskops.modules import EVERY_MODULE
        from deskops.records.totals import verify as differences_of

        different = False
        for module in EVERY_MODULE.values():
            found = differences_of(module)
            different = different or bool(found)
            for line in found:
                click.echo(f"{module.name}: {line}")
            click.echo(
                f"{module.name}: {f'{len(found)} differences' if found else 'agrees with its records'}"
            )
    if different:
        raise SystemExit(1)
