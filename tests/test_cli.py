"""The command line, run as people run it: a process with an environment, an answer and an exit code."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner

from deskops import cli
from deskops.home import held
from tests.own_database import own_database

SITE = "ALASLA-29"
COMMANDS = [*([name] for name in cli.COMMANDS), ["user", "add"], ["token", "add"]]


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Installation(NamedTuple):
    """A home of its own and, on PostgreSQL, a database of its own."""

    home: Path
    database_url: str

    def run(self, *words: str, typed: str = "", **variables: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "deskops.cli", *words],
            env=self.environment(**variables),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def environment(self, **variables: str) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("DESKOPS_")}
        own = {"DESKOPS_HOME": str(self.home), "DATABASE_URL": self.database_url, "REDIS_URL": ""}
        return {**inherited, **own, **variables}

    def change(self, statement: str) -> None:
        """One statement behind the program's back."""
        if self.database_url:
            with psycopg.connect(self.database_url) as server:
                server.execute(statement)
            return
        with closing(sqlite3.connect(self.home / "deskops.sqlite3")) as file, file:
            file.execute(statement)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        if self.database_url:
            with psycopg.connect(self.database_url) as server:
                return server.execute(question).fetchall()
        with closing(sqlite3.connect(self.home / "deskops.sqlite3")) as file:
            return file.execute(question).fetchall()


