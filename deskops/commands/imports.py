"""deskops import"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from deskops import background
from deskops.accounts.actor import SYSTEM, Actor, actor_for
from deskops.accounts.models import User
from deskops.commands.opening import opened_book
from deskops.commands.people import sites_by_code
from deskops.errors import CommandRefused, say
from deskops.imports import jobs, source
from deskops.imports import plan as plans
from deskops.imports.outcome import BadRow, Listener, Tally
from deskops.imports.plan import Plan
from deskops.imports.refusals import ColumnsMissing, ImportStopped
from deskops.imports.running import Order, RowsRefused, bring_in, check
from deskops.modules import MODULES
from deskops.reactions import CONSEQUENCES
from deskops.records import consequences
from deskops.records.module import Module


def pairs(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    """field=value options as {field: value}."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise click.BadParameter(f"'{text}' is not of the form field=value")
        if name.strip() in found:
            raise click.BadParameter(f"'{name.strip()}' is given twice")
        found[name.strip()] = value.strip()
    return found


def material_aliases(
    context: click.Context, parameter: click.Parameter, given: Sequence[str]
) -> dict[str, dict[str, str]]:
    """TEXT=CODE options as {"material": {text: code}}."""
    return aliases(context, parameter, [f"material:{text}" for text in given])


def aliases(
    context: click.Context, parameter: click.Parameter, given: Sequence[str]
) -> dict[str, dict[str, str]]:
    """field:TEXT=CODE options as {field: {text: code}}; the text may hold both signs."""
    found: dict[str, dict[str, str]] = {}
    for each in given:
        name, colon, rest = each.partition(":")
        text, equals, code = rest.rpartition("=")
        if not (name.strip() and colon and equals and text.strip() and code.strip()):
            raise click.BadParameter(f"'{rest or each}' is not of the form TEXT=CODE")
        found.setdefault(name.strip(), {})[text] = code.strip()
    return found


@click.command("import")
@click.argument("module_name", metavar="MODULE", type=click.Choice(list(MODULES), case_sensitive=False))
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "code", required=True, metavar="CODE", help="The site that the rows are of.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    callback=pairs,
    metavar="FIELD=COLUMN",
    help="Which column holds a field; without any, columns are found by their names.",
)
@click.option(
    "--unit",
    "units",
    multiple=True,
    callback=pairs,
    metavar="FIELD=UNIT",
    help="The unit of a weight: t, kg, lb or short-ton.",
)
@click.option(
    "--material-alias",
    "materials",
    multiple=True,
    callback=material_aliases,
    metavar="TEXT=CODE",
    help="What a text stands for as a material; * is every other text.",
)
@click.option(
    "--alias",
    "others",
    multiple=True,
    callback=aliases,
    metavar="FIELD:TEXT=CODE",
    help="The same for any field.",
)
@click.option("--date-format", default="", metavar="FORMAT", help="Such as %d/%m/%Y; without it YYYY-MM-DD.")
@click.option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    default=None,
    help="What decimals stand after, where 2,260 would have two meanings.",
)
@click.option(
    "--encoding", default="utf-8-sig", show_default=True, help="The file's encoding, such as cp1256."
)
@click.option("--delimiter", default="", help="What parts the columns; guessed from the first line.")
@click.option("--profile", metavar="NAME", help="Take what is not said here from a saved profile.")
@click.option("--save-profile", metavar="NAME", help="Keep these options by a name.")
@click.option("--dry-run", is_flag=True, help="List every bad row and the counts; write nothing.")
@click.option(
    "--skip-bad", is_flag=True, help="Import the good rows, write the bad ones to a file to be mended."
)
@click.option("--user", "email", metavar="EMAIL", help="Whose import it is; without it the system's.")
def import_file(module_name: str, path: Path, code: str, **options: Any) -> None:
    """Bring the rows of a CSV, or of a zip with one CSV, into a module.

    All rows or none, unless --skip-bad. The same file again adds nothing, a longer one only what is new.
    """
    with opened_book() as settings:
        background.use(settings)
        consequences.react_with(CONSEQUENCES)
        module, site = MODULES[module_name.lower()], sites_by_code([code])[0]
        plan = plan_of(module, options)
        order = Order(module, site, acting(options["email"]), plan, path)
        try:
            (dry_run if options["dry_run"] else store)(order)
        except ColumnsMissing as refused:
            cure = say("%(reason)s: --map field=column", reason=refused.message)
            raise CommandRefused(cure) from refused
        if options["save_profile"]:
            plans.save_profile(module, options["save_profile"], plan)
            click.echo(f"Kept these options as the profile {options['save_profile']}.")


