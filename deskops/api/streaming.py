"""Whole lists for scripts: every row of a filter as CSV or as one JSON object a line, in one request.

However many they are, only some hundred rows are in memory at a time, and no connection is held while they are on
their way. What breaks off in the middle ends the connection without the end of the body, so that nobody takes
half a list for the whole one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson
from flask import Response, g, request
from werkzeug.datastructures import MIMEAccept

from deskops import database
from deskops.accounts.actor import Actor
from deskops.api import envelope, params
from deskops.errors import Problem, ValidationFailed, by_field, say
from deskops.exports.report import file_name
from deskops.exports.writers.csv import CsvRows
from deskops.records import listing
from deskops.records.module import Module
from deskops.records.query import Query, read_query
from deskops.records.row_writing import JsonRows, Row

TOTAL_COUNT, IGNORED = "X-Total-Count", "X-Ignored-Parameters"
HEADERS = (TOTAL_COUNT, IGNORED, "Content-Disposition")
MANUAL = (
    "With `Accept: text/csv` or `application/x-ndjson` every row of the filters comes at once, as one request and "
    "without `page`, `pageSize` and `cursor`; `X-Total-Count` is their number when the answer began. An answer that "
    "breaks off was not whole: its connection ends without the end of the body. Times of a file are UTC; a text in "
    "CSV that a spreadsheet would take for a formula has an apostrophe in front."
)
PAGING = ("page", "pageSize", "cursor")
NO_PAGES = say("The whole list comes at once: leave this out, or ask for JSON")
# Who takes nothing for so long is let go: each reader holds a thread of the server.
PATIENCE_SECONDS = 60

log = logging.getLogger("deskops.api")


class Lines(NamedTuple):
    """How rows become lines: what stands before them, and the lines of some rows."""

    head: bytes
    written: Callable[[Sequence[Row]], bytes]


class Medium(NamedTuple):
    """A form in which a list comes whole. `ending` is its file's."""

    mimetype: str
    ending: str
    lines: Callable[[Module], Lines]


def csv_lines(module: Module) -> Lines:
    rows = CsvRows(module, list(module.columns.values()))
    return Lines(rows.header.encode(), lambda batch: rows.text(batch).encode())


def json_lines(module: Module) -> Lines:
    rows = JsonRows(module)
    return Lines(
        b"", lambda batch: b"".join([orjson.dumps(each, option=LINE) for each in rows.objects(batch)])
    )


LINE = orjson.OPT_APPEND_NEWLINE
MEDIA: Mapping[str, Medium] = {
    medium.mimetype.partition(";")[0]: medium
    for medium in (
        Medium("text/csv; charset=utf-8", "csv", csv_lines),
        Medium("application/x-ndjson", "ndjson", json_lines),
    )
}
MIMETYPES = tuple(medium.mimetype for medium in MEDIA.values())


def medium_wanted() -> Medium | None:
    """What the caller would rather have than JSON pages; None where they are as welcome, or nothing else is known."""
    # A charset or the like beside a name asks for nothing else.
    named = MIMEAccept((name.partition(";")[0].strip(), share) for name, share in request.accept_mimetypes)
    return MEDIA.get(named.best_match([envelope.MIMETYPE, *MEDIA], envelope.MIMETYPE))


def whole_list(module: Module, actor: Actor, medium: Medium, *, days_required: bool) -> Response:
    """Every row that the parameters ask for. Raises what a page of the list does, before anything is sent."""
    query = read_whole(module, params.sent(), actor, days_required=days_required)
    count = listing.count(module, query)
    answer = Response(
        lines_of(module, query, medium.lines(module), g.request_id), content_type=medium.mimetype
    )
    answer.headers[TOTAL_COUNT] = str(count)
    if query.ignored:
        answer.headers[IGNORED] = ", ".join(query.ignored)
    name = file_name(module, query, medium.ending)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    lose_patience()
    return answer


def read_whole(
    module: Module, sent: Mapping[str, Sequence[str]], actor: Actor, *, days_required: bool
) -> Query:
    """The list's question, which has no pages."""
    problems = [Problem(name, NO_PAGES) for name in PAGING if name in sent]
    try:
        query = read_query(
            module,
            {name: sent[name] for name in sent if name not in PAGING},
            actor,
            days_required=days_required,
        )
    except ValidationFailed as refused:
        refused.fields.update(by_field(problems))
        raise
    params.refuse(problems)
    return query


def lines_of(module: Module, query: Query, lines: Lines, request_id: str) -> Iterator[bytes]:
    if lines.head:
        yield lines.head
    batches = listing.walk(module, query)
    try:
        while batch := next_batch(batches, lines):
            yield batch
    except Exception:
        log.error("a list broke off on its way", extra={"own": {"request_id": request_id}})
        raise


def next_batch(batches: Iterator[Sequence[Row]], lines: Lines) -> bytes:
    """Some more lines, nothing at the end. The connection is free again before they are sent."""
    database.open_connection()
    try:
        return lines.written(next(batches, ()))
    finally:
        database.release_connection()


def lose_patience() -> None:
    """Have a write to the caller fail once it has waited too long; the server's next request begins anew."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(PATIENCE_SECONDS)
