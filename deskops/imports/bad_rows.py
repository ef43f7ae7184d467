"""The file of rows that could not be brought in: mended, it is imported like any other."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deskops.home import private_folder
from deskops.imports.outcome import BadRow, Listener
from deskops.imports.source import REASON_COLUMN


class BadRowFile(Listener):
    """Bad rows as they stand in their file, the reason in a column before them. Made with the first one."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path, self.header = path, header
        self._stack = ExitStack()
        self._writer: Any = None

    @property
    def name(self) -> str | None:
        """The file's name, None where there was no bad row."""
        return self.path.name if self._writer else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if error is not None:
            # Of an import that did not end nothing is left.
            self.path.unlink(missing_ok=True)

    def bad_row(self, bad: BadRow) -> None:
        if self._writer is None:
            self._writer = self._begun()
        reasons = "; ".join(f"{fault.field}: {fault.reason}".removeprefix(": ") for fault in bad.faults)
        self._writer.writerow([f"line {bad.row.line}: {reasons}", *bad.row.cells])

    def _begun(self) -> Any:
        private_folder(self.path.parent)
        out = self._stack.enter_context(self.path.open("w", encoding="utf-8", newline=""))
        self.path.chmod(0o600)
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([REASON_COLUMN, *self.header])
        return writer
