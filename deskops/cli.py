"""The command line: `deskops …`. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

from __future__ import annotations

import os
from importlib import import_module

import click

from deskops import __version__, monitoring
from deskops.errors import DeskOpsError, Message

# Loaded when asked for, so that each command starts with what it needs alone.
COMMANDS = {
    "up": "deskops.commands.up:up",
    "migrate": "deskops.commands.migrate:migrate",
    "seed": "deskops.commands.seed:seed",
    "demo": "deskops.commands.demo:demo",
    "user": "deskops.commands.people:user",
    "token": "deskops.commands.people:token",
    "import": "deskops.commands.imports:import_file",
    "backup": "deskops.commands.backups:backup",
    "restore": "deskops.commands.backups:restore",
    "totals": "deskops.commands.totals:totals",
    "ledger": "deskops.commands.ledger:ledger",
    "worker": "deskops.commands.worker:worker",
    "doctor": "deskops.commands.doctor:doctor",
}


class Commands(click.Group):
    """The commands, each in its own file; a refusal is one clear line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        # Whatever the program writes is for its own user.
        os.umask(0o077)
        try:
            return super().invoke(ctx)
        except DeskOpsError as refused:
            raise click.ClickException(explained(refused)) from refused
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as fault:
            monitoring.report(fault, "a command failed")
            raise


def explained(refused: DeskOpsError) -> str:
    """The refusal as a person reads it, with every bad field."""
    fields: dict[str, list[Message]] = refused.details.get("fields", {})
    lines = [f"  {field}: {message}" for field, messages in fields.items() for message in messages]
    return "\n".join([str(refused.message), *lines])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="deskops")
def main() -> None:
    """DeskOps: the daily book of a yard that crushes and recycles rubble.

    Everything the program writes lies in one folder, DESKOPS_HOME. `deskops up` starts it all.
    """


if __name__ == "__main__":
    main(prog_name="deskops")
