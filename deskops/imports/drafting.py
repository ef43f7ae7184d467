"""From a row of a file to a record not yet stored, by the module's own schema and rules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.errors import Message, Problem, say
from deskops.imports import units
from deskops.imports.outcome import BadRow, Fault
from deskops.imports.plan import EVERY_OTHER, Plan, places
from deskops.imports.source import Row
from deskops.records.drafting import Draft, draft_of
from deskops.records.module import Module
from deskops.schema import kinds
from deskops.schema.guard import unguarded
from deskops.schema.reading import REQUIRED, Reading
from deskops.schema.row_reading import MOST_REMEMBERED, RowReader

BLANK = say("Blank: a value is required")
OTHER_SITE = say("This row is of another site than the import")
# So many of a key's 64 digits come from the row's first cell.
BEGINNING = 8
Translate = Callable[[str], str]


class Drafted(NamedTuple):
    """A good row: its record, with the key that it is known by in this file and every other."""

    row: Row
    record: Any


class Drafter:
    """Turns rows into records.

    A row is known by its site, its module, all its raw cells and its place among equal rows of the file, so that
    the same file adds nothing twice, a longer one only what is new, and two equal loads are both kept.
    """

    def __init__(self, module: Module, site: Site, actor: Actor, plan: Plan, header: Sequence[str]) -> None:
        self.module, self.site, self.actor = module, site, actor
        self.width = len(header)
        found = places(module, plan, header)
        self.columns = [
            (key, place, Translation(translations(module, plan, key))) for key, place in found.items()
        ]
        self.reader = RowReader(module.schema, {"siteId", *found})
        self.sent_keys = key_names(module)
        self.equal_rows: dict[int, int] = {}
        self.beginnings: dict[str, str] = {}
        self.head = f"{site.id}\x1e{module.name}\x1e"

    def draft(self, row: Row) -> Drafted | BadRow:
        """The row as a record with its client key, or what is wrong with it."""
        key = self.key_of(row)
        if len(row.cells) != self.width:
            reason = say(
                "It has %(cells)s cells, the header has %(columns)s", cells=len(row.cells), columns=self.width
            )
            return BadRow(row, (Fault("", "", reason),))
        sent: dict[str, Any] = {"siteId": self.site.id}
        untranslated: list[Problem] = []
        for name, place, translation in self.columns:
            text = translation.of(row.cells[place])
            if isinstance(text, Message):
                untranslated.append(Problem(name, text))
            else:
                sent[name] = text
        one = self.judged(self.reader.read(sent), untranslated)
        if one.problems:
            return self.bad(row, one.problems)
        one.record.client_key = key
        return Drafted(row, one.record)

    def judged(self, reading: Reading, untranslated: list[Problem]) -> Draft:
        site = reading.values.get("site")
        if site is not None and site is not self.site and site.id != self.site.id:
            return Draft(None, [*reading.problems, Problem("siteId", OTHER_SITE)], [])
        if untranslated:
            told = {problem.field for problem in untranslated}
            others = [problem for problem in reading.problems if problem.field not in told]
            return Draft(None, [*untranslated, *others], [])
        if reading.problems:
            return Draft(None, reading.problems, [])
        return draft_of(self.module, reading, self.actor)

    def key_of(self, row: Row) -> str:
        """The key: a digest of all cells, after a piece of one of the first cell.

        Rows of one day mostly stand together and begin alike, so their keys do, and an index takes them in fast.
        """
        digest = hashlib.sha256((self.head + "\x1f".join(row.cells)).encode("utf-8", "surrogatepass"))
        short = int.from_bytes(digest.digest()[:8], "big")
        place = self.equal_rows.get(short, 0)
        self.equal_rows[short] = place + 1
        if place:
            digest.update(b"\x1e%d" % place)
        return self.beginning(row.cells[0]) + digest.hexdigest()[BEGINNING:]

    def beginning(self, cell: str) -> str:
        found = self.beginnings.get(cell)
        if found is None:
            if len(self.beginnings) >= MOST_REMEMBERED:
                self.beginnings.clear()
            digest = hashlib.sha256(cell.encode("utf-8", "surrogatepass")).hexdigest()
            found = self.beginnings[cell] = digest[:BEGINNING]
        return found

    def bad(self, row: Row, problems: Sequence[Problem]) -> BadRow:
        """The row with its faults: the raw text of each field, and what would cure it."""
        texts = {key: row.cells[place] for key, place, _ in self.columns}
        faults = []
        for problem in problems:
            key = self.sent_keys.get(problem.field, problem.field)
            text = texts.get(problem.field, texts.get(key, ""))
            faults.append(Fault(problem.field, text, self.cure(key, text, problem.message)))
        return BadRow(row, tuple(faults))

    def cure(self, key: str, text: str, reason: Message) -> Message:
        field = next((one for one in self.module.schema.fields if one.key == key), None)
        if reason == REQUIRED:
            return BLANK
        if field is not None and field.reference and reason == field.invalid:
            cure = 'There is none by the name "%(given)s": correct it, or add the alias "%(given)s=CODE"'
            return say(cure, given=text.strip())
        if field is not None and field.choices and reason == field.invalid:
            return say(
                '"%(given)s" is none of %(choices)s', given=text.strip(), choices=", ".join(field.choices)
            )
        if reason.text == kinds.TEXTS["string_too_long"]:
            cure = "%(length)s characters, %(max_length)s at most: shorten it"
            return say(cure, length=len(text), **reason.params)
        return reason


def key_names(module: Module) -> Mapping[str, str]:
    """{a name a problem may bear: the key of its field}."""
    return {name: one.key for one in module.schema.fields for name in (*one.names, one.name)}


class Translation:
    """What the texts of one column stand for; each text is looked at once."""

    def __init__(self, steps: Sequence[Translate]) -> None:
        self.steps = steps
        self.remembered: dict[str, str | Message] = {}

    def of(self, text: str) -> str | Message:
        """The text that the schema reads, or why there is none."""
        found = self.remembered.get(text)
        if found is None:
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered.clear()
            found = self.remembered[text] = self.translated(text)
        return found

    def translated(self, text: str) -> str | Message:
        text = unguarded(text)
        try:
            for step in self.steps:
                text = step(text)
        except units.Unreadable as unreadable:
            return unreadable.message
        return text


def translations(module: Module, plan: Plan, key: str) -> list[Translate]:
    """The steps from a column's raw text to what the schema reads: aliases, the unit, the form of dates."""
    steps: list[Translate] = []
    field = next((one for one in module.schema.fields if one.key == key), None)
    aliases = plan.aliases.get(key)
    if aliases:
        steps.append(lambda text: by_alias(aliases, text))
    if field is not None and field.kind.is_number:
        steps.append(lambda text: units.with_point(text, plan.decimal))
    unit = plan.units.get(key, units.TONS)
    if unit != units.TONS:
        steps.append(lambda text: units.in_tons(text, unit))
    if plan.date_format and field is not None and field.kind is kinds.DAY:
        steps.append(lambda text: iso_day(text, plan.date_format))
    return steps


def by_alias(aliases: Mapping[str, str], text: str) -> str:
    found = aliases.get(text.strip().casefold())
    if found is None and text.strip():
        found = aliases.get(EVERY_OTHER)
    return text if found is None else found


def iso_day(text: str, date_format: str) -> str:
    """The date as ISO; one of another form stays as it is, and the schema says what it is not."""
    try:
        return datetime.strptime(text.strip(), date_format).date().isoformat()  # noqa: DTZ007 - a plain date
    except ValueError:
        return text
