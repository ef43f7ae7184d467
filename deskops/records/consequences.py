"""What stands against a change of a record, and what follows from it: said once, by whoever starts the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from deskops.accounts.actor import Actor
from deskops.errors import DeskOpsError
from deskops.records.module import Change, Module

Guard = Callable[[Module, Sequence[Change]], Mapping[int, DeskOpsError]]
Reaction = Callable[[Module, Sequence[Change], Actor], None]


class Consequences(NamedTuple):
    """`guards` name the changes that may not be, {index: why}; `reactions` are what happens because of the others.

    Both run inside the transaction of the change, in this order.
    """

    guards: tuple[Guard, ...]
    reactions: tuple[Reaction, ...]


_said: list[Consequences] = []


def react_with(consequences: Consequences) -> None:
    """Say once, at start, what stands against a change and what follows from it."""
    _said[:] = [consequences]


def consequences() -> Consequences:
    """Raises RuntimeError in a program that was started without."""
    if not _said:
        raise RuntimeError("started without reactions: call react_with first")
    return _said[0]


def react(module: Module, changes: Sequence[Change], actor: Actor) -> None:
    """Let follow what follows."""
    for reaction in consequences().reactions:
        reaction(module, changes, actor)
