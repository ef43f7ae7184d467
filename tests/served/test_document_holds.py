"""The running program answers as its own OpenAPI document says, to sound requests and to broken ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.test_up import Running, Start, start

__all__ = ["start"]

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = int(os.environ.get("DESKOPS_TEST_EXAMPLES") or 20)
MANY = "1000000"


def admin_token(running: Running) -> str:
    """A write token of the demo yard's administrator."""
    asked = ["token", "add", "admin@demo.invalid", "--name", "tests", "--scope", "write"]
    made = subprocess.run(
        [sys.executable, "-m", "deskops.cli", *asked],
        env=running.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"dops_\S+", made.stdout)
    assert found, made.stdout
    return found[0]


@pytest.mark.timeout(0)
def test_the_running_program_answers_within_its_document(start: Start, tmp_path: Path) -> None:
    running = start(
        DEMO="1",
        DESKOPS_REQUESTS_PER_MINUTE=MANY,
        DESKOPS_REQUESTS_PER_SECOND=MANY,
        DESKOPS_ACTIVE_EXPORTS=MANY,
    ).ready()
    asked = [
        *("--config-file", str(ROOT / "tests/schemathesis.toml")),
        *("run", f"{running.address}/api/openapi.json"),
        *("--header", f"Authorization: Bearer {admin_token(running)}"),
        *("--checks", "all", "--max-examples", str(EXAMPLES), "--workers", "2"),
        *("--continue-on-failure", "--warnings", "off"),
    ]
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", *asked],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.served.hooks", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    answered = statuses(running)
    print(done.stdout[-3_000:], answered)
    assert done.returncode == 0, done.stdout
    assert not [status for status in answered if status >= 500 or status == 429]
    assert answered[200] + answered[201] + answered[204] > answered.total() / 10


def statuses(running: Running) -> Counter[int]:
    """How often the API gave each status, by the program's own log."""
    lines = [json.loads(line) for line in running.said if line.startswith("{")]
    return Counter(line["status"] for line in lines if line["logger"] == "deskops.request")
