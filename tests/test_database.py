"""Where the book may lie, and what happens after a transaction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deskops import database
from deskops.errors import CommandRefused


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """A table of mounts in which the yard's share is a network file system."""
    table = tmp_path / "mounts"
    lines = [
        "/dev/sda1 / ext4 rw 0 0",
        "server:/yard /mnt/yard nfs4 rw 0 0",
        "tmpfs /mnt/yard/fast tmpfs rw 0 0",
    ]
    table.write_text("\n".join(lines) + "\n")
    return table


def test_sqlite_is_refused_on_a_network_file_system(mounts: Path) -> None:
    with pytest.raises(CommandRefused, match=r"network file system \(nfs4\)"):
        database.refuse_network_file_system(Path("/mnt/yard/home/deskops.sqlite3"), mounts)


@pytest.mark.parametrize(
    "file", ["/var/deskops.sqlite3", "/mnt/yard/fast/deskops.sqlite3", "/mnt/yardstick/d.sqlite3"]
)
def test_sqlite_is_taken_on_a_local_disk(mounts: Path, file: str) -> None:
    database.refuse_network_file_system(Path(file), mounts)


def test_what_waits_for_a_commit_is_done_after_it_and_never_after_a_rollback(fresh_book: None) -> None:
    done: list[str] = []
    with database.transaction():
        database.after_commit(lambda: done.append("committed"))
        assert done == []
    assert done == ["committed"]
    with pytest.raises(ZeroDivisionError):
        fail_after(lambda: done.append("rolled back"))
    with database.transaction():
        pass
    assert done == ["committed"]


def fail_after(call: Callable[[], None]) -> None:
    with database.transaction():
        database.after_commit(call)
        raise ZeroDivisionError
