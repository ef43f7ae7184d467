"""Reading a file row by row: a CSV, or a zip with one CSV in it. Memory stays flat however long it is."""

from __future__ import annotations

import csv
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from deskops.errors import say
from deskops.imports.plan import UTF8
from deskops.imports.refusals import FileRefused

DELIMITERS = ",;\t|"
LONGEST_LINE = 1024 * 1024
MOST_COLUMNS = 1_000
# Of a zip: a small one can hold what nobody would ever wait for.
MOST_UNPACKED_BYTES = 1024**3
UNREADABLE = (
    OSError,
    EOFError,
    UnicodeError,
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
)
# The first column of a file of bad rows; whoever mends the rows may leave it.
REASON_COLUMN = "deskops_reason"


class Row(NamedTuple):
    """One row, with the number of the line it begins on."""

    line: int
    cells: list[str]


class Source:
    """An open file: its header, then its rows. Blank lines are passed over.

    Raises FileRefused, from opening or from reading, for what is no CSV or no text of the encoding.
    """

    def __init__(self, path: Path, encoding: str = UTF8, delimiter: str = "") -> None:
        self._stack = ExitStack()
        self._line = 0
        try:
            self._text = self._stack.enter_context(
                io.TextIOWrapper(self._open(path), encoding=encoding, newline="")
            )
            first = next(self._lines(), "")
            self.delimiter = delimiter or max(DELIMITERS, key=first.count)
            header = next(csv.reader([first], delimiter=self.delimiter), [])
        except UNREADABLE as problem:
            self._stack.close()
            raise self._refusal(problem) from problem
        except FileRefused:
            self._stack.close()
            raise
        self._skip = 1 if header[:1] == [REASON_COLUMN] else 0
        self.header: Sequence[str] = [name.strip() for name in header[self._skip :]]
        if not any(self.header):
            self._stack.close()
            raise FileRefused(say("The file is empty: its first line must name the columns"))
        if len(self.header) > MOST_COLUMNS:
            self._stack.close()
            raise FileRefused(say("A table has at most %(most)s columns", most=MOST_COLUMNS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Row]:
        reader = csv.reader(self._lines(), delimiter=self.delimiter)
        skip = self._skip
        while True:
            line = self._line + 1
            try:
                cells = next(reader, None)
            except UNREADABLE as problem:
                raise self._refusal(problem) from problem
            if cells is None:
                return
            if any(cells):
                yield Row(line, cells[skip:] if skip else cells)

    def _open(self, path: Path) -> IO[bytes]:
        if not zipfile.is_zipfile(path):
            return self._stack.enter_context(path.open("rb"))
        archive = self._stack.enter_context(zipfile.ZipFile(path))
        found = [
            member
            for member in archive.infolist()
            if member.filename.lower().endswith(".csv") and not member.filename.startswith("__MACOSX/")
        ]
        if len(found) != 1:
            names = ", ".join(member.filename for member in found) or "none"
            raise FileRefused(say("A zip must hold one .csv file; this one holds: %(names)s", names=names))
        if found[0].flag_bits & 1:
            raise FileRefused(say("The zip is protected by a password: unpack it first"))
        if found[0].file_size > MOST_UNPACKED_BYTES:
            raise FileRefused(say("The zip unpacks to more than 1 GB: import the file in it instead"))
        return self._stack.enter_context(archive.open(found[0]))

    def _lines(self) -> Iterator[str]:
        read = self._text.readline
        while text := read(LONGEST_LINE):
            if len(text) == LONGEST_LINE:
                raise FileRefused(
                    say("Line %(line)s is longer than a line of a table can be", line=self._line + 1)
                )
            self._line += 1
            yield text

    def _refusal(self, problem: Exception) -> FileRefused:
        if isinstance(problem, UnicodeError):
            text = (
                "After line %(line)s the file is not in this encoding: save it as UTF-8, or name its encoding"
            )
            return FileRefused(say(text, line=self._line))
        text = "The file cannot be read after line %(line)s: %(problem)s"
        return FileRefused(say(text, line=self._line, problem=str(problem)))


def count(path: Path, encoding: str, delimiter: str) -> int:
    """The rows of the file, read to its end: what breaks a reading is found before anything is written."""
    with Source(path, encoding, delimiter) as source:
        return sum(1 for _ in source)


def unpacked_size(path: Path) -> int:
    """The bytes there are to read: of a zip, what it says it holds. More than that is never read of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return path.stat().st_size
