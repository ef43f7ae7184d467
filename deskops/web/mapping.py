"""What the columns of an uploaded file mean: the form of an import's plan."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from deskops.errors import Problem, ValidationFailed, say
from deskops.imports import plan as plans
from deskops.imports.plan import EVERY_OTHER, UTF8, Plan
from deskops.imports.source import Source
from deskops.imports.units import KILOGRAMS, TONS
from deskops.records.module import Module
from deskops.schema import kinds
from deskops.schema.fields import Field
from deskops.web import words
from deskops.web.filters import Option
from deskops.web.forms import SITE
from deskops.web.uploads import Upload

SHOWN_ROWS = 3
ENCODINGS = (UTF8, "cp1256", "cp1252", "utf-16")
Sent = Mapping[str, str]


class FieldMapping(NamedTuple):
    """One field: the column that holds it, its unit where it is a weight, its aliases where it names something."""

    key: str
    label: str
    is_required: bool
    columns: list[Option]
    units: list[Option]
    aliases: str | None
    samples: str


class FileSample(NamedTuple):
    header: list[str]
    rows: list[list[str]]


def read_sample(upload: Upload, plan: Plan) -> FileSample:
    """The header and the first rows. Raises FileRefused."""
    with Source(upload.path, plan.encoding, plan.delimiter) as file:
        return FileSample(list(file.header), [row.cells for row in islice(file, SHOWN_ROWS)])


def mappings(module: Module, plan: Plan, sample: FileSample) -> list[FieldMapping]:
    return [mapping(one, plan, sample) for one in module.schema.fields if one.key != SITE]


def mapping(one: Field, plan: Plan, sample: FileSample) -> FieldMapping:
    chosen = plan.columns.get(one.key, "")
    columns = [Option(name, name, name == chosen) for name in sample.header if name]
    unit = plan.units.get(one.key, TONS)
    units = [Option(name, name, name == unit) for name in KILOGRAMS] if one.kind is kinds.TONS else []
    aliases = "\n".join(f"{text}={code}" for text, code in plan.aliases.get(one.key, {}).items())
    place = sample.header.index(chosen) if chosen in sample.header else -1
    texts = [row[place] for row in sample.rows if 0 <= place < len(row)]
    return FieldMapping(
        key=one.key,
        label=words.text(one.label),
        is_required=one.required,
        columns=columns,
        units=units,
        aliases=aliases if one.reference or one.choices else None,
        samples=" · ".join(dict.fromkeys(text for text in texts if text)),
    )


def guessed(module: Module, header: list[str]) -> Plan:
    """A plan by the columns' names."""
    by_name = {name.casefold(): name for name in reversed(header)}
    columns = {}
    for one in module.schema.fields:
        names = (*one.names, *one.json_keys, one.name, one.label, words.text(one.label))
        found = next((by_name[name.casefold()] for name in names if name.casefold() in by_name), None)
        if found and one.key != SITE:
            columns[one.key] = found
    return Plan(columns=columns)


def read_plan(module: Module, sent: Sent) -> Plan:
    """The plan that was typed. Raises ValidationFailed."""
    keys = [one.key for one in module.schema.fields if one.key != SITE]
    aliases: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    for key in keys:
        found = read_aliases(sent.get(f"alias-{key}", ""), problems)
        if found:
            aliases[key] = found
    if problems:
        raise ValidationFailed.of(problems)
    plan = Plan(
        columns={key: name for key in keys if (name := sent.get(f"column-{key}", ""))},
        units={key: unit for key in keys if (unit := sent.get(f"unit-{key}", TONS)) != TONS},
        aliases=aliases,
        date_format=sent.get("date-format", "").strip(),
        encoding=sent.get("encoding", UTF8),
        delimiter=sent.get("delimiter", "").strip(),
        skip_bad=sent.get("skip-bad") == "on",
    )
    return plans.checked(module, plan)


def read_aliases(text: str, problems: list[Problem]) -> dict[str, str]:
    """TEXT=CODE, one a line; the text * stands for every other."""
    found = {}
    for line in text.splitlines():
        name, equals, code = line.rpartition("=")
        if not line.strip():
            continue
        if not (equals and name.strip() and code.strip()):
            problems.append(
                Problem(
                    "alias",
                    say(
                        "“%(line)s” is not of the form TEXT=CODE (or %(every)s=CODE)",
                        line=line,
                        every=EVERY_OTHER,
                    ),
                )
            )
            continue
        found[name] = code.strip()
    return found
