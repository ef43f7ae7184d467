"""The HTML of every response goes through the Nu Html Checker, the validator of the W3C.

The checker is a Java program that answers on a loopback port. A run with several workers has one, started by
the plugin; otherwise the first page starts it.
"""

import atexit
import hashlib
import http.client
import json
import lzma
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from tests.services import children

PACKED = Path(__file__).parent / "vnu" / "vnu-26.9.27.jar.xz"
UNPACKED_INTO = Path(__file__).parents[2] / "build"

# The port of a checker that somebody else started.
PORT_VARIABLE = "DESKOPS_TEST_MARKUP_PORT"

# A small heap and the quick compiler: the checker shares the machine with the tests.
JAVA_OPTIONS = ("-Xmx192m", "-Xss2m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# Attributes of htmx are not in the standard, and meant to be there.
FINE_EVERYWHERE = re.compile(r"^Attribute “hx-[a-z-]+” not allowed on element ")
# A fragment may refer to what is elsewhere on its page.
FINE_IN_FRAGMENTS = re.compile(
    r"must refer to|must be the ID of|refers to the ID|is not the ID of any element"
)

# The element within which a fragment stands, by the element it begins with.
SURROUNDINGS = {
    "tr": ("<table><tbody>", "</tbody></table>"),
    "td": ("<table><tbody><tr>", "</tr></tbody></table>"),
    "th": ("<table><tbody><tr>", "</tr></tbody></table>"),
    "tbody": ("<table>", "</table>"),
    "thead": ("<table>", "</table>"),
    "tfoot": ("<table>", "</table>"),
    "caption": ("<table>", "</table>"),
    "li": ("<ul>", "</ul>"),
    "option": ("<select>", "</select>"),
    "optgroup": ("<select>", "</select>"),
    "dt": ("<dl>", "</dl>"),
    "dd": ("<dl>", "</dl>"),
    "legend": ("<fieldset>", "</fieldset>"),
}
FIRST_ELEMENT = re.compile(r"\s*(?:<!--.*?-->\s*)*<([a-z0-9]+)", re.DOTALL | re.IGNORECASE)
WHOLE_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html)\b", re.DOTALL | re.IGNORECASE)


def check(html: str, where: str) -> None:
    """Raise AssertionError that names each error of a page or a fragment, with its line.

    where: what the reader will look for, such as "GET /production".
    """
    key = hashlib.sha256(html.encode()).digest()
    if not html.strip() or key in _found_valid:
        return
    problems = errors(html)
    if problems:
        raise AssertionError(f"{where} is not valid HTML:\n" + "\n".join(problems))
    _found_valid.add(key)


def errors(html: str) -> list[str]:
    """One line for each error: the line in the text, what is wrong, and the text around it."""
    is_page = WHOLE_PAGE.match(html) is not None
    lines = []
    for message in _shared_checker().messages(html if is_page else _as_page(html)):
        text = message["message"]
        is_fine = FINE_EVERYWHERE.search(text) or (not is_page and FINE_IN_FRAGMENTS.search(text))
        if message["type"] != "info" and not is_fine:
            extract = " ".join(message.get("extract", "").split())
            lines.append(f"  line {message.get('lastLine', '?')}: {text} [{extract}]")
    return lines


class Checker:
    """A connection to a running checker."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._lock = Lock()

    def messages(self, page: str) -> list[dict[str, Any]]:
        """What the checker says of a whole page: dicts with type, message, lastLine and extract."""
        with self._lock:
            try:
                return self._ask(page)
            except (http.client.HTTPException, ConnectionError):
                # The server closes connections that were idle for long; a new one is made once.
                self._connection.close()
                return self._ask(page)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, page: str) -> list[dict[str, Any]]:
        # Without a User-Agent the checker answers 400.
        headers = {"Content-Type": "text/html; charset=utf-8", "User-Agent": "deskops-tests"}
        self._connection.request("POST", "/?out=json&level=error", page.encode(), headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"The markup checker answered {response.status}: {content[:300]!r}")
        messages: list[dict[str, Any]] = json.loads(content)["messages"]
        return messages


@contextmanager
def server() -> Iterator[int]:
    """Start a checker and answer its port at once; the first page waits until it is ready."""
    java = shutil.which("java")
    if java is None:
        raise RuntimeError("Java is not installed; on Debian: apt-get install default-jre-headless")
    port = children.free_port()
    with tempfile.TemporaryDirectory(prefix="deskops-vnu-", ignore_cleanup_errors=True) as folder:
        argv = [java, *JAVA_OPTIONS, "-Dnu.validator.servlet.bind-address=127.0.0.1"]
        argv += ["-cp", str(_unpacked()), "nu.validator.servlet.Main", str(port)]
        process = children.start(argv, log=Path(folder) / "server.log")
        try:
            yield port
        finally:
            children.stop(process)


_found_valid: set[bytes] = set()
_checkers: list[Checker] = []


def _shared_checker() -> Checker:
    if not _checkers:
        given = os.environ.get(PORT_VARIABLE)
        if given:
            port = int(given)
        else:
            own = ExitStack()
            port = own.enter_context(server())
            atexit.register(own.close)
        checker = Checker(port)
        _wait_until_it_answers(checker)
        atexit.register(checker.close)
        _checkers.append(checker)
    return _checkers[0]


def _wait_until_it_answers(checker: Checker) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            checker.messages("<!DOCTYPE html><html lang=en><title>Ready?</title></html>")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _as_page(fragment: str) -> str:
    first = FIRST_ELEMENT.match(fragment)
    before, after = SURROUNDINGS.get(first[1].lower() if first else "", ("", ""))
    # The head stands on the fragment's first line, so that line numbers are those of the fragment.
    head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A fragment</title></head>'
    return f"{head}<body>{before}{fragment}{after}</body></html>"


def _unpacked() -> Path:
    """The checker as Java reads it, unpacked once for a checkout."""
    jar = UNPACKED_INTO / PACKED.stem
    if not jar.exists() or jar.stat().st_mtime < PACKED.stat().st_mtime:
        UNPACKED_INTO.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=UNPACKED_INTO, delete=False) as partial:
            partial.write(lzma.decompress(PACKED.read_bytes()))
        Path(partial.name).replace(jar)
    return jar
