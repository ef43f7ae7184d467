"""Two yards on which anything is done in any order: after each step the ledger is what the records say.

What is entered, corrected, voided, declared, closed and opened again goes through the functions that pages and scripts
call. What must hold is reckoned from the records alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, note, settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import ALLOW, BLOCK, Site
from deskops.audit.chain import AuditHead, broken_links
from deskops.days import closing
from deskops.days.models import DayClosing
from deskops.errors import DeskOpsError
from deskops.ledger import recount
from deskops.ledger.standing import standing
from deskops.modules import ADJUSTMENTS, DISPATCH, EVERY_MODULE, NILS, OPENINGS, PRODUCTION, RECEIVED
from deskops.records import service, totals
from deskops.records.cube import table_name
from deskops.records.module import Module
from deskops.schema import references

FIRST, DAYS, STEPS = date(2026, 3, 2), 12, 25
MATERIALS = ("AGG-3/4", "FINE-WASHED", "RAW-MIXED")
CORRECTED = ("date", "shift", "materialId", "quantity", "feed", "kind")
SHIFTS = ("", "MORNING", "AFTERNOON", "NIGHT")
MOVING = (PRODUCTION, RECEIVED, DISPATCH)
ENTERED = (*MOVING, ADJUSTMENTS, OPENINGS)
EVERY = (*ENTERED, NILS)
WORKING = {
    "work_days": "MON TUE WED THU SAT SUN",
    "work_shifts": "MORNING AFTERNOON",
    "reports": "production received dispatch",
}

Balances = dict[tuple[str, date], int]
NUMBERS = st.integers(0, 99)
OFFSETS = st.integers(0, DAYS - 1)
TONS = st.integers(1, 40_000).map(lambda kilograms: Decimal(kilograms) / 1000)
BODIES = st.fixed_dictionaries(
    {
        "at": st.integers(0, 1),
        "offset": OFFSETS,
        "material": st.sampled_from(MATERIALS),
        "tons": TONS,
        "shift": st.sampled_from(SHIFTS),
        "feed": st.none() | st.tuples(st.sampled_from(MATERIALS), TONS),
        "kind": st.sampled_from(["FEED", "SURVEY", "MOISTURE", "LOSS", "OPENING"]),
        "gains": st.booleans(),
    }
)


@dataclass(frozen=True)
class Yards:
    """Two sites, the one with the policy to allow and the other to block, and somebody who may do all at both."""

    sites: tuple[Site, Site]
    actor: Actor


def names(modules: tuple[Module, ...]) -> list[str]:
    return [module.name for module in modules]


def day_of(offset: int) -> date:
    return FIRST + timedelta(days=offset)


class LedgerMachine(stateful.RuleBasedStateMachine):
    """The steps of one example."""

    yards: Yards

    def __init__(self) -> None:
        super().__init__()
        self.sites, self.actor = self.yards.sites, self.yards.actor
        empty_the_yards(self.sites)
        self.entered: list[tuple[Module, str]] = []
        self.closed: dict[str, dict[date, dict[str, int]]] = {site.id: {} for site in self.sites}
        self.balances = {site.id: balances(site) for site in self.sites}
        self.days = {site.id: whole(site) for site in self.sites}

    @rule(body=BODIES, name=st.sampled_from(names(MOVING)))
    def enter(self, body: dict[str, Any], name: str) -> None:
        module = EVERY_MODULE[name]
        with self.step():
            self.keep(module, [service.create(module, sent(module, self.sites, body), self.actor)])

    @rule(body=BODIES, name=st.sampled_from(["openings", "openings", "adjustments"]))
    def keep_the_stock(self, body: dict[str, Any], name: str) -> None:
        module = EVERY_MODULE[name]
        with self.step(module):
            self.keep(module, [service.create(module, sent(module, self.sites, body), self.actor)])

    @rule(bodies=st.lists(BODIES, min_size=2, max_size=5), name=st.sampled_from(names(ENTERED)))
    def enter_many(self, bodies: list[dict[str, Any]], name: str) -> None:
        module = EVERY_MODULE[name]
        with self.step(module):
            sents = [sent(module, self.sites, body) for body in bodies]
            self.keep(module, service.create_many(module, sents, self.actor))

    @rule(at=st.integers(0, 1), offset=OFFSETS, days=st.integers(1, 4), by_shift=st.booleans())
    def declare_nil_for_what_is_missing(self, at: int, offset: int, days: int, by_shift: bool) -> None:
        """So that there are whole days, some in a row."""
        for number in range(offset, min(offset + days, DAYS)):
            for module in MOVING:
                shifts = WORKING["work_shifts"].split() if by_shift and module is PRODUCTION else [""]
                for shift in shifts:
                    self.declare_nil(at, number, module.name, shift)

    @rule(
        at=st.integers(0, 1),
        offset=OFFSETS,
        name=st.sampled_from(names(MOVING)),
        shift=st.sampled_from(SHIFTS),
    )
    def declare_nil(self, at: int, offset: int, name: str, shift: str) -> None:
        values = {"siteId": self.sites[at].code, "date": day_of(offset).isoformat(), "module": name}
        with self.step():
            self.keep(NILS, [service.create(NILS, values | {"shift": shift}, self.actor)])

    @precondition(lambda self: self.entered)
    @rule(which=NUMBERS, body=BODIES, keys=st.sets(st.sampled_from(CORRECTED)))
    def correct(self, which: int, body: dict[str, Any], keys: set[str]) -> None:
        module, record_id = self.chosen(which)
        values = {key: value for key, value in sent(module, self.sites, body).items() if key in keys}
        with self.step(module):
            service.correct(module, record_id, values, self.actor)

    @precondition(lambda self: self.entered)
    @rule(which=NUMBERS, status=st.sampled_from(["CANCELLED", "ACTIVE", "PENDING"]))
    def cancel_or_bring_back(self, which: int, status: str) -> None:
        module, record_id = self.chosen(which)
        with self.step(module):
            service.correct(module, record_id, {"status": status}, self.actor)

    @precondition(lambda self: self.entered)
    @rule(which=NUMBERS)
    def void(self, which: int) -> None:
        module, record_id = self.chosen(which)
        with self.step(module):
            service.void(module, record_id, self.actor, reason="A slip")

    @rule(at=st.integers(0, 1), offset=OFFSETS, override=st.booleans())
    def close(self, at: int, offset: int, override: bool) -> None:
        site, day = self.sites[at], day_of(offset)
        with self.step():
            closing.close(site, day, self.actor, "It is so", override)
            for number in range(offset + 1):
                self.closed[site.id].setdefault(
                    day_of(number), figures(self.balances[site.id], day_of(number))
                )

    @rule(at=st.integers(0, 1))
    def close_the_next(self, at: int) -> None:
        """In their order, so that several days are closed."""
        through = standing(self.sites[at].id).closed_through or standing(self.sites[at].id).first_day
        if through is not None:
            for offset in ((through - FIRST).days + step for step in range(3)):
                if 0 <= offset < DAYS:
                    self.close(at, offset, override=True)

    @rule(at=st.integers(0, 1), offset=OFFSETS)
    def reopen(self, at: int, offset: int) -> None:
        site, day = self.sites[at], day_of(offset)
        with self.step():
            closing.reopen(site, day, self.actor, "A load was forgotten")
            through = standing(site.id).closed_through or date.min
            self.closed[site.id] = {one: kept for one, kept in self.closed[site.id].items() if one <= through}

    @rule(policies=st.permutations([ALLOW, BLOCK]))
    def change_the_policies(self, policies: list[str]) -> None:
        for site, policy in zip(self.sites, policies, strict=True):
            set_up(site, stock_policy=policy)

    @invariant()
    def the_ledger_is_what_the_records_say(self) -> None:
        for site in self.sites:
            assert list(recount.differences(site.id)) == []
        assert [line for module in EVERY for line in totals.verify(module)] == []

    @invariant()
    def each_day_begins_with_what_the_day_before_left(self) -> None:
        for site in self.sites:
            kept = recount.stored(site.id).rows
            for (material_id, day), row in kept.items():
                assert row.closing == (
                    row.opening + row.production + row.received - row.dispatched + row.adjustment
                )
                before = kept.get((material_id, day - timedelta(days=1)))
                assert before is None or before.closing == row.opening

    @invariant()
    def no_figure_of_a_closed_day_changed(self) -> None:
        for site in self.sites:
            through = standing(site.id).closed_through
            assert through == max(self.closed[site.id], default=None)
            for day, kept in self.closed[site.id].items():
                assert figures(self.balances[site.id], day) == kept, (site.code, day)
            in_force = DayClosing.select().where(
                (DayClosing.site == site.id) & DayClosing.reopened_at.is_null()
            )
            for row in in_force:
                assert json.loads(row.figures) == self.closed[site.id][row.date]
                assert closing.moved_since(site, row.date) == []

    @invariant()
    def a_feed_stands_once_in_the_adjustments(self) -> None:
        wanted = database.rows(
            "SELECT id, site_id, date, feed_material_id, -feed_quantity FROM production "
            "WHERE voided_at IS NULL AND status <> 'CANCELLED' AND feed_quantity IS NOT NULL ORDER BY id"
        )
        held = database.rows(
            "SELECT production_id, site_id, date, material_id, quantity FROM adjustment "
            "WHERE voided_at IS NULL AND production_id IS NOT NULL ORDER BY production_id"
        )
        assert held == wanted

    @invariant()
    def where_something_was_entered_no_nil_return_stands(self) -> None:
        for module in MOVING:
            shifts = "AND (n.shift = '' OR r.shift IN ('', n.shift)) " if module is PRODUCTION else ""
            odd = database.rows(
                f"SELECT n.date, n.shift FROM nil_return n JOIN {module.model._meta.table_name} r "
                f"ON r.site_id = n.site_id AND r.date = n.date {shifts}"
                "WHERE n.module = ? AND n.voided_at IS NULL AND n.status <> 'CANCELLED' "
                "AND r.voided_at IS NULL AND r.status <> 'CANCELLED'",
                (module.name,),
            )
            assert odd == []

    def teardown(self) -> None:
        for site in self.sites:
            assert broken_links(site.id) == []

    @contextmanager
    def step(self, module: Module | None = None) -> Iterator[None]:
        """One write: refused, it left nothing; else it took no stock below zero where the policy is to block.

        An opening may: it lets count what was entered before there was any ledger.
        """
        before, entries = self.balances, heads()
        blocking = [site for site in self.sites if policy_of(site) == BLOCK and module is not OPENINGS]
        closed = {site.id: standing(site.id).closed_through for site in self.sites}
        try:
            yield
        except DeskOpsError as refused:
            note(f"refused: {type(refused).__name__}")
            assert heads() == entries
            return
        finally:
            self.balances = {site.id: balances(site) for site in self.sites}
        for site in blocking:
            for key, kilograms in self.balances[site.id].items():
                floor = min(before[site.id].get(key, 0), 0)
                assert kilograms >= floor, f"{key} of {site.code} was taken to {kilograms} kg"
        self.closed_days_are_as_whole_as_before(closed)

    def closed_days_are_as_whole_as_before(self, closed: dict[str, date | None]) -> None:
        for site in self.sites:
            before, self.days[site.id] = self.days[site.id], whole(site)
            through = closed[site.id] or date.min
            assert {day for day in before ^ self.days[site.id] if day <= through} == set()

    def chosen(self, which: int) -> tuple[Module, str]:
        return self.entered[which % len(self.entered)]

    def keep(self, module: Module, saved: list[Any]) -> None:
        self.entered += [(module, one.record.id) for one in saved]


def sent(module: Module, sites: tuple[Site, Site], body: dict[str, Any]) -> dict[str, Any]:
    """What is sent to a module of a drawn body."""
    values: dict[str, Any] = {
        "siteId": sites[body["at"]].code,
        "date": day_of(body["offset"]).isoformat(),
        "materialId": body["material"],
        "quantity": body["tons"],
    }
    if module is PRODUCTION:
        feed = body["feed"] and {"materialId": body["feed"][0], "quantity": body["feed"][1]}
        return values | {"shift": body["shift"], "feed": feed}
    if module is ADJUSTMENTS:
        gains = body["gains"] and body["kind"] not in ("FEED", "LOSS")
        quantity = body["tons"] if gains else -body["tons"]
        return values | {"quantity": quantity, "kind": body["kind"], "reason": "Looked at it"}
    return values


def empty_the_yards(sites: tuple[Site, Site]) -> None:
    tables = [module.model._meta.table_name for module in EVERY] + [table_name(module) for module in EVERY]
    kept = ["site_ledger", "snapshot_day", "inventory_snapshot", "day_closing", "review"]
    with database.transaction():
        for table in (*tables, *kept, "audit_entry", "audit_head"):
            database.execute(f"DELETE FROM {table}")
    for site, policy in zip(sites, (ALLOW, BLOCK), strict=True):
        set_up(site, stock_policy=policy, **WORKING)


def set_up(site: Site, **values: str) -> None:
    with database.transaction():
        Site.update(**values).where(Site.id == site.id).execute()
        references.changed()


def policy_of(site: Site) -> str:
    return references.by_id(Site, site.id).stock_policy


def heads() -> dict[str, int]:
    """How many entries each site's audit chain has."""
    return {head.scope: head.sequence for head in AuditHead.select()}


