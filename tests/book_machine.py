"""A book in a dictionary beside the real one: after any steps both still say the same.

The machine enters, corrects, voids and cancels records by the API, knows from its own rows what must be refused, and
asks for lists by any filter, sort and page size. What it holds against every answer is computed from its rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, note, settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.records import listing, totals
from deskops.records.module import Module
from deskops.records.query import Query, read_query
from deskops.schema import references
from deskops.schema.fields import Field
from tests.api_contract import body_of, data, exactly, path, refused
from tests.book_rows import DAYS, QUESTIONS, VALUES, Question, Row, Rows
from tests.clients import ApiClient
from tests.samples import sample

STEPS = 20
PLACES = st.fixed_dictionaries({"days_ago": st.integers(0, DAYS - 1), "at": st.integers(0, 1)})
NUMBERS = st.integers(0, 99)


@dataclass(frozen=True)
class Yard:
    """What the machine works on: one module, two sites, and somebody who may do everything at both."""

    module: Module
    sites: tuple[Site, Site]
    script: ApiClient
    actor: Actor


class BookMachine(stateful.RuleBasedStateMachine):
    """The steps of one example."""

    yard: Yard

    def __init__(self) -> None:
        super().__init__()
        self.module, self.script = self.yard.module, self.yard.script
        self.rows = Rows(self.module)
        self.varied = [name for name in VALUES if name in self.module.schema.accepted]
        for table in (listing.table(self.module), f"{self.module.name}_total"):
            database.execute(f"DELETE FROM {table}")

    @rule(place=PLACES, drawn=st.data())
    def enter(self, place: dict[str, int], drawn: st.DataObject) -> None:
        body = self.body(place, drawn)
        answer = self.script.post(path(self.module), wire(body))
        if not self.is_refused(answer, [body]):
            self.keep(data(answer, 201), body)

    @rule(places=st.lists(PLACES, min_size=1, max_size=5), drawn=st.data())
    def enter_many(self, places: list[dict[str, int]], drawn: st.DataObject) -> None:
        bodies = [self.body(place, drawn) for place in places]
        answer = self.script.post(f"{path(self.module)}/bulk", {"records": [wire(body) for body in bodies]})
        if not self.is_refused(answer, bodies):
            for told, body in zip(data(answer, 201), bodies, strict=True):
                self.keep(told, body)

    @rule(place=PLACES, drawn=st.data())
    def enter_twice_with_one_key(self, place: dict[str, int], drawn: st.DataObject) -> None:
        # A new one in every example: a key is kept beyond the records.
        key = uuid4()
        body = self.body(place, drawn)
        first, again = (
            self.script.post(path(self.module), wire(body), Idempotency_Key=str(key)) for _ in range(2)
        )
        if not self.is_refused(first, [body]):
            assert data(again, 201) == data(first, 201)
            self.keep(data(first, 201), body)

    @precondition(lambda self: self.rows.live)
    @rule(which=NUMBERS, place=PLACES, drawn=st.data())
    def correct(self, which: int, place: dict[str, int], drawn: st.DataObject) -> None:
        names = drawn.draw(st.sets(st.sampled_from(self.varied), max_size=3))
        values = {name: drawn.draw(VALUES[name]) for name in sorted(names)}
        self.change(self.chosen(which), values | {"date": self.day(place["days_ago"])})

    @precondition(lambda self: self.rows.live)
    @rule(which=NUMBERS, status=VALUES["status"])
    def cancel_or_bring_back(self, which: int, status: str) -> None:
        self.change(self.chosen(which), {"status": status})

    @precondition(lambda self: self.rows.live)
    @rule(which=NUMBERS, is_stale=st.booleans())
    def void(self, which: int, is_stale: bool) -> None:
        row = self.chosen(which)
        where = path(self.module, row.told)
        tag = f'"{row.told["version"] - is_stale}"'
        answer = self.script.open("DELETE", where, headers={"If-Match": tag})
        if is_stale:
            assert refused(answer, 412, "EDIT_CONFLICT")["current"] == row.told
            return
        assert answer.status_code == 204, answer.text
        refused(self.script.get(where), 404, "NOT_FOUND")
        row.told = data(self.script.get(where, includeVoid="true"))
        assert not row.is_live

    @rule(question=QUESTIONS)
    def ask(self, question: Question) -> None:
        """The list by pages, the list by cursor, its count and its sums are those of the machine's rows."""
        params = self.params(question)
        expected = self.rows.listed(params, self.site_ids(question))
        told = [row.told for row in expected]
        note(f"{len(told)} of {len(self.rows)} by {params}")
        by_page = []
        for number in range(1, len(told) // question.size + 2):
            answer = self.script.get(path(self.module), **params, page=number)
            by_page += data(answer)
            meta = body_of(answer)["meta"]
            assert meta["totalCount"] == len(told)
            assert meta["totalPages"] == -(-len(told) // question.size)
        assert by_page == told
        assert self.walked(params) == told
        self.compare_sums(self.query(params), expected)

    @invariant()
    def totals_and_counts_are_those_of_the_records(self) -> None:
        assert totals.verify(self.module) == []
        for number in (0, 1):
            question = Question(sites=(number,))
            params = self.params(question)
            expected = self.rows.listed(params, self.site_ids(question))
            assert listing.count(self.module, self.query(params)) == len(expected)
            self.compare_sums(self.query(params), expected)
            self.compare_days(self.yard.sites[number], expected)

    def chosen(self, which: int) -> Row:
        return self.rows.live[which % len(self.rows.live)]

    def day(self, days_ago: int) -> str:
        return (self.yard.sites[0].today() - timedelta(days=days_ago)).isoformat()

    def body(self, place: dict[str, int], drawn: st.DataObject) -> dict[str, Any]:
        """A whole new record, its numbers exact."""
        site = self.yard.sites[place["at"]]
        values = {name: drawn.draw(VALUES[name]) for name in self.varied}
        named = {"siteId": site.id, "date": self.day(place["days_ago"])}
        return sample(self.module.name, site, **values) | named

    def keep(self, told: dict[str, Any], body: Mapping[str, Any]) -> None:
        compare(told, body)
        assert told["id"] not in self.rows
        sql = f"SELECT created_at FROM {listing.table(self.module)} WHERE id = ?"
        ((created,),) = database.rows(sql, (told["id"],))
        self.rows[told["id"]] = Row(told, (str(created), told["id"]))

    def change(self, row: Row, values: dict[str, Any]) -> None:
        tag = f'"{row.told["version"]}"'
        answer = self.script.patch(path(self.module, row.told), wire(values), If_Match=tag)
        if not self.is_refused(answer, [row.told | values], beside=row) and not waits(answer):
            told = data(answer)
            compare(told, values)
            assert told["version"] == row.told["version"] + 1
            row.told = told

    def is_refused(self, answer: Any, wanted: Sequence[Mapping[str, Any]], beside: Row | None = None) -> bool:
        """Whether the write had to be refused; then it was, with a code that stands against it."""
        codes = self.rows.refusals(wanted, beside)
        if codes:
            assert answer.status_code in (400, 409), answer.text
            assert body_of(answer)["error"]["code"] in codes
        return bool(codes)

    def params(self, question: Question) -> dict[str, Any]:
        filters = {
            name: list(values)
            for name, values in (question.filters or {}).items()
            if name in self.module.filters
        }
        sites = [self.yard.sites[number].code for number in question.sites]
        return filters | {
            "siteId": sites,
            "startDate": self.day(question.days_ago[0]),
            "endDate": self.day(question.days_ago[1]),
            "sortBy": question.sort if question.sort in self.module.sortable else "date",
            "sortOrder": "desc" if question.descending else "asc",
            "pageSize": str(question.size),
            "includeVoid": str(question.include_void).lower(),
        }

    def site_ids(self, question: Question) -> list[str]:
        return [self.yard.sites[number].id for number in question.sites or (0, 1)]

    def query(self, params: Mapping[str, Any]) -> Query:
        texts = {name: value if isinstance(value, list) else [value] for name, value in params.items()}
        return read_query(self.module, texts, self.yard.actor)

    def walked(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The list by its cursors."""
        met: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.script.get(path(self.module), **params, **cursor)
            met += data(answer)
            following = body_of(answer)["meta"].get("nextCursor")
            if following is None:
                return met
            assert len(met) <= len(self.rows), "the walk goes in a circle"
            cursor = {"cursor": following}

    def compare_sums(self, query: Query, expected: Sequence[Row]) -> None:
        counted = [row.told for row in expected if row.is_counted]
        sums = listing.sums(self.module, query)
        for measure in self.module.measures:
            total = sum((exactly(told[measure.key] or 0) for told in counted), Decimal(0))
            assert sums[measure.name] == total, (measure.name, sums[measure.name], total)

    def compare_days(self, site: Site, rows: Sequence[Row]) -> None:
        """The totals of each day, whole and told apart by each enumerated field."""
        today = site.today()
        measures = [measure.name for measure in self.module.measures]
        for by in ((), *((field,) for field in self.module.dimensions)):
            found = totals.by_day(
                self.module,
                site.id,
                today - timedelta(days=DAYS),
                today,
                measures,
                by=[field.name for field in by],
            )
            told: dict[tuple[str, ...], list[Decimal]] = {}
            for row in rows:
                if row.is_counted:
                    group = (row.told["date"], *(as_stored(field, row.told[field.key]) for field in by))
                    sums = told.setdefault(group, [Decimal(0)] * (1 + len(measures)))
                    numbers = [1, *(row.told[measure.key] or 0 for measure in self.module.measures)]
                    sums[:] = [held + exactly(number) for held, number in zip(sums, numbers, strict=True)]
            assert told == {
                (str(one.day), *one.group): [Decimal(one.records), *map(Decimal, one.sums)] for one in found
            }
            assert [one.day for one in found] == sorted(one.day for one in found)


def as_stored(field: Field, told: str | None) -> str:
    row = references.find(field.reference, told) if field.reference else None
    return row.id if row else told or ""


def wire(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in body.items()}


def waits(answer: Any) -> bool:
    """Whether a doubtful record was to be made active, which is for somebody else to do."""
    return answer.status_code == 400 and [*body_of(answer)["error"]["details"]["fields"]] == ["status"]


def compare(told: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """The answer has what was sent; only what is doubtful is pending for now, whatever was said."""
    for key, value in body.items():
        same = exactly(told[key]) == value if isinstance(value, Decimal) else told[key] == value
        same = same or (key, told[key]) == ("status", "PENDING")
        assert same, (key, told[key], value)


def prove(yard: Yard, examples: int) -> None:
    """Run the machine on this yard, so many examples."""
    machine = type("OneYardsBook", (BookMachine,), {"yard": yard})
    stateful.run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
