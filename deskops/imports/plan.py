"""What the columns of a file mean: a plan, made from options, kept by a name, read against a header."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from deskops.database import transaction, utc_now
from deskops.errors import Problem, ValidationFailed, say
from deskops.imports import units
from deskops.imports.models import ImportProfile
from deskops.imports.refusals import ColumnsMissing, FileRefused
from deskops.records.module import Module
from deskops.schema import kinds
from deskops.schema.columns import new_id

EVERY_OTHER = "*"
UTF8 = "utf-8-sig"
PROFILE_NAME = kinds.adapter(kinds.TEXT, max_length=100)


@dataclass(frozen=True)
class Plan:
    """How a file of one source is read.

    `columns` is {field: header}; without any, headers are taken for field names. `units` is {field: unit},
    `aliases` {field: {text: code}}, where the text * stands for every other. `date_format` is strptime's, ISO
    without one; `decimal` says what decimals stand after, point or comma, where 2,260 would have two meanings;
    an empty `delimiter` is guessed from the header. `skip_bad` brings in the good rows alone.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_format: str = ""
    decimal: str = ""
    encoding: str = UTF8
    delimiter: str = ""
    skip_bad: bool = False

    def json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    def over(self, base: Plan) -> Plan:
        """This plan, with what it leaves open taken from another one."""
        aliases = {key: {**base.aliases.get(key, {})} for key in (*base.aliases, *self.aliases)}
        for key, texts in self.aliases.items():
            aliases[key] |= texts
        return replace(
            self,
            columns={**base.columns, **self.columns},
            units={**base.units, **self.units},
            aliases=aliases,
            date_format=self.date_format or base.date_format,
            decimal=self.decimal or base.decimal,
            encoding=self.encoding if self.encoding != UTF8 else base.encoding,
            delimiter=self.delimiter or base.delimiter,
        )


def from_json(text: str) -> Plan:
    return Plan(**json.loads(text))


def fields_by_name(module: Module) -> dict[str, str]:
    """{every name a column may be mapped by: the name it is sent by}; the site is not one: it is given once."""
    names: dict[str, str] = {}
    for one in module.schema.fields:
        names |= dict.fromkeys((*one.names, *one.json_keys, one.name), one.key)
        if one.instead:
            names[one.instead.name] = one.instead.name
    return names


def checked(module: Module, plan: Plan) -> Plan:
    """The plan by the fields' own names, texts of aliases ready to compare. Raises ValidationFailed."""
    names, problems = fields_by_name(module), []
    for part, given in (("map", plan.columns), ("unit", plan.units), ("alias", plan.aliases)):
        problems += [
            Problem(
                part, say("There is no field %(name)s; there are %(names)s", name=name, names=listed(names))
            )
            for name in given
            if name not in names
        ]
    if problems:
        raise ValidationFailed.of(problems)
    columns = {names[name]: header for name, header in plan.columns.items()}
    if len(columns) < len(plan.columns):
        problems.append(Problem("map", say("Two columns stand for one field")))
    problems += unit_problems(module, {names[name]: unit for name, unit in plan.units.items()})
    problems += reading_problems(plan)
    if problems:
        raise ValidationFailed.of(problems)
    aliases = {
        names[name]: {text.strip().casefold(): code.strip() for text, code in texts.items()}
        for name, texts in plan.aliases.items()
    }
    return replace(
        plan, columns=columns, units={names[name]: unit for name, unit in plan.units.items()}, aliases=aliases
    )


def listed(names: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(names.values()))


def unit_problems(module: Module, given: Mapping[str, str]) -> list[Problem]:
    weights = {one.key for one in module.schema.fields if one.kind is kinds.TONS}
    text = say("One of %(units)s", units=", ".join(units.KILOGRAMS))
    unknown = [Problem("unit", text) for unit in given.values() if unit not in units.KILOGRAMS]
    no_weight = [
        Problem("unit", say("%(field)s is no weight", field=key)) for key in given if key not in weights
    ]
    return unknown + no_weight


def reading_problems(plan: Plan) -> list[Problem]:
    problems = []
    try:
        "".encode(plan.encoding)
    except (LookupError, ValueError):
        problems.append(Problem("encoding", say("Not an encoding, such as utf-8 or cp1256")))
    if plan.decimal not in ("", *units.DECIMALS):
        problems.append(Problem("decimal", say("point or comma")))
    if plan.delimiter and (len(plan.delimiter) != 1 or plan.delimiter in '\r\n" '):
        problems.append(Problem("delimiter", say("One character, such as , or ;")))
    if plan.date_format:
        try:
            shown = datetime(2001, 12, 31).strftime(plan.date_format)  # noqa: DTZ001 - only its form counts
            complete = datetime.strptime(shown, plan.date_format).date().isoformat() == "2001-12-31"  # noqa: DTZ007
        except (ValueError, re.error):
            complete = False
        if not complete:
            problems.append(Problem("date-format", say("Needs day, month and year, such as %%d/%%m/%%Y")))
    return problems


def places(module: Module, plan: Plan, header: Sequence[str]) -> dict[str, int]:
    """{field: place of its column}. Raises FileRefused for a column that is not there, or a field without one."""
    if plan.columns:
        found = {key: place_of(column, header) for key, column in plan.columns.items()}
    else:
        keys = {name for one in module.schema.fields for name in one.names}
        found = {name: header.index(name) for name in header if name in keys}
    lacking = [
        one.key
        for one in module.schema.fields
        if one.required
        and one.key != "siteId"
        and not found.keys() & {*one.names, *([one.instead.name] if one.instead else [])}
    ]
    if lacking:
        text = "No column stands for %(fields)s. The file has: %(columns)s. Say which stands for each"
        raise ColumnsMissing(say(text, fields=", ".join(lacking), columns=", ".join(header)))
    return found


def place_of(column: str, header: Sequence[str]) -> int:
    wanted = column.strip()
    if header.count(wanted) == 1:
        return header.index(wanted)
    text = "The file has no column %(column)s; it has: %(columns)s"
    if wanted in header:
        text = "The file has several columns %(column)s: %(columns)s"
    raise FileRefused(say(text, column=wanted, columns=", ".join(header)))


def save_profile(module: Module, name: str, plan: Plan) -> None:
    """Keep a plan by this name, in place of an earlier one. Raises ValidationFailed for a name that is no text."""
    problems = [Problem("profile-name", message) for message in kinds.wrong(PROFILE_NAME, name)]
    if problems:
        raise ValidationFailed.of(problems)
    with transaction():
        values = {"plan": plan.json(), "updated_at": utc_now()}
        insert: Any = ImportProfile.insert(id=new_id(), module=module.name, name=name, **values)
        insert.on_conflict(
            conflict_target=[ImportProfile.module, ImportProfile.name], update=values
        ).execute()


def profile(module: Module, name: str) -> Plan:
    """The plan kept by this name. Raises FileRefused, naming those that are there."""
    kept = {row.name: row for row in profiles(module)}
    if name not in kept:
        text = "There is no profile %(name)s of %(module)s; there are: %(names)s"
        names = ", ".join(kept) or "none"
        raise FileRefused(say(text, name=name, module=module.name, names=names))
    return from_json(kept[name].plan)


def profiles(module: Module) -> list[ImportProfile]:
    """The kept plans of a module, by name."""
    return list(
        ImportProfile.select().where(ImportProfile.module == module.name).order_by(ImportProfile.name)
    )
