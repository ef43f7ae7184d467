"""The unique keys of a module, among records that are neither void nor cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskops.database import rows
from deskops.errors import DeskOpsError, DuplicateRecord
from deskops.records.module import Change, Check, Module
from deskops.records.record import COUNTED_SQL, Record

AT_ONCE = 200


def taken_keys(module: Module) -> Check:
    """The check that no record of a batch takes a key that another one holds."""

    def check(changes: Sequence[Change]) -> Mapping[int, DeskOpsError]:
        asked = [
            (index, key_of(module, change.after))
            for index, change in enumerate(changes)
            if change.after and change.after.is_counted
        ]
        holders = stored_holders(module, sorted({key for _, key in asked}))
        own = {change.after.id for change in changes if change.before and change.after}
        new = {change.after.id for change in changes if change.after and not change.before}
        conflicts: dict[int, DeskOpsError] = {}
        for index, key in asked:
            holder = holders.get(key)
            record = changes[index].after
            assert record is not None
            if holder is not None and holder != record.id and holder not in own:
                stored: dict[str, Any] = {"id": holder} if holder not in new else {}
                conflicts[index] = DuplicateRecord(key=readable_key(module, record), **stored)
            holders[key] = record.id
        return conflicts

    return check


def key_of(module: Module, record: Record) -> tuple[Any, ...]:
    fields = module.schema.by_name
    return tuple(fields[name].column.db_value(record.__data__[name]) for name in module.unique)


def readable_key(module: Module, record: Record) -> dict[str, Any]:
    """The key as an answer names it: {key: value}."""
    fields = module.schema.by_name
    return {
        fields[name].key: fields[name].kind.plain(getattr(record, name)) or None for name in module.unique
    }


def stored_holders(module: Module, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
    """{key: id of the record that holds it}, read by the unique index."""
    columns = [module.schema.by_name[name].column for name in module.unique]
    names = ", ".join(column.column_name for column in columns)
    one = "(" + " AND ".join(f"{column.column_name} = ?" for column in columns) + ")"
    found: dict[tuple[Any, ...], str] = {}
    for start in range(0, len(keys), AT_ONCE):
        part = keys[start : start + AT_ONCE]
        any_of = " OR ".join([one] * len(part))
        sql = f"SELECT id, {names} FROM {module.model._meta.table_name} WHERE {COUNTED_SQL} AND ({any_of})"
        for holder, *values in rows(sql, [value for key in part for value in key]):
            key = tuple(
                column.db_value(column.python_value(value))
                for column, value in zip(columns, values, strict=True)
            )
            found[key] = holder
    return found
