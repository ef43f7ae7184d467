"""A generator of requests: some kept connections of one process, with nothing that would cost more than the answers.

`python -m benchmarks.load` reads one job a line on its input and answers one line of JSON for each.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.servers import ROOT, Server

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
CONNECTIONS = 4
SLOWEST_SECONDS = 30.0


class Answered(NamedTuple):
    """What came of a job: each answer's milliseconds, how many had which status, and how many requests were begun."""

    milliseconds: list[float]
    statuses: dict[str, int]
    sent: int


class Connection:
    """One kept connection, with the answer it is waiting for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.whole = 0
        self.began = 0.0

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.whole = 0
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what came; whether the answer is whole. Raises ConnectionError where the server hung up."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("the server hung up")
        self.received += part
        if not self.whole:
            self.whole = whole_length(self.received)
        if self.whole > 0:
            return len(self.received) >= self.whole
        return self.whole < 0 and self.received.endswith(b"\r\n0\r\n\r\n")


def whole_length(received: bytearray) -> int:
    """How many bytes an answer has; -1 where only its last chunk tells, 0 while its head is not there."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = bytes(received[:end])
    if CHUNKED.search(head):
        return -1
    length = LENGTH.search(head)
    return end + 4 + (int(length[1]) if length else 0)


def ask(port: int, requests: Iterator[bytes], seconds: float) -> Answered:
    """Keep the connections busy for this long, or until there are no more requests."""
    milliseconds: list[float] = []
    statuses: Counter[str] = Counter()
    sent = 0
    waiting = selectors.DefaultSelector()
    deadline = time.perf_counter() + seconds
    for connection, request in zip([Connection(port) for _ in range(CONNECTIONS)], requests, strict=False):
        connection.send(request)
        waiting.register(connection.socket, selectors.EVENT_READ, connection)
        sent += 1
    while waiting.get_map():
        ready = waiting.select(SLOWEST_SECONDS)
        if not ready:
            raise TimeoutError(f"no answer within {SLOWEST_SECONDS} s")
        for key, _ in ready:
            connection = key.data
            if not connection.is_answered():
                continue
            now = time.perf_counter()
            milliseconds.append((now - connection.began) * 1000)
            statuses[connection.received[9:12].decode()] += 1
            following = next(requests, None) if now < deadline else None
            if following is None:
                waiting.unregister(connection.socket)
                connection.socket.close()
            else:
                connection.send(following)
                sent += 1
    return Answered(milliseconds, dict(statuses), sent)


def over_again(requests: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from requests


class Generator:
    """The process that asks, from this one's side."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.load"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
        )

    def ask(self, server: Server, requests: list[str], seconds: float, *, once: bool = False) -> Answered:
        """Ask for so long, by turns, or each request `once`. Raises SystemExit at any answer that is a refusal."""
        job = {"port": server.port, "requests": requests, "seconds": seconds, "once": once}
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(job), file=self.process.stdin, flush=True)
        answered = Answered(**json.loads(self.process.stdout.readline()))
        if set(answered.statuses) - {"200", "201"}:
            raise SystemExit(f"{server.name} answered {answered.statuses} to {requests[0]}")
        return answered

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        requests = [request.encode() for request in job["requests"]]
        asked = iter(requests) if job["once"] else over_again(requests)
        print(json.dumps(ask(job["port"], asked, job["seconds"])._asdict()), flush=True)


if __name__ == "__main__":
    main()
