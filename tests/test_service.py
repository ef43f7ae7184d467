"""The verbs of the engine: create, correct and void, each one transaction with its audit entry and its totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.audit.chain import AuditEntry, broken_links
from deskops.errors import (
    DuplicateRecord,
    EditConflict,
    Forbidden,
    IdempotencyConflict,
    InvalidSiteId,
    NotFound,
    ValidationFailed,
)
from deskops.modules import EQUIPMENT, MANPOWER, MODULES, PRODUCTION, RECEIVED
from deskops.records import consequences, cube, listing, service, totals
from deskops.records.consequences import Consequences
from deskops.records.module import Change, Module
from deskops.schema import counters
from tests.samples import as_read, sample

Cast = Callable[[str], Actor]
every_module = pytest.mark.parametrize("module", MODULES.values(), ids=list(MODULES))


def enter(module: Module, site: Site, actor: Actor, **values: Any) -> Any:
    return service.create(module, as_read(sample(module.name, site, **values)), actor).record


def stored(module: Module) -> int:
    return database.rows(f"SELECT COUNT(*) FROM {module.model._meta.table_name}")[0][0]


def test_a_record_is_stored_exactly(alpha: Site, cast: Cast) -> None:
    record = enter(PRODUCTION, alpha, cast("ben"), quantity=999999.999)
    assert listing.get(PRODUCTION, record.id, cast("ben")).quantity == Decimal("999999.999")
    assert database.rows("SELECT quantity FROM production") == [(999_999_999,)]


def test_a_clerk_may_not_enter_at_another_site(beta: Site, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        enter(PRODUCTION, beta, cast("ben"))
    assert stored(PRODUCTION) == 0


def test_a_viewer_may_not_enter(alpha: Site, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        enter(RECEIVED, alpha, cast("vera"))


def test_every_bad_field_is_told_at_once(alpha: Site, cast: Cast) -> None:
    with pytest.raises(ValidationFailed) as refused:
        enter(PRODUCTION, alpha, cast("ben"), quantity=-1, materialId="GOLD", shift="EVENING")
    texts = {
        field: [str(message) for message in messages] for field, messages in refused.value.fields.items()
    }
    assert texts == {
        "quantity": ["Must be at least 0.001"],
        "materialId": ["Invalid material ID"],
        "shift": ["This value is not one of the choices"],
    }


def test_a_day_to_come_is_told_beside_every_other_bad_field(alpha: Site, cast: Cast) -> None:
    tomorrow = (alpha.today() + timedelta(days=1)).isoformat()
    with pytest.raises(ValidationFailed) as refused:
        enter(PRODUCTION, alpha, cast("ben"), date=tomorrow, quantity=-1)
    assert set(refused.value.fields) == {"date", "quantity"}


def test_an_unknown_site_has_its_own_code_only_where_nothing_else_is_wrong(alpha: Site, cast: Cast) -> None:
    with pytest.raises(InvalidSiteId):
        enter(PRODUCTION, alpha, cast("ben"), siteId="NOWHERE")
    with pytest.raises(ValidationFailed):
        enter(PRODUCTION, alpha, cast("ben"), siteId="NOWHERE", quantity="x")


def test_no_record_lies_in_the_sites_future(alpha: Site, cast: Cast) -> None:
    with pytest.raises(ValidationFailed) as refused:
        enter(RECEIVED, alpha, cast("ben"), date=(alpha.today() + timedelta(days=1)).isoformat())
    assert list(refused.value.fields) == ["date"]


def test_a_key_makes_one_record_for_ever(alpha: Site, cast: Cast) -> None:
    sent = as_read(sample("received", alpha))
    first = service.create(RECEIVED, sent, cast("ben"), key="form-1")
    second = service.create(RECEIVED, sent, cast("ben"), key="form-1")
    assert (first.is_new, second.is_new) == (True, False)
    assert second.record.id == first.record.id
    assert stored(RECEIVED) == 1
    assert totals.verify(RECEIVED) == []


def test_a_key_used_with_another_body_is_refused(alpha: Site, cast: Cast) -> None:
    service.create(RECEIVED, as_read(sample("received", alpha)), cast("ben"), key="form-1")
    with pytest.raises(IdempotencyConflict):
        service.create(RECEIVED, as_read(sample("received", alpha, quantity=9)), cast("ben"), key="form-1")


def test_two_people_may_use_the_same_key(alpha: Site, cast: Cast) -> None:
    for name in ("ben", "ann"):
        assert service.create(RECEIVED, as_read(sample("received", alpha)), cast(name), key="1").is_new
    assert stored(RECEIVED) == 2


def test_two_equal_loads_without_a_key_are_two_loads(alpha: Site, cast: Cast) -> None:
    enter(RECEIVED, alpha, cast("ben"))
    enter(RECEIVED, alpha, cast("ben"))
    assert stored(RECEIVED) == 2


def test_a_taken_key_of_a_shift_is_named(alpha: Site, cast: Cast) -> None:
    first = enter(PRODUCTION, alpha, cast("ben"))
    with pytest.raises(DuplicateRecord) as refused:
        enter(PRODUCTION, alpha, cast("ann"), quantity=3)
    assert refused.value.details["id"] == first.id
    assert refused.value.details["key"]["materialId"] == "AGG-3/4"


def test_a_missing_shift_counts_as_one_value(alpha: Site, cast: Cast) -> None:
    enter(MANPOWER, alpha, cast("ben"), shift="")
    with pytest.raises(DuplicateRecord):
        enter(MANPOWER, alpha, cast("ben"), shift="")


@pytest.mark.parametrize("freed_by", ["void", "cancel"])
def test_a_key_is_free_again_once_its_record_is_out_of_the_sums(
    alpha: Site, cast: Cast, freed_by: str
) -> None:
    first = enter(PRODUCTION, alpha, cast("ben"))
    if freed_by == "void":
        service.void(PRODUCTION, first.id, cast("ben"), reason="typed twice")
    else:
        service.correct(PRODUCTION, first.id, {"status": "CANCELLED"}, cast("ben"))
    enter(PRODUCTION, alpha, cast("ben"))
    assert totals.verify(PRODUCTION) == []


def test_a_cancelled_record_does_not_come_back_over_another(alpha: Site, cast: Cast) -> None:
    first = enter(PRODUCTION, alpha, cast("ben"))
    service.correct(PRODUCTION, first.id, {"status": "CANCELLED"}, cast("ben"))
    enter(PRODUCTION, alpha, cast("ben"))
    with pytest.raises(DuplicateRecord):
        service.correct(PRODUCTION, first.id, {"status": "ACTIVE"}, cast("ben"))


def test_one_bad_record_of_many_stores_none(alpha: Site, cast: Cast) -> None:
    sents = [as_read(sample("received", alpha)), as_read(sample("received", alpha, quantity=0))]
    with pytest.raises(ValidationFailed) as refused:
        service.create_many(RECEIVED, sents, cast("ben"))
    assert list(refused.value.details["rows"]) == [1]
    assert stored(RECEIVED) == 0


def test_two_records_of_one_batch_may_not_share_a_key(alpha: Site, cast: Cast) -> None:
    sents = [as_read(sample("production", alpha)), as_read(sample("production", alpha, quantity=3))]
    with pytest.raises(DuplicateRecord) as refused:
        service.create_many(PRODUCTION, sents, cast("ben"))
    assert refused.value.details["row"] == 1
    assert stored(PRODUCTION) == 0


def test_a_correction_changes_only_what_was_sent(alpha: Site, cast: Cast) -> None:
    record = enter(RECEIVED, alpha, cast("ben"))
    after = service.correct(RECEIVED, record.id, {"quantity": 20}, cast("ben"), version=1).record
    assert (after.quantity, after.source, after.version) == (Decimal(20), "Old harbour", 2)
    assert listing.get(RECEIVED, record.id, cast("ben")).quantity == Decimal(20)


def test_a_correction_of_an_old_version_answers_the_record_as_it_stands(alpha: Site, cast: Cast) -> None:
    record = enter(RECEIVED, alpha, cast("ben"))
    service.correct(RECEIVED, record.id, {"quantity": 20}, cast("ann"), version=1)
    with pytest.raises(EditConflict) as refused:
        service.correct(RECEIVED, record.id, {"quantity": 30}, cast("ben"), version=1)
    assert refused.value.current.quantity == Decimal(20)


def test_a_clerk_corrects_and_voids_only_their_own(alpha: Site, cast: Cast) -> None:
    record = enter(RECEIVED, alpha, cast("ann"))
    with pytest.raises(Forbidden):
        service.correct(RECEIVED, record.id, {"quantity": 20}, cast("ben"))
    with pytest.raises(Forbidden):
        service.void(RECEIVED, record.id, cast("ben"), reason="mine?")
    service.void(RECEIVED, record.id, cast("ann"), reason="typed twice")


def test_a_record_stays_at_its_site(alpha: Site, beta: Site, cast: Cast) -> None:
    record = enter(RECEIVED, alpha, cast("ada"))
    with pytest.raises(ValidationFailed):
        service.correct(RECEIVED, record.id, {"siteId": beta.code}, cast("ada"))


def test_a_void_record_is_gone_from_lists_and_sums_and_stays_stored(alpha: Site, cast: Cast) -> None:
    record = enter(RECEIVED, alpha, cast("ben"))
    service.void(RECEIVED, record.id, cast("ben"), reason="typed twice")
    with pytest.raises(NotFound):
        listing.get(RECEIVED, record.id, cast("ben"))
    with pytest.raises(NotFound):
        service.void(RECEIVED, record.id, cast("ben"), reason="again")
    assert stored(RECEIVED) == 1
    assert totals.by_day(RECEIVED, alpha.id, alpha.today(), alpha.today(), ["quantity"]) == []
    assert totals.verify(RECEIVED) == []


@every_module
def test_each_verb_writes_one_entry_and_keeps_the_chain_whole(
    alpha: Site, cast: Cast, module: Module
) -> None:
    record = enter(module, alpha, cast("ben"))
    service.correct(module, record.id, {"notes": "seen by Ben"}, cast("ben"))
    service.void(module, record.id, cast("ben"), reason="typed twice")
    entries = list(AuditEntry.select().where(AuditEntry.scope == alpha.id).order_by(AuditEntry.sequence))
    assert [entry.verb for entry in entries] == ["CREATED", "CORRECTED", "VOIDED"]
    assert "Ben" not in entries[1].changes, "notes are personal: a digest stands in the trail"
    assert broken_links(alpha.id) == []


def test_a_changed_entry_breaks_the_chain_where_it_stands(alpha: Site, cast: Cast) -> None:
    for _ in range(3):
        enter(RECEIVED, alpha, cast("ben"))
    AuditEntry.update(actor="somebody").where(
        AuditEntry.scope == alpha.id, AuditEntry.sequence == 2
    ).execute()
    assert broken_links(alpha.id) == [2]


def test_a_reaction_that_fails_takes_everything_back(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(module: Module, changes: Sequence[Change], actor: Actor) -> None:
        raise RuntimeError("the ledger is on fire")

    before = counters.recent().get(alpha.id, 0)
    monkeypatch.setattr(consequences, "_said", [Consequences((), (cube.keep, fail))])
    with pytest.raises(RuntimeError):
        enter(RECEIVED, alpha, cast("ben"))
    counters.forget()
    assert stored(RECEIVED) == 0
    assert AuditEntry.select().where(AuditEntry.scope == alpha.id).count() == 0
    assert counters.recent().get(alpha.id, 0) == before


def test_a_program_without_reactions_writes_nothing(
    alpha: Site, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consequences, "_said", [])
    with pytest.raises(RuntimeError, match="without reactions"):
        enter(RECEIVED, alpha, cast("ben"))
    assert stored(RECEIVED) == 0


def test_a_write_moves_its_sites_counter_only(alpha: Site, beta: Site, cast: Cast) -> None:
    before = dict(counters.recent())
    enter(RECEIVED, alpha, cast("ben"))
    after = counters.recent()
    assert after[alpha.id] == before.get(alpha.id, 0) + 1
    assert after.get(beta.id, 0) == before.get(beta.id, 0)


def test_a_units_hours_fit_in_a_day_over_all_its_shifts(alpha: Site, cast: Cast) -> None:
    first = enter(EQUIPMENT, alpha, cast("ben"), runHours=20, idleHours=0, downtimeHours=0)
    with pytest.raises(ValidationFailed):
        enter(EQUIPMENT, alpha, cast("ben"), shift="NIGHT", runHours=4.01, idleHours=0, downtimeHours=0)
    enter(EQUIPMENT, alpha, cast("ben"), shift="NIGHT", runHours=4, idleHours=0, downtimeHours=0)
    service.correct(EQUIPMENT, first.id, {"runHours": 19}, cast("ben"))


def test_hours_of_one_batch_are_added_up_too(alpha: Site, cast: Cast) -> None:
    sents = [
        as_read(sample("equipment", alpha, shift=shift, runHours=11.5)) for shift in ("MORNING", "NIGHT")
    ]
    with pytest.raises(ValidationFailed):
        service.create_many(EQUIPMENT, sents, cast("ben"))


def test_a_token_narrowed_to_other_sites_reaches_nothing_here(alpha: Site, beta: Site, cast: Cast) -> None:
    narrowed = replace(cast("ada"), only=frozenset({beta.id}))
    with pytest.raises(Forbidden):
        enter(RECEIVED, alpha, narrowed)


def test_a_read_token_writes_nothing(alpha: Site, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        enter(RECEIVED, alpha, replace(cast("ann"), may_write=False))


def test_a_doubt_warns_and_does_not_refuse(alpha: Site, cast: Cast) -> None:
    saved = service.create(
        PRODUCTION, as_read(sample("production", alpha, materialId="RAW-MIXED")), cast("ben")
    )
    assert [doubt.field for doubt in saved.doubts] == ["materialId"]
    assert stored(PRODUCTION) == 1
