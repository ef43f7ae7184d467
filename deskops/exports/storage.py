"""Where finished files lie: one interface, and the folder that is the default."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import BinaryIO, Protocol

from deskops import background
from deskops.home import private_folder

DRAFT_SUFFIX = ".part"


class Storage(Protocol):
    """A place for finished files by name. A file is there whole or not at all."""

    def draft(self, name: str) -> Path:
        """Where to write the file before it is kept."""

    def keep(self, draft: Path, name: str) -> None:
        """Put the written draft in place, safe on the disk at return."""

    def open(self, name: str) -> BinaryIO:
        """Read a kept file. Raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Remove a kept file; nothing happens where there is none."""

    def sweep(self, older_than: float) -> None:
        """Remove drafts that nobody has written to for so many seconds."""


class FolderStorage:
    """Files in one folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)

    def draft(self, name: str) -> Path:
        return self.folder / f".{name}.{os.getpid()}{DRAFT_SUFFIX}"

    def keep(self, draft: Path, name: str) -> None:
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        draft.chmod(0o600)
        draft.replace(self.folder / name)

    def open(self, name: str) -> BinaryIO:
        return (self.folder / name).open("rb")

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def sweep(self, older_than: float) -> None:
        oldest = time.time() - older_than
        for draft in self.folder.glob(f".*{DRAFT_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                if draft.stat().st_mtime < oldest:
                    draft.unlink()


def of_this_installation() -> Storage:
    """The exports folder of the home."""
    return FolderStorage(background.settings().exports_folder)
