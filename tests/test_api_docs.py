"""The page that documents the API: whole, valid, for whoever is signed in, and each of its commands works."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deskops.accounts.models import Site
from deskops.api import SECTIONS
from deskops.api.operations import Operation
from deskops.api.shapes import ID
from deskops.exports import jobs
from tests import sound
from tests.api_contract import Api, data, refused
from tests.clients import ApiClient, PageClient

OPERATIONS = [(section, operation) for section in SECTIONS for operation in section.operations]
BOX = re.compile(r'<details class="api-operation" id="(\w+)".*?</details>', re.DOTALL)
COMMAND = re.compile(r'<div class="api-command">\s*<pre tabindex="0"><code>(.*?)</code>', re.DOTALL)
# The shell says what it would give to curl, each word after a zero.
SPOKEN = "curl() { printf '\\0%s' \"$@\"; }\n"
EXAMPLE_ID = ID["examples"][0]
FLAT_EXPORT = {"module": "received", "format": "csv", "dateFrom": "2026-01-01", "dateTo": "2026-01-31"}
URL, TOKEN = "http://yard.test", "a-token"


@pytest.fixture
def page(api: Api) -> str:
    answer = api("vera").get("/api/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.text


def test_a_person_reads_it_too_and_nobody_else(api: Api, browse: Callable[..., PageClient]) -> None:
    assert browse("vera").get("/api/docs").status_code == 200
    refused(api(None).get("/api/docs"), 401, "UNAUTHORIZED")


def test_every_operation_has_its_box_and_its_place_in_the_contents(page: str) -> None:
    names = [operation.name for _, operation in OPERATIONS]
    assert [found[1] for found in BOX.finditer(page)] == names
    assert re.findall(r'<li data-operation="(\w+)"><a href="#(\w+)">', page) == [
        (name, name) for name in names
    ]


def test_it_says_which_site_the_examples_speak_of(page: str) -> None:
    start = page.partition('<section id="errors"')[0]
    assert "<code>ALASLA-29</code>: put one of yours there" in start
    assert page.count("siteId=ALASLA-29") > 5


def test_a_box_tells_every_parameter_error_and_header(page: str) -> None:
    boxes = {found[1]: found[0] for found in BOX.finditer(page)}
    for section, operation in OPERATIONS:
        box = boxes[operation.name]
        for one in operation.parameters:
            assert f"<code>{one.name}</code>" in box
        for error in section.errors_of(operation):
            assert f"<code>{error.code}</code>" in box
        for name in operation.answer.headers:
            assert f"<code>{name}</code>" in box


def test_nothing_on_it_is_inline_for_the_policy_to_refuse(page: str) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_every_command_of_the_page_does_what_it_says(
    page: str, api: Api, alpha: Site, beta: Site, tmp_path: Path
) -> None:
    commands = {found[1]: html.unescape(COMMAND.findall(found[0])[0]) for found in BOX.finditer(page)}
    told = dict(spoken(commands, tmp_path))
    script = api("ada")
    for number, (section, operation) in enumerate(OPERATIONS):
        method, path, headers, body = request_of(told[operation.name])
        assert method == operation.method
        assert ("Authorization" in headers) is not section.public
        path = path.replace(EXAMPLE_ID, thing_for(operation, script, beta, number))
        if "{day}" in operation.path:
            # Days close in order.
            day = sound.target(sound.where_of(operation.path), script, alpha, 400 - number)
            path = day + "".join(path.partition("?")[1:])
        headers.pop("Authorization", None)
        answer = script.open(method, path, headers=headers, data=body)
        assert answer.status_code == operation.answer.status, (operation.name, answer.text)
        answer.close()


def spoken(commands: dict[str, str], folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The words that bash gives to curl for each command."""
    script = folder / "commands.sh"
    script.write_text(SPOKEN + "".join(f"{command}\nprintf '\\n'\n" for command in commands.values()))
    given = {"DESKOPS_URL": URL, "DESKOPS_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(["bash", str(script)], env=given, capture_output=True, text=True, check=True)
    for name, line in zip(commands, ran.stdout.splitlines(), strict=True):
        yield name, line.split("\0")[1:]


def request_of(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """What curl would ask: (method, path and query, headers, body)."""
    method, headers, body = "GET", {}, None
    while len(words) > 1:
        option, *words = words
        if option in ("-O", "-J"):
            continue
        value, *words = words
        if option == "-X":
            method = value
        elif option == "-H":
            name, _, headers[name] = (part.strip() for part in value.partition(":"))
        else:
            assert option == "-d"
            body = value
    (url,) = words
    assert url.startswith(f"{URL}/api/")
    assert headers.get("Authorization") in (None, f"Bearer {TOKEN}")
    return method, url.removeprefix(URL), headers, body


def thing_for(operation: Operation, script: ApiClient, site: Site, number: int) -> str:
    """The id of something that the operation can be done to."""
    if "{recordId}" in operation.path:
        where = operation.path.replace("{recordId}", "{id}")
        return sound.target(where, script, site, number).rpartition("/")[2]
    if "{jobId}" in operation.path:
        job = str(data(script.post("/api/export", FLAT_EXPORT), 201)["jobId"])
        jobs.run(job)
        return job
    return ""
