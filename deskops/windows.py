"""Sliding windows, exact to the microsecond, counted on the queue server for every process together.

What is counted is a list of moments in the server's own time. One script decides, counts and tells in one round trip;
what it refuses counts nowhere. The server's clock is asked alone, so that the web processes need not agree on theirs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from hashlib import sha1
from typing import Any, NamedTuple

import redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionInterface
from redis.retry import Retry

# Together under half a second: what a frozen store may cost one request.
CONNECT_SECONDS = 0.15
ANSWER_SECONDS = 0.3
LOOK_AGAIN_SECONDS = 5.0
MOST_KEYS = 10_000
MICROSECONDS = 1_000_000

# ARGV: limit and length in microseconds of each window, the longest last. Answers the wait, how many the longest
# window holds, and when its oldest leaves it; all in microseconds from now. A moment leaves a window of length w
# exactly w after it. A window of n is full while the n-th newest moment is in it, and until that leaves.
SCRIPT = """
local time, key, longest = redis.call('TIME'), KEYS[1], tonumber(ARGV[#ARGV])
local now = time[1] * 1000000 + time[2]
local newest = redis.call('LINDEX', key, -1)
if newest and tonumber(newest) > now then
  redis.call('DEL', key) -- the clock was set back: nobody shall wait until it is there again
end
local oldest = redis.call('LINDEX', key, 0)
while oldest and oldest + longest <= now do
  redis.call('LPOP', key)
  oldest = redis.call('LINDEX', key, 0)
end
local wait = 0
for place = 1, #ARGV, 2 do
  local nth = redis.call('LINDEX', key, -ARGV[place])
  if nth then
    wait = math.max(wait, nth + ARGV[place + 1] - now)
  end
end
local count
if wait > 0 then
  count = redis.call('LLEN', key)
else
  count = redis.call('RPUSH', key, string.format('%.0f', now))
  redis.call('PEXPIRE', key, math.ceil(longest / 1000))
end
return {wait, count, (oldest or now) + longest - now}
"""
DIGEST = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

log = logging.getLogger(__name__)


class Window(NamedTuple):
    """At most so many in so many seconds."""

    limit: int
    seconds: int


class Verdict(NamedTuple):
    """`wait`: whole seconds after which it will be admitted, 0 where it was.

    `counted`: what the longest window holds; `reset`: whole seconds until the oldest of these leaves it.
    """

    wait: int
    counted: int
    reset: int


Asked = tuple[str, Sequence[Window]]
Command = tuple[str | int, ...]
Answer = Any


class SharedWindows:
    """The windows of every key on the queue server. While that is away, one caller in a few seconds looks for it."""

    def __init__(self, redis_url: str) -> None:
        self._pool = redis.ConnectionPool.from_url(
            redis_url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._kept = threading.local()
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._is_away = False

    def count(self, *asked: Asked) -> list[Verdict] | None:
        """Count one event of each key, unless a window of that key (the longest last) is full; None without a store."""
        answers = self._ask([judging(key, windows) for key, windows in asked])
        if answers is None:
            return None
        return [
            Verdict(whole_seconds(wait), counted, whole_seconds(reset)) for wait, counted, reset in answers
        ]

    def forget(self, *keys: str) -> None:
        """Begin these keys anew."""
        self._ask([("DEL", *keys)])

    def _ask(self, commands: Sequence[Command]) -> list[Answer] | None:
        """The server's answers to these commands, sent together; None while it is away."""
        if not self._shall_look():
            return None
        try:
            answers = self._exchange(commands)
        except redis.RedisError as problem:
            self._note_away(problem)
            return None
        if self._is_away:
            self._is_away = False
            log.info("limits are counted again")
        return answers

    def _exchange(self, commands: Sequence[Command]) -> list[Answer]:
        """A connection that was open may be that of a server which has restarted: then once more on a fresh one."""
        kept: ConnectionInterface | None = getattr(self._kept, "connection", None)
        if kept is not None:
            try:
                return exchange(kept, commands)
            except (redis.ConnectionError, redis.ResponseError):
                self._kept.connection = None
        fresh = self._pool.make_connection()
        exchange(fresh, [("SCRIPT", "LOAD", SCRIPT)])
        answers = exchange(fresh, commands)
        self._kept.connection = fresh
        return answers

    def _shall_look(self) -> bool:
        """Always while the server answers; once in a few seconds, by one thread, while it is away."""
        if not self._is_away:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._look_at:
                return False
            self._look_at = now + LOOK_AGAIN_SECONDS
            return True

    def _note_away(self, problem: redis.RedisError) -> None:
        with self._lock:
            self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
            was_away, self._is_away = self._is_away, True
        if not was_away:
            log.warning(
                "limits are not counted: the queue server is away", extra={"facts": {"problem": str(problem)}}
            )


def judging(key: str, windows: Sequence[Window]) -> Command:
    numbers = [number for limit, seconds in windows for number in (limit, seconds * MICROSECONDS)]
    return ("EVALSHA", DIGEST, 1, key, *numbers)


def exchange(connection: ConnectionInterface, commands: Sequence[Command]) -> list[Answer]:
    """Send the commands together and read their answers; a connection with which anything went wrong is closed.

    Raises redis.RedisError.
    """
    try:
        connection.send_packed_command(connection.pack_commands(commands))
        return [connection.read_response() for _ in commands]
    except BaseException:
        connection.disconnect()
        raise


def whole_seconds(microseconds: int) -> int:
    return -(-microseconds // MICROSECONDS)


class LocalWindows:
    """The same windows for this process alone, on its own clock."""

    def __init__(self) -> None:
        self._moments: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def admits(self, key: str, window: Window) -> bool:
        """Count one event of this key, unless its window is full."""
        now = time.monotonic()
        with self._lock:
            moments = self._moments.pop(key, None) or deque()
            while moments and moments[0] + window.seconds <= now:
                moments.popleft()
            is_admitted = len(moments) < window.limit
            if is_admitted:
                moments.append(now)
            # The keys stand by their last use: of more than are kept, the longest unused goes.
            self._moments[key] = moments
            if len(self._moments) > MOST_KEYS:
                del self._moments[next(iter(self._moments))]
        return is_admitted

    def forget(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._moments.pop(key, None)
