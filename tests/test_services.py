"""The servers that the tests run on start, answer, and leave nothing behind."""

import os
from pathlib import Path

import psycopg
import pytest
import redis

from tests.services import postgres, requirements, valkey


def processes_that_mention(text: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command and entry.parent.name != str(os.getpid()):
            found.append(command)
    return found


def test_postgresql_runs_unprivileged_and_leaves_no_process() -> None:
    with postgres.cluster() as cluster:
        url = cluster.create_database("first")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE load (tons integer)")
        copy = cluster.create_database("second", template="first")
        with psycopg.connect(copy) as connection:
            assert connection.execute("SELECT count(*) FROM load").fetchone() == (0,)
            folder = connection.execute("SHOW unix_socket_directories").fetchone()
        cluster.drop_database("second")
        assert folder is not None
        home = Path(folder[0])
        assert home.stat().st_uid != 0
    assert not processes_that_mention(str(home))
    assert not home.exists()


def test_valkey_listens_on_its_own_socket_alone_and_leaves_no_process() -> None:
    with valkey.server() as url:
        connection = redis.Redis.from_url(url)
        connection.set("tons", 5)
        assert connection.get("tons") == b"5"
        assert connection.config_get("port") == {"port": "0"}
        connection.close()
        socket = Path(url.removeprefix("unix://").partition("?")[0])
    assert not processes_that_mention(str(socket.parent))
    assert not socket.parent.exists()


def test_a_missing_part_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    missing = requirements.Part("A loom", lambda: False, "loom")
    monkeypatch.setattr(requirements, "PARTS", (missing,))
    assert requirements.main() == 1
    printed = capsys.readouterr().err
    assert "The tests need A loom" in printed
    assert "apt-get install --no-install-recommends loom" in printed


def test_the_parts_of_this_machine_are_there() -> None:
    assert [part.name for part in requirements.missing()] == []
