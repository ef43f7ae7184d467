"""Writing an import: its row, its chunks, its end. Each is one transaction that takes the site's counter first.

This is the one place where records are deleted: those of an import that never came to be. Everything else that is
taken back is voided and stays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from deskops.accounts.actor import SYSTEM, Actor
from deskops.audit.chain import Event, append
from deskops.database import execute, rows, transaction, utc_now
from deskops.errors import DeskOpsError, DuplicateRecord, ValidationFailed, say
from deskops.imports.drafting import Drafted
from deskops.imports.liveness import this_process
from deskops.imports.models import DONE, RUNNING, UNDER_WAY, UNDOING, UNDONE, WAITING, Import
from deskops.imports.outcome import BadRow, Fault, Tally
from deskops.imports.refusals import ImportTakenAway, ImportUnderWay
from deskops.records import consequences, listing, service
from deskops.records.module import Change, Module
from deskops.records.trail import chunk_event, signature
from deskops.schema import counters

CHUNK_ROWS = 2_000
MOST_REASONS = 200
TAKEN = say("The same was entered already: %(key)s")


def claim(run: Import) -> None:
    """Make this process the one that runs the import. Raises ImportUnderWay where another is at the site.

    The row may be new, or waiting.
    """
    with transaction():
        counters.take([run.site_id])
        others = (Import.site == run.site_id) & Import.state.in_(UNDER_WAY)
        if Import.select().where(others).exists():
            raise ImportUnderWay
        values = {
            "state": RUNNING,
            "process": this_process(),
            "heartbeat_at": utc_now(),
            "total_rows": run.total_rows,
        }
        is_new = not Import.select().where(Import.id == run.id).exists()
        still_waits = (Import.id == run.id) & (Import.state == WAITING)
        if not is_new and not Import.update(**values).where(still_waits).execute():
            raise ImportTakenAway
        set_values(run, values)
        if is_new:
            run.save(force_insert=True)


def audit(run: Import, verb: str, actor: str, facts: dict[str, list[Any]]) -> None:
    append(run.site_id, actor, [Event(verb, run.module, run.id, facts)])


def begin(run: Import, actor: Actor) -> None:
    """Say on the site's chain that the import starts to write."""
    with transaction():
        counters.take([run.site_id])
        audit(run, "IMPORT_BEGUN", signature(actor), {"file": [None, run.file_name]})


def store_chunk(
    run: Import, module: Module, drafted: Sequence[Drafted], actor: Actor, tally: Tally
) -> list[BadRow]:
    """Write those rows that are new; answers those that something stored, or another of these, stands against."""
    with transaction():
        counters.take([run.site_id])
        new, known = without_known(module, drafted)
        good, bad = without_conflicts(module, new)
        for one in good:
            one.record.import_id = run.id
        records = [one.record for one in good]
        if records:
            service.insert(module, records)
            append(run.site_id, signature(actor), [chunk_event(module, run.id, records)])
            consequences.react(module, [Change(None, record) for record in records], actor)
        tally.already_there += known
        tally.add_good(sums_of(module, records), len(records))
        save_progress(run, tally, len(bad))
    return bad


def without_known(module: Module, drafted: Sequence[Drafted]) -> tuple[list[Drafted], int]:
    """Those whose key no record has, and how many have one."""
    keys = [one.record.client_key for one in drafted]
    if not keys:
        return [], 0
    marks = ", ".join("?" * len(keys))
    found = rows(f"SELECT client_key FROM {listing.table(module)} WHERE client_key IN ({marks})", keys)
    known = {key for (key,) in found}
    return [one for one in drafted if one.record.client_key not in known], len(known)


def without_conflicts(module: Module, new: Sequence[Drafted]) -> tuple[list[Drafted], list[BadRow]]:
    conflicts = service.find_conflicts(module, [Change(None, one.record) for one in new])
    bad = [BadRow(new[index].row, faults_of(conflict)) for index, conflict in conflicts.items()]
    return [one for index, one in enumerate(new) if index not in conflicts], bad


def faults_of(conflict: DeskOpsError) -> tuple[Fault, ...]:
    if isinstance(conflict, ValidationFailed):
        return tuple(Fault(name, "", reason) for name, found in conflict.fields.items() for reason in found)
    if not isinstance(conflict, DuplicateRecord):
        return (Fault("date", str(conflict.details.get("date", "")), conflict.message),)
    key = conflict.details.get("key", {})
    shown = ", ".join(f"{name} {value}" for name, value in key.items() if value)
    return (Fault(", ".join(key), shown, say(TAKEN.text, key=", ".join(key))),)


