"""The settings: read once, typed, and a bad one refused by its name."""

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from deskops import config
from deskops.errors import CommandRefused
from deskops.home import held, is_held, private_folder


def settings(tmp_path: Path, **given: str) -> config.Settings:
    return config.load({"DESKOPS_HOME": str(tmp_path), **given})


def test_without_any_variable_everything_has_its_default(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.web.host, found.web.port, found.web.workers, found.web.threads) == ("127.0.0.1", 8000, 2, 8)
    assert (found.limits.requests_per_minute, found.limits.requests_per_second) == (100, 20)
    assert (found.sessions.lifetime, found.sessions.idle) == (timedelta(hours=12), timedelta(hours=2))
    assert found.demo
    assert found.queue_is_embedded
    assert found.database_file == tmp_path / "deskops.sqlite3"


def test_a_checkout_keeps_everything_in_var() -> None:
    assert config.load({}).home == Path(config.__file__).resolve().parent.parent / "var"


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert settings(tmp_path, PORT="", REDIS_URL=" ").web.port == 8000


def test_one_url_moves_the_database_and_one_the_queue(tmp_path: Path) -> None:
    found = settings(tmp_path, DATABASE_URL="postgresql://yard@db/deskops", REDIS_URL="redis://queue:6379/0")
    assert found.database_file is None
    assert not found.queue_is_embedded


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "²"),
        ("DEMO", "maybe"),
        ("DATABASE_URL", "mysql://root:hunter2@host/db"),
        ("REDIS_URL", "http://host:6379"),
        ("DESKOPS_SECRET_KEY", "short"),
        ("DESKOPS_SESSION_HOURS", "0"),
        ("DESKOPS_SECURE_COOKIES", "perhaps"),
        ("DESKOPS_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(tmp_path: Path, variable: str, bad: str) -> None:
    with pytest.raises(CommandRefused) as refused:
        settings(tmp_path, **{variable: bad})
    assert str(refused.value).startswith(f"{variable}: ")
    assert "hunter2" not in str(refused.value)


def test_a_password_or_key_is_in_no_repr(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        DATABASE_URL="postgresql://yard:hunter2@db/deskops",
        REDIS_URL="redis://:hunter2@queue/0",
        DESKOPS_SECRET_KEY="hunter2hunter2hunter2",
    )
    assert "hunter2" not in repr(found)


def test_a_home_with_blanks_and_signs_is_quoted_in_the_urls(tmp_path: Path) -> None:
    home = tmp_path / "the yard's é #1 50%?"
    found = settings(home)
    assert found.database_file == home / "deskops.sqlite3"
    assert " " not in found.redis_url
    assert "#" not in found.redis_url


def test_a_relative_sqlite_file_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings(tmp_path, DATABASE_URL="sqlite:///book.db").database_file == tmp_path / "book.db"


def test_a_home_too_deep_for_a_socket_has_it_in_a_short_folder(tmp_path: Path) -> None:
    deep = settings(tmp_path / ("deep" * 30))
    deeper = settings(tmp_path / ("deeper" * 30))
    assert len(os.fsencode(deep.embedded_socket)) < 100
    assert deep.embedded_socket != deeper.embedded_socket
    assert deep.queue_is_embedded


def test_cookies_are_secure_beyond_loopback_and_behind_a_proxy(tmp_path: Path) -> None:
    assert not settings(tmp_path).web.secure_cookies
    assert not settings(tmp_path, HOST="localhost").web.secure_cookies
    assert not settings(tmp_path, HOST="::1").web.secure_cookies
    assert settings(tmp_path, HOST="0.0.0.0").web.secure_cookies
    assert settings(tmp_path, DESKOPS_TRUSTED_PROXIES="1").web.secure_cookies
    assert not settings(tmp_path, HOST="0.0.0.0", DESKOPS_SECURE_COOKIES="0").web.secure_cookies


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = settings(tmp_path).secret_key
    assert len(key) == 64
    assert settings(tmp_path).secret_key == key
    assert settings(tmp_path / "other").secret_key != key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_secret_key(tmp_path: Path) -> None:
    asking = [sys.executable, "-c", "from deskops import config; print(config.load().secret_key)"]
    environment = {**os.environ, "DESKOPS_HOME": str(tmp_path)}
    started = [subprocess.Popen(asking, env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.key"]


def test_every_setting_is_described_once() -> None:
    described = config.describe()
    variables = [each.variable for each in described]
    assert len(variables) == len(set(variables))
    assert {"DESKOPS_HOME", "DATABASE_URL", "REDIS_URL", "HOST", "PORT", "DEMO"} <= set(variables)
    assert all(each.default and each.meaning for each in described)


def test_a_home_is_held_by_one_program_at_a_time(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)
        with pytest.raises(CommandRefused, match="already running"), held(tmp_path):
            pytest.fail("held twice")
    assert not is_held(tmp_path)


def test_a_private_folder_is_closed_to_others_and_no_link(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert stat.S_IMODE(private_folder(tmp_path).stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(CommandRefused, match="somebody else"):
        private_folder(tmp_path / "link")
