"""Sliding windows on a real server: exact at their edges, together over processes, kept over a restart."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import redis

from deskops import config, queue, windows
from deskops.windows import LOOK_AGAIN_SECONDS, MICROSECONDS, LocalWindows, SharedWindows, Verdict, Window

MINUTE = Window(100, 60)
USUAL = (Window(20, 1), MINUTE)
# Wide enough for a burst on a busy machine.
WIDE = (Window(20, 10), MINUTE)
KEY = "limits:test"


class Store:
    """The server, and the past of a key: its moments are moved back instead of waiting for them."""

    def __init__(self, url: str) -> None:
        self.asking = redis.Redis.from_url(url)
        self.windows = SharedWindows(url)

    def admitted(self, times: int, *given: Window, key: str = KEY) -> int:
        return sum(self.count(*given, key=key).wait == 0 for _ in range(times))

    def count(self, *given: Window, key: str = KEY) -> Verdict:
        verdicts = self.windows.count((key, given or USUAL))
        assert verdicts is not None
        return verdicts[0]

    def now(self) -> int:
        seconds, microseconds = self.asking.time()
        return int(seconds) * MICROSECONDS + int(microseconds)

    def happened(self, *seconds_ago: float, key: str = KEY) -> None:
        """So long ago, events were counted: the longest ago first."""
        now = self.now()
        self.asking.delete(key)
        self.asking.rpush(key, *(now - round(ago * MICROSECONDS) for ago in seconds_ago))


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    found = Store(redis_url)
    found.asking.flushdb()
    with closing(found.asking):
        yield found


def test_the_twenty_first_of_the_short_window_and_the_hundred_and_first_of_the_long_are_refused(
    store: Store,
) -> None:
    store.happened(*[30.0] * 79)
    assert store.admitted(40, *WIDE) == 20
    assert store.count(*WIDE).counted == 99
    store.happened(*[30.0] * 90)
    assert store.admitted(40, *WIDE) == 10
    assert store.count(*WIDE).counted == 100


def test_an_event_leaves_a_window_exactly_after_its_length(store: Store) -> None:
    for length in (1, 60):
        full = Window(3, length)
        store.happened(length + 0.001, 0.5, 0.4)
        assert store.admitted(3, full) == 1
        store.happened(length - 0.2, 0.5, 0.4)
        assert store.admitted(3, full) == 0
        time.sleep(0.2)
        assert store.admitted(3, full) == 1


@pytest.mark.parametrize(
    ("ago", "wait"),
    [
        # The minute is full, and its oldest leaves in so many seconds.
        ([59.5, *[30.0] * 99], 1),
        ([58.9, *[30.0] * 99], 2),
        ([0.9] * 100, 60),
        # The second alone.
        ([0.5] * 20, 1),
        # Both: the later one.
        ([50.5, *[30.0] * 79, *[0.3] * 20], 10),
        ([59.9, *[30.0] * 79, *[0.1] * 20], 1),
    ],
)
def test_the_wait_is_the_longer_one_in_whole_seconds(store: Store, ago: list[float], wait: int) -> None:
    store.happened(*ago)
    assert store.count().wait == wait


@pytest.mark.parametrize("ago", [[59.4, *[0.5] * 99], [0.5] * 20, [58.7, *[30.0] * 79, *[0.3] * 20]])
def test_whoever_waits_as_told_is_admitted(store: Store, ago: list[float]) -> None:
    store.happened(*ago)
    wait = store.count().wait
    assert wait in (1, 2)
    time.sleep(wait)
    assert store.count().wait == 0


def test_a_refused_event_counts_in_no_window(store: Store) -> None:
    assert store.admitted(300, *WIDE) == 20
    assert store.asking.llen(KEY) == 20
    # The minute refuses, and that takes nothing from the second.
    store.happened(*[60.0 - 0.3] * 100)
    assert store.admitted(50) == 0
    assert store.asking.llen(KEY) == 100
    time.sleep(0.3)
    assert store.admitted(20) == 20


def test_no_burst_passes_around_the_edge_of_a_second(store: Store) -> None:
    store.happened(*[6.0] * 15)
    assert store.admitted(30, *WIDE) == 5


def test_the_reset_is_when_the_oldest_leaves(store: Store) -> None:
    first = store.count()
    assert (first.counted, first.reset) == (1, 60)
    store.happened(20.5, 10.0)
    later = store.count()
    assert (later.counted, later.reset) == (3, 40)


def test_a_lower_limit_holds_at_once(store: Store) -> None:
    store.happened(50.5, 40.0, 30.0, 20.0)
    assert store.count(Window(5, 60)).wait == 0
    # Five are counted; of two, the newer must have left.
    assert store.count(Window(2, 60)).wait == 40


def test_a_clock_that_was_set_back_shuts_nobody_out(store: Store) -> None:
    store.happened(*[-3600.0] * 100)
    assert store.count() == Verdict(0, 1, 60)


def test_keys_go_when_they_hold_nothing_any_more(store: Store) -> None:
    store.count()
    assert 59_000 < store.asking.pttl(KEY) <= 60_000


def test_keys_do_not_count_for_each_other_and_are_asked_together(store: Store) -> None:
    first = store.windows.count(("one", (Window(1, 60),)), ("other", (Window(1, 60),)))
    again = store.windows.count(("one", (Window(1, 60),)), ("third", (Window(1, 60),)))
    assert [verdict.wait for verdict in (*(first or ()), *(again or ()))] == [0, 0, 60, 0]
    store.windows.forget("one")
    assert store.count(Window(1, 60), key="one").wait == 0


@pytest.mark.parametrize("limits", [WIDE, (Window(1000, 1), Window(30, 60))])
def test_of_two_hundred_at_once_exactly_the_allowed_pass(store: Store, limits: tuple[Window, ...]) -> None:
    with ThreadPoolExecutor(16) as threads:
        verdicts = list(threads.map(lambda _: store.count(*limits), range(200)))
    assert sum(verdict.wait == 0 for verdict in verdicts) == min(limit for limit, _ in limits)


ASKING = """
import sys
from deskops.windows import SharedWindows, Window
shared = SharedWindows(sys.argv[1])
print(sum(shared.count(("limits:test", (Window(1000, 1), Window(150, 60))))[0].wait == 0 for _ in range(100)))
"""


def test_two_processes_share_the_count(store: Store, redis_url: str) -> None:
    command = [sys.executable, "-c", ASKING, redis_url]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) for _ in range(2)]
    passed = [int(process.communicate()[0]) for process in both]
    assert sum(passed) == 150
    assert store.asking.llen(KEY) == 150


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_of_the_embedded_server_does_not_forget(number: signal.Signals, tmp_path: Path) -> None:
    settings = config.load({"DESKOPS_HOME": str(tmp_path)})
    server = queue.start_embedded(settings)
    shared = SharedWindows(settings.redis_url)
    try:
        assert [shared.count((KEY, (MINUTE,))) for _ in range(30)][-1] == [Verdict(0, 30, 60)]
        server.send_signal(number)
        server.wait()
        server = queue.start_embedded(settings)
        # The same client goes on, on a new connection, and notices nothing.
        verdicts = shared.count((KEY, (MINUTE,)))
        assert verdicts is not None
        assert verdicts[0].counted == 31
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def frozen_store(tmp_path: Path) -> Iterator[socket.socket]:
    """A server that is there and never answers."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listening:
        listening.bind(str(tmp_path / "f.sock"))
        listening.listen()
        listening.setblocking(False)
        yield listening


