"""What stands against a change of a record, what is doubtful about it, and what follows from it.

Said once, by whoever starts the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from deskops.accounts.actor import Actor
from deskops.errors import DeskOpsError, Problem
from deskops.records.module import Change, Module
from deskops.records.record import Record

Guard = Callable[[Module, Sequence[Change]], Mapping[int, DeskOpsError]]
Reaction = Callable[[Module, Sequence[Change], Actor], None]
# What is doubtful about a record, by what is stored; with the record as it stood, where it is a correction.
Doubter = Callable[[Module, Record, Record | None], Iterable[Problem]]


class Judged(NamedTuple):
    """A change with the doubts about it, and why it is kept all the same, where somebody was asked."""

    change: Change
    doubts: Sequence[Problem] = ()
    reason: str | None = None


class Reviewing(NamedTuple):
    """How doubtful records wait for somebody: `waits` says whether this one does (by its id).

    `settle` gets what was judged and stored: it lets wait what is doubtful, and no longer what was changed.
    """

    waits: Callable[[str], bool]
    settle: Callable[[Module, Sequence[Judged], Actor], None]


class Consequences(NamedTuple):
    """`guards` name the changes that may not be, {index: why}; `reactions` are what happens because of the others.

    Both run inside the transaction of the change, in this order; `doubts` are looked for between them.
    """

    guards: tuple[Guard, ...]
    reactions: tuple[Reaction, ...]
    doubts: tuple[Doubter, ...] = ()
    reviewing: Reviewing | None = None


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


def settle(module: Module, judged: Sequence[Judged], actor: Actor) -> None:
    """Let what is doubtful wait for somebody, and end what waited for something else."""
    reviewing = consequences().reviewing
    if reviewing is not None and judged:
        reviewing.settle(module, judged, actor)