def whole(site: Site) -> frozenset[date]:
    return recount.recount(site.id).days


def balances(site: Site) -> Balances:
    """{(material, day): kilograms at the day's end}, of every day from where a material's balance begins."""
    openings = {
        key: (date.fromisoformat(str(day)), int(kilograms))
        for key, day, kilograms in database.rows(
            "SELECT material_id, date, quantity FROM opening "
            "WHERE site_id = ? AND voided_at IS NULL AND status <> 'CANCELLED'",
            (site.id,),
        )
    }
    if not openings:
        return {}
    first_day = min(day for day, _ in openings.values())
    moves = recount.moved(site.id, first_day)
    found: Balances = {}
    for material_id in {*openings, *moves}:
        since, balance = openings.get(material_id, (first_day, 0))
        begun = material_id in openings
        for day in (day_of(offset) for offset in range(DAYS)):
            if day < since:
                continue
            moved = moves.get(material_id, {}).get(day)
            begun = begun or moved is not None
            produced, received, dispatched, adjusted = moved or (0, 0, 0, 0)
            balance += produced + received - dispatched + adjusted
            if begun:
                found[material_id, day] = balance
    return found


def figures(kept: Balances, day: date) -> dict[str, int]:
    """{material: kilograms} at the end of one day."""
    return {material_id: kilograms for (material_id, of_day), kilograms in kept.items() if of_day == day}


def prove(yards: Yards, examples: int) -> None:
    """Run the machine on these yards, so many examples."""
    machine = type("OneBook", (LedgerMachine,), {"yards": yards})
    stateful.run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            report_multiple_bugs=False,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