def visits(store: socket.socket) -> int:
    """How often somebody came since the last look."""
    found = 0
    while True:
        try:
            store.accept()[0].close()
        except BlockingIOError:
            return found
        found += 1


class Clock:
    """A clock that stands still until a test moves it."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr("deskops.windows.time", standing)
    return standing


def test_a_frozen_store_is_waited_for_once_in_a_few_seconds(
    frozen_store: socket.socket, clock: Clock
) -> None:
    shared = SharedWindows(f"unix://{frozen_store.getsockname()}")
    assert windows.CONNECT_SECONDS + windows.ANSWER_SECONDS < 0.5
    begun = time.perf_counter()
    assert [shared.count((KEY, (MINUTE,))) for _ in range(10)] == [None] * 10
    assert time.perf_counter() - begun < 1
    assert visits(frozen_store) == 1
    clock.now += LOOK_AGAIN_SECONDS
    assert [shared.count((KEY, (MINUTE,))) for _ in range(5)] == [None] * 5
    assert visits(frozen_store) == 1


def test_a_store_that_goes_and_comes_is_told_once_each_time(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    settings = config.load({"DESKOPS_HOME": str(tmp_path)})
    shared = SharedWindows(settings.redis_url)
    with caplog.at_level(logging.INFO, "deskops.windows"):
        for _ in range(4):
            assert shared.count((KEY, (MINUTE,))) is None
            clock.now += LOOK_AGAIN_SECONDS
        assert [record.getMessage() for record in caplog.records] == [
            "limits are not counted: the queue server is away"
        ]
        server = queue.start_embedded(settings)
        try:
            counted = [shared.count((KEY, (MINUTE,))) for _ in range(2)]
        finally:
            server.kill()
            server.wait()
    assert [verdicts and verdicts[0].counted for verdicts in counted] == [1, 2]
    assert [record.getMessage() for record in caplog.records][1:] == ["limits are counted again"]


def test_a_server_without_the_script_is_given_it_again(store: Store) -> None:
    store.count()
    store.asking.script_flush()
    assert store.count().counted == 2


def test_a_full_store_refuses_nobody(store: Store, redis_url: str) -> None:
    most = store.asking.config_get("maxmemory")["maxmemory"] or 0
    store.asking.config_set("maxmemory", 1)
    try:
        assert store.windows.count((KEY, (MINUTE,))) is None
    finally:
        store.asking.config_set("maxmemory", most)


def test_alone_a_process_counts_the_same_way(clock: Clock) -> None:
    local = LocalWindows()
    assert [local.admits(KEY, Window(2, 60)) for _ in range(3)] == [True, True, False]
    clock.now += 59.9
    assert not local.admits(KEY, Window(2, 60))
    clock.now += 0.2
    assert [local.admits(KEY, Window(2, 60)) for _ in range(3)] == [True, True, False]
    assert local.admits("other", Window(2, 60))
    local.forget(KEY)
    assert local.admits(KEY, Window(2, 60))


def test_alone_a_process_keeps_so_many_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_KEYS", 2)
    local, once = LocalWindows(), Window(1, 60)
    assert [local.admits(key, once) for key in ("a", "b", "a", "c", "b")] == [True, True, False, True, True]
