"""What a figure still waits for, in words: "4 of 6 inputs", and which ones are missing or still to come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from deskops.accounts.models import Site
from deskops.days.board import DUE, MISSING, OPENING, THERE, Cell, Day
from deskops.errors import Message, say
from deskops.modules.nil import REPORTED
from deskops.records.record import SHIFTS
from deskops.web import words

SHIFT_LABELS = dict(SHIFTS)
# More are counted, not named.
MOST_NAMED = 3


class Inputs(NamedTuple):
    """How many of the expected inputs are there, and the names of the others; none expected on a day off."""

    there: int
    expected: int
    missing: list[str]
    to_come: list[str]

    @property
    def state(self) -> str:
        """complete, missing, or due where nothing is late yet; "" where nothing is expected."""
        if not self.expected:
            return ""
        if self.missing:
            return "missing"
        return "due" if self.to_come else "complete"

    @property
    def text(self) -> str:
        """All of it in one line; empty where nothing is expected."""
        if not self.expected:
            return ""
        found = [
            words.text(say("%(there)s of %(expected)s inputs", there=self.there, expected=self.expected))
        ]
        if self.missing:
            found.append(words.text(say("missing: %(names)s", names=listed(self.missing))))
        if self.to_come:
            found.append(words.text(say("to come: %(names)s", names=listed(self.to_come))))
        return " · ".join(found)


def inputs_of(of_sites: Iterable[tuple[Site, Day]], modules: Collection[str]) -> Inputs:
    """Of one day at each of these sites: the inputs of these modules, the opening balance being one of them."""
    found = [(site, day) for site, day in of_sites if day.is_due]
    cells = [(site, cell) for site, day in found for cell in every_cell(day) if cell.module in modules]
    is_alone = len({site.id for site, _ in cells}) < 2
    named = [(cell, named_of(site, cell, is_alone, len(modules) == 1)) for site, cell in cells]
    missing = [name for cell, name in named if cell.state == MISSING]
    to_come = [name for cell, name in named if cell.state == DUE]
    return Inputs(len(cells) - len(missing) - len(to_come), len(cells), missing, to_come)


def every_cell(day: Day) -> tuple[Cell, ...]:
    """The inputs of a day, first the opening balance that the ledger begins with."""
    return (Cell(OPENING, "", THERE if day.opening else MISSING), *day.cells)


def named_of(site: Site, cell: Cell, is_alone: bool, is_one_module: bool) -> str:
    """An input by what tells it apart: its site, its module and its shift."""
    name = (
        input_name(cell.module, cell.shift) if not (is_one_module and cell.shift) else shift_name(cell.shift)
    )
    return name if is_alone else f"{site.code} {name}"


def input_name(module: str, shift: str) -> str:
    """Production, night shift; Dispatch; Opening balance."""
    title = words.text(REPORTED[module].title if module in REPORTED else say("Opening balance"))
    return words.text(say("%(module)s, %(shift)s", module=title, shift=shift_name(shift))) if shift else title


def shift_name(shift: str) -> str:
    return words.text(say("%(shift)s shift", shift=Message(str(SHIFT_LABELS[shift]))))


def listed(names: Sequence[str]) -> str:
    """A, B, C and 2 more."""
    shown = ", ".join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return words.text(say("%(names)s and %(count)s more", names=shown, count=more)) if more > 0 else shown


def is_reported(day: Day, modules: Collection[str]) -> bool:
    """Whether anything of these modules was entered for the day, or declared as nothing."""
    return any(cell.module in modules and cell.is_there for cell in day.cells)
