"""A stand-in for a Sentry server: takes envelopes, keeps their events."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli

WAIT_SECONDS = 15
# The library packs by the best that is installed.
UNPACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Sink:
    """What arrived: `events` as sent, `raw` every byte, headers included."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://publickey@127.0.0.1:{port}/1"
        self.events: list[dict[str, Any]] = []
        self.raw = ""

    def take(self, headers: str, body: bytes) -> None:
        text = body.decode()
        self.raw += headers + text
        lines = text.splitlines()
        for head, item in zip(lines[1::2], lines[2::2], strict=False):
            if json.loads(head)["type"] == "event":
                self.events.append(json.loads(item))

    def wait(self, count: int = 1) -> list[dict[str, Any]]:
        """The events, as soon as so many are there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.events) == count
        return self.events


@contextmanager
def sink() -> Iterator[Sink]:
    """A sink on a port of its own."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.take(str(self.headers), UNPACKED[self.headers.get("Content-Encoding", "")](body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        found = Sink(server.server_port)
        serving = threading.Thread(target=server.serve_forever, args=[0.05])
        serving.start()
        yield found
        server.shutdown()
        serving.join()