def sums_of(module: Module, records: Sequence[Any]) -> dict[str, Decimal]:
    """{measure: sum} of these records."""
    return {
        field.name: Decimal(sum(getattr(record, field.name) or 0 for record in records))
        for field in module.measures
    }


def save_progress(run: Import, tally: Tally, bad: int = 0) -> None:
    """Bring the row in step. Raises ImportTakenAway where another process has begun to undo this import."""
    values = {**tally_values(tally), "bad": tally.bad + bad, "heartbeat_at": utc_now()}
    mine = (Import.id == run.id) & (Import.state == RUNNING) & (Import.process == run.process)
    if not Import.update(**values).where(mine).execute():
        raise ImportTakenAway
    set_values(run, values)


def tally_values(tally: Tally) -> dict[str, Any]:
    return {
        "rows_read": tally.rows,
        "stored": tally.good,
        "already_there": tally.already_there,
        "bad": tally.bad,
        "sums": json.dumps({name: f"{value:f}" for name, value in tally.sums.items() if value}),
    }


def save_reading(run: Import, rows: int) -> None:
    """Say how far a file is read. Raises ImportTakenAway."""
    with transaction():
        save_progress(run, Tally(rows=rows))


def end(run: Import, actor: Actor, tally: Tally, bad_file: str | None) -> None:
    """Close the import, with all its figures."""
    with transaction():
        counters.take([run.site_id])
        save_progress(run, tally)
        keep_reasons(run, tally)
        change(run, state=DONE, finished_at=utc_now(), bad_file=bad_file)
        facts: dict[str, list[Any]] = {
            "records": [0, tally.good],
            "bad": [None, tally.bad],
            **sum_facts(tally),
        }
        audit(run, "IMPORT_DONE", signature(actor), facts)


def keep_reasons(run: Import, tally: Tally) -> None:
    """Note why rows are bad, the commonest reasons first."""
    with transaction():
        change(run, bad=tally.bad, rows_read=tally.rows, reasons=json.dumps(tally.by_reason[:MOST_REASONS]))


def sum_facts(tally: Tally) -> dict[str, list[Any]]:
    return {name: [None, f"{value:f}"] for name, value in tally.sums.items() if value}


def change(run: Import, **values: Any) -> None:
    Import.update(**values).where(Import.id == run.id).execute()
    set_values(run, values)


def set_values(run: Import, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(run, name, value)


def undo(run: Import, module: Module, error: str, state: str = UNDONE) -> None:
    """Take away every record of an import that did not end: some at a time, totals and audit in step.

    May be called again, by any process, until it is through; then the import has that state. The rows' keys are
    free again.
    """
    seen = run.process
    with transaction():
        counters.take([run.site_id])
        mine = (Import.id == run.id) & Import.state.in_(UNDER_WAY) & (Import.process == seen)
        values = {
            "state": UNDOING,
            "process": this_process(),
            "heartbeat_at": utc_now(),
            "error": error[:500],
        }
        if not Import.update(**values).where(mine).execute():
            return
        set_values(run, values)
    while remove_some(run, module, state):
        pass


def remove_some(run: Import, module: Module, state: str) -> bool:
    """Remove one chunk; the last call, that finds none, closes the import. Whether there may be more."""
    with transaction():
        counters.take([run.site_id])
        table = listing.table(module)
        sql = f"SELECT {listing.columns(module)} FROM {table} WHERE import_id = ? LIMIT ?"
        records = [module.model.from_row(row) for row in rows(sql, (run.id, CHUNK_ROWS))]
        if not records:
            close_undone(run, state)
            return False
        marks = ", ".join("?" * len(records))
        execute(f"DELETE FROM {table} WHERE id IN ({marks})", [record.id for record in records])
        consequences.react(module, [Change(record, None) for record in records], SYSTEM)
        change(run, heartbeat_at=utc_now())
    return True


def close_undone(run: Import, state: str) -> None:
    written = Import.get_by_id(run.id).stored
    if written or state == UNDONE:
        audit(run, "IMPORT_UNDONE", run.user_id, {"records": [written, 0]})
    change(run, state=state, stored=0, already_there=0, sums="{}", finished_at=utc_now())
