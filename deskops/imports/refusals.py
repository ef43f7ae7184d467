"""Why an import as a whole is refused."""

from __future__ import annotations

from deskops.errors import DeskOpsError, say


class FileRefused(DeskOpsError):
    """The file, or what was said about it, cannot be read: the message says why and what cures it."""

    code, status = "VALIDATION_ERROR", 400


class ColumnsMissing(FileRefused):
    """Nobody said, and no name tells, which columns stand for the fields that every row needs."""


class ImportUnderWay(DeskOpsError):
    """One import at a site at a time: what the second would count as already there, the first may still undo."""

    code, status = "IMPORT_UNDER_WAY", 409
    message = say("An import into this site is under way: wait until it has ended")


class ImportTakenAway(DeskOpsError):
    """This import was taken for dead and is being undone by another process."""

    code, status = "IMPORT_TAKEN_AWAY", 409
    message = say("The import stood still for too long and is being undone")


class ImportStopped(BaseException):
    """A signal asked to stop. Like KeyboardInterrupt no Exception: nothing catches it on the way."""
