"""Files that somebody uploaded and has not imported yet: each in a folder of its own, below its owner's."""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path
from typing import NamedTuple

from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from deskops import background
from deskops.errors import NotFound, PayloadTooLarge, say
from deskops.home import private_folder

KEPT_SECONDS = 24 * 3600
MOST_KEPT = 5
MOST_BYTES = 64 * 1024 * 1024
TOO_LARGE = say("A file has at most 64 MB: put a larger one into a zip, or import it by `deskops import`")


class Upload(NamedTuple):
    """A file as it was uploaded, with its own name."""

    id: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def size(self) -> int:
        return self.path.stat().st_size


def folder_of(user_id: str) -> Path:
    return background.settings().imports_folder / "uploads" / user_id


def keep(user_id: str, file: FileStorage) -> Upload:
    """Keep an uploaded file for a day; the oldest of too many goes. Raises PayloadTooLarge."""
    sweep(user_id)
    upload_id = str(uuid.uuid4())
    folder = private_folder(folder_of(user_id) / upload_id)
    path = folder / (secure_filename(file.filename or "")[-100:] or "file.csv")
    with file.stream:
        file.save(path)
    path.chmod(0o600)
    if path.stat().st_size > MOST_BYTES:
        shutil.rmtree(folder)
        raise PayloadTooLarge(TOO_LARGE)
    return Upload(upload_id, path)


def own(user_id: str) -> list[Upload]:
    """What this person uploaded within a day, newest first."""
    folder = folder_of(user_id)
    found = [Upload(path.parent.name, path) for path in folder.glob("*/*")] if folder.is_dir() else []
    newest = time.time() - KEPT_SECONDS
    kept = [upload for upload in found if upload.path.stat().st_mtime > newest]
    return sorted(kept, key=lambda upload: upload.path.stat().st_mtime, reverse=True)


def get(user_id: str, upload_id: str) -> Upload:
    """One's own upload. Raises NotFound."""
    for upload in own(user_id):
        if upload.id == upload_id:
            return upload
    raise NotFound(say("This file is no longer here: upload it again"))


def sweep(user_id: str) -> None:
    """Remove what is too old or too much."""
    kept = {upload.id for upload in own(user_id)[: MOST_KEPT - 1]}
    folder = folder_of(user_id)
    for each in folder.iterdir() if folder.is_dir() else ():
        if each.name not in kept:
            shutil.rmtree(each, ignore_errors=True)