@pytest.fixture
def empty(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Nothing but a place."""
    with own_database(request) as url:
        yield Installation(tmp_path / "home of Ann", url)


@pytest.fixture(scope="session")
def first_book(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """A migrated, seeded book, made once and copied for each test."""
    with own_database(request) as url:
        begun = Installation(tmp_path_factory.mktemp("first") / "home", url)
        for command in ("migrate", "seed"):
            done = begun.run(command)
            assert done.code == 0, done.err
        yield begun


@pytest.fixture
def yard(tmp_path: Path, first_book: Installation, request: pytest.FixtureRequest) -> Iterator[Installation]:
    """An installation with a book of its own."""
    home = tmp_path / "home of Ann"
    shutil.copytree(first_book.home, home)
    template = urlsplit(first_book.database_url).path.removeprefix("/")
    with own_database(request, copy_of=template) as url:
        yield Installation(home, url)


def add_person(yard: Installation, *words: str, email: str = "ben@yard.example") -> Done:
    name = ("user", "add", email, "--name", "Ben Operator", "--password-stdin")
    return yard.run(*name, *words, typed="gravel and sand\n")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    done = CliRunner().invoke(cli.main, [*words, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith("Usage: ")
    assert len(done.output.splitlines()) > 4


def test_the_help_lists_every_command_in_one_line() -> None:
    done = CliRunner().invoke(cli.main, ["--help"])
    listed = [line.split()[0] for line in done.output.partition("Commands:")[2].splitlines() if line.strip()]
    assert listed == list(cli.COMMANDS)


@pytest.mark.parametrize(
    "words",
    [["fly"], ["up", "--fast"], ["user", "add"], ["totals"], ["ledger"], ["migrate", "now"]],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(empty: Installation, words: list[str]) -> None:
    assert empty.run(*words).code == 2
    assert not empty.home.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["seed"],
        ["demo"],
        ["user", "add", "ann@yard.example", "--name", "Ann", "--role", "admin", "--password-stdin"],
        ["token", "add", "ann@yard.example", "--name", "scale"],
        ["backup", "book.zip"],
        ["totals", "--verify"],
        ["ledger", "--verify"],
        ["worker", "--burst"],
    ],
    ids=" ".join,
)
def test_a_command_that_needs_a_book_refuses_where_there_is_none(
    empty: Installation, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = empty.run(*words)
    assert done.code == 1
    assert done.out == ""
    assert f"Home: {empty.home}" in done.err
    assert "deskops up" in done.err
    assert "Traceback" not in done.err
    assert not empty.home.exists()


def test_a_bad_setting_is_one_line_that_names_it(empty: Installation) -> None:
    done = empty.run("doctor", PORT="eighty")
    assert (done.code, done.out) == (1, "")
    assert done.err == "Error: PORT: 'eighty' is not a whole number from 1 to 65535.\n"


def test_migrate_makes_the_book_once_and_check_says_what_is_pending(empty: Installation) -> None:
    assert empty.run("migrate", "--check").code == 1
    made = empty.run("migrate")
    assert made.code == 0
    assert "applied: 0001_the_book" in made.out
    again = empty.run("migrate")
    assert (again.code, "applied" in again.out) == (0, False)
    assert empty.run("migrate", "--check").code == 0
    assert not (empty.home / "backups").exists()


def test_a_book_of_a_newer_program_is_left_alone(yard: Installation) -> None:
    yard.change("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2026-01-01 00:00:00')")
    for words in (["migrate"], ["seed"], ["migrate", "--check"]):
        done = yard.run(*words)
        assert done.code == 1
        assert "newer DeskOps" in done.err


BACK_TO_THE_FIRST_MIGRATION = """
from playhouse.migrations import Runner
from deskops import book, config, database, paths
book.connect(config.load())
Runner(database.database.obj, str(paths.MIGRATIONS)).down("0002_exports_and_imports")
book.close()
"""


def test_a_book_that_waits_for_a_migration_is_refused_and_copied_before_it(yard: Installation) -> None:
    words = [sys.executable, "-P", "-c", BACK_TO_THE_FIRST_MIGRATION]
    subprocess.run(words, env=yard.environment(), check=True)
    assert "deskops migrate" in yard.run("seed").err
    assert "pending" in yard.run("migrate", "--check").out
    done = yard.run("migrate")
    assert done.code == 0, done.err
    copies = list((yard.home / "backups").glob("*.sqlite3")) if not yard.database_url else []
    assert len(copies) == (0 if yard.database_url else 1)
    for copy in copies:
        with closing(sqlite3.connect(copy)) as before:
            assert before.execute("SELECT COUNT(*) FROM schema_migration").fetchone() == (1,)


def test_seeding_twice_adds_nothing_and_keeps_what_was_changed(yard: Installation) -> None:
    yard.change("UPDATE site SET name = 'Our own name' WHERE code = 'ALASLA-29'")
    done = yard.run("seed")
    assert (done.code, done.out) == (0, "Added 0 rows to the reference lists.\n")


def test_a_person_is_added_with_a_role_in_any_case(yard: Installation) -> None:
    done = add_person(yard, "--role", "operator", "--site", SITE.lower())
    assert done.code == 0, done.err
    assert done.out == f"Added ben@yard.example as OPERATOR at {SITE}.\n"
    assert add_person(yard, "--role", "Admin", email="ada@yard.example").code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--role", "operator"], "at least one site"),
        (["--role", "operator", "--site", "NOWHERE"], SITE),
        (["--role", "admin"], "e-mail"),
    ],
)
def test_a_person_that_cannot_be_is_refused_with_the_reason(
    yard: Installation, words: list[str], reason: str
) -> None:
    done = add_person(yard, *words, email="nobody" if reason == "e-mail" else "ben@yard.example")
    assert done.code == 1
    assert reason in done.err
    assert "Traceback" not in done.err


def test_the_same_person_is_not_added_twice(yard: Installation) -> None:
    assert add_person(yard, "--role", "admin").code == 0
    again = add_person(yard, "--role", "admin", email="BEN@yard.example")
    assert again.code == 1
    assert "already" in again.err


def test_a_password_is_asked_for_twice_and_never_shown(yard: Installation) -> None:
    done = yard.run(
        *("user", "add", "ben@yard.example", "--name", "Ben", "--role", "admin"),
        typed="gravel and sand\ngravel and sand\n",
    )
    assert done.code == 0, done.err
    assert "gravel" not in done.out + done.err


def test_a_token_stands_alone_on_standard_output(yard: Installation) -> None:
    add_person(yard, "--role", "operator", "--site", SITE)
    done = yard.run(
        *("token", "add", "ben@yard.example", "--name", "scale"),
        *("--scope", "write", "--site", SITE, "--expires", "30"),
    )
    assert done.code == 0, done.err
    assert len(done.out.split()) == 1
    assert done.out.strip() not in done.err
    assert yard.run("token", "add", "nobody@yard.example", "--name", "scale").code == 1


@pytest.mark.parametrize("name", ["", "  ", "n" * 101])
def test_a_token_has_a_name_that_can_be_kept(yard: Installation, name: str) -> None:
    add_person(yard, "--role", "operator", "--site", SITE)
    done = yard.run("token", "add", "ben@yard.example", "--name", name)
    assert (done.code, done.out) == (1, "")
    assert "A name has 1 to 100 characters" in done.err


def test_a_token_is_ended_by_its_name(yard: Installation) -> None:
    add_person(yard, "--role", "operator", "--site", SITE)
    assert yard.run("token", "add", "ben@yard.example", "--name", "scale").code == 0
    ended = yard.run("token", "revoke", "ben@yard.example", "--name", "scale")
    assert (ended.code, ended.out) == (0, "Ended 1 of ben@yard.example's tokens: scale.\n")
    assert yard.run("token", "revoke", "ben@yard.example", "--name", "scale").code == 1


def test_totals_that_differ_from_the_records_are_named(yard: Installation) -> None:
    assert yard.run("totals", "--verify").code == 0
    yard.change(
        "INSERT INTO manpower_total (site_id, shift, role_id, status, date, records, cancelled, voided, present_count,"
        " absent_count, total_hours) VALUES ('s', '', 'm', 'ACTIVE', '2026-01-01', 1, 0, 0, 4, 0, 3200)"
    )
    done = yard.run("totals", "--verify")
    assert done.code == 1
    assert "manpower: s  m ACTIVE 2026-01-01" in done.out


def test_a_backup_is_restored_whole_and_the_replaced_book_kept(yard: Installation, tmp_path: Path) -> None:
    file = tmp_path / "book.backup"
    add_person(yard, "--role", "admin", email="before@yard.example")
    made = yard.run("backup", str(file))
    assert made.code == 0, made.err
    assert file.stat().st_mode & 0o077 == 0
    add_person(yard, "--role", "admin", email="after@yard.example")
    done = yard.run("restore", str(file))
    assert done.code == 0, done.err
    assert yard.run("token", "add", "before@yard.example", "--name", "a").code == 0
    assert yard.run("token", "add", "after@yard.example", "--name", "a").code == 1
    assert len(list((yard.home / "backups").glob("replaced-*"))) == 1
    assert yard.run("totals", "--verify").code == 0


def test_a_restored_book_is_not_taken_for_the_replaced_one(yard: Installation, tmp_path: Path) -> None:
    """What was counted before is never counted again: a reader that knows the count would miss what changed."""
    file = tmp_path / "book.backup"
    assert yard.run("backup", str(file)).code == 0
    counted = "SELECT scope, value FROM change_counter"
    before = dict(yard.rows(counted))
    assert yard.run("restore", str(file)).code == 0
    after = dict(yard.rows(counted))
    assert after.keys() == before.keys()
    assert all(after[scope] > before[scope] for scope in before)


def test_plans_know_the_sizes_of_a_restored_book(yard: Installation, tmp_path: Path) -> None:
    """PostgreSQL would guess them for minutes, and read a list whole to sort it."""
    if not yard.database_url:
        pytest.skip("SQLite is told its indexes")
    file = tmp_path / "book.backup"
    assert yard.run("backup", str(file)).code == 0
    assert yard.run("restore", str(file)).code == 0
    assert yard.rows("SELECT COUNT(*) FROM pg_stats WHERE tablename = 'material' AND attname = 'code'") == [
        (1,)
    ]


def test_a_backup_never_overwrites_a_file(yard: Installation, tmp_path: Path) -> None:
    file = tmp_path / "book.backup"
    file.write_text("mine")
    assert yard.run("backup", str(file)).code == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize("damage", ["cut", "changed", "no backup", "missing"])
def test_a_damaged_backup_changes_nothing(yard: Installation, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "book.backup"
    assert yard.run("backup", str(file)).code == 0
    whole = file.read_bytes()
    middle = len(whole) // 2
    if damage == "missing":
        file.unlink()
    else:
        # A single bit may stand in compressed zeros, where it changes nothing.
        altered = bytes(byte ^ 255 for byte in whole[middle : middle + 64])
        changed = whole[:middle] + altered + whole[middle + 64 :]
        file.write_bytes({"cut": whole[:middle], "changed": changed, "no backup": b"a,b\n"}[damage])
    add_person(yard, "--role", "admin")
    done = yard.run("restore", str(file))
    assert done.code == 1
    assert "Traceback" not in done.err
    assert yard.run("token", "add", "ben@yard.example", "--name", "still there").code == 0


def test_nothing_is_restored_under_a_running_program(yard: Installation, tmp_path: Path) -> None:
    file = tmp_path / "book.backup"
    assert yard.run("backup", str(file)).code == 0
    with held(yard.home):
        done = yard.run("restore", str(file))
    assert done.code == 1
    assert "already running" in done.err


def test_the_doctor_names_what_is_wrong_and_the_cure(empty: Installation) -> None:
    done = empty.run("doctor")
    assert done.code == 1
    assert "WRONG" in done.out
    assert "deskops up" in done.out


def test_the_doctor_finds_nothing_wrong_with_a_sound_installation(yard: Installation) -> None:
    done = yard.run("doctor", PORT="18471", DESKOPS_SECRET_KEY="hunter2hunter2hunter2")
    assert done.code == 0, done.out
    assert "hunter2" not in done.out + done.err


def test_the_doctor_names_a_queue_that_does_not_answer(yard: Installation) -> None:
    done = yard.run("doctor", PORT="18471", REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    assert done.code == 1
    assert "REDIS_URL" in done.out
    assert "hunter2" not in done.out + done.err