def plan_of(module: Module, options: dict[str, Any]) -> Plan:
    merged = {name: dict(texts) for name, texts in options["others"].items()}
    for name, texts in options["materials"].items():
        merged.setdefault(name, {}).update(texts)
    plan = plans.checked(
        module,
        Plan(
            columns=options["columns"],
            units=options["units"],
            aliases=merged,
            date_format=options["date_format"],
            decimal=options["decimal"] or "",
            encoding=options["encoding"],
            delimiter=options["delimiter"],
            skip_bad=options["skip_bad"],
        ),
    )
    return plan.over(plans.profile(module, options["profile"])) if options["profile"] else plan


def acting(email: str | None) -> Actor:
    """The person with this address, or the system. Raises CommandRefused."""
    if email is None:
        return SYSTEM
    user = User.get_or_none((User.email == email.strip().lower()) & User.is_active)
    if user is None:
        raise CommandRefused(say("There is nobody with the address %(email)s", email=email))
    return actor_for(user)


def dry_run(order: Order) -> None:
    with told(order, is_listing=True) as teller:
        tally = check(order, teller)
    click.echo("Dry run: nothing was written.")
    sum_up(order, tally, "would be stored")


def store(order: Order) -> None:
    """Import the file. Ctrl-C and SIGTERM undo what was written so far."""
    if jobs.undo_abandoned():
        click.echo("An earlier import had been stopped before its end; what it had written was taken away.")
    run = jobs.new_run(order.module, order.site, order.plan, order.actor, order.path.name)
    try:
        with stoppable(), told(order, is_listing=not order.plan.skip_bad) as teller:
            tally = bring_in(order, run, teller)
    except RowsRefused as refused:
        click.echo(f"Bad: {refused.tally.bad:,}")
        list_reasons(refused.tally)
        raise CommandRefused(
            say("Nothing was imported. Mend the rows, or add --skip-bad to import the good ones.")
        ) from refused
    sum_up(order, tally, "stored")
    bad_file = jobs.bad_file(run)
    if bad_file:
        click.echo(f"The bad rows, each with its reason: {bad_file}")


class Teller(Listener):
    """Tells the person at the terminal: bad rows as lines, the rows read as a bar where there is one."""

    def __init__(self, bar: Any, is_listing: bool) -> None:
        self.bar, self.is_listing, self.read = bar, is_listing, 0

    def bad_row(self, bad: BadRow) -> None:
        if self.is_listing:
            for fault in bad.faults:
                what = f'{fault.field} "{fault.value}": ' if fault.field else ""
                click.echo(f"line {bad.row.line}: {what}{fault.reason}")

    def progress(self, rows: int) -> None:
        # A file that is checked first is read twice: the bar shows the first reading.
        if self.bar is not None and rows > self.read:
            self.bar.update(rows - self.read)
            self.read = rows


@contextmanager
def told(order: Order, *, is_listing: bool) -> Iterator[Teller]:
    """A listener for the terminal."""
    if not sys.stderr.isatty():
        yield Teller(None, is_listing)
        return
    rows = source.count(order.path, order.plan.encoding, order.plan.delimiter)
    with click.progressbar(length=rows, label="Reading", file=sys.stderr) as bar:
        yield Teller(bar, is_listing)


@contextmanager
def stoppable() -> Iterator[None]:
    """While the block runs, SIGTERM is like Ctrl-C: an end that undoes."""

    def stop(*_: object) -> None:
        raise ImportStopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except (ImportStopped, KeyboardInterrupt) as stopped:
        raise CommandRefused(say("Stopped: nothing of this import was kept.")) from stopped
    finally:
        signal.signal(signal.SIGTERM, before)


def sum_up(order: Order, tally: Tally, verb: str) -> None:
    click.echo(f"Rows: {tally.rows:,}")
    click.echo(f"Bad: {tally.bad:,}")
    list_reasons(tally)
    click.echo(f"Already there: {tally.already_there:,}")
    click.echo(f"Records {verb}: {tally.good:,}")
    for field in order.module.measures:
        if tally.sums.get(field.name):
            click.echo(f"{field.label}: {field.kind.plain(tally.sums[field.name])} {field.unit}".rstrip())


def list_reasons(tally: Tally) -> None:
    for field, reason, rows in tally.by_reason:
        click.echo(f"  {rows:,} × {f'{field}: ' if field else ''}{reason}")
