"""The API's reference names what there is: every key of every record, every parameter, every number."""

from __future__ import annotations

import re

import pytest

from deskops.accounts.models import Site
from deskops.api import SECTIONS
from deskops.api.bodies import LONGEST_KEY
from deskops.api.operations import Operation
from deskops.api.records import MOST_AT_ONCE
from deskops.config import describe
from deskops.exports import jobs
from deskops.modules import LISTED, MODULES
from deskops.records.module import Module
from deskops.records.query import FIRST_PAGE_SIZE, MOST_DAYS, MOST_PAGE_SIZE
from tests import reference, sound
from tests.api_contract import Api, always, body_of, enter, every_listed

KEYS = "| key | in a body | meaning |"
OPERATIONS: list[Operation] = [operation for section in SECTIONS for operation in section.operations]
CHARTS = reference.table("| chart | a row for | keys |", "## Figures and charts")


# What of the keys of every module those that are kept do not have.
LACKING = {
    "openings": {"status"},
    "adjustments": {"status", "notes"},
    "surveys": {"status"},
    "targets": {"status", "date"},
    "factors": {"status"},
}


def keys_of(module: Module) -> dict[str, str]:
    """{key: what a body may do with it} of a module, with those of every module."""
    rows = reference.table(KEYS, "### Of every module")
    rows = [row for row in rows if not {*reference.marked(row["key"])} & LACKING.get(module.name, set())]
    rows += reference.table(KEYS, f"### {module.name}")
    return {reference.marked(row["key"])[0]: row["in a body"] for row in rows}


@every_listed
def test_every_key_of_an_answer_is_told(module: Module) -> None:
    answered = {key for key, told in keys_of(module).items() if not told.startswith("only there")}
    assert answered == set(module.columns)


@every_listed
def test_every_key_that_a_body_may_hold_is_told_with_what_becomes_of_it(module: Module) -> None:
    told = keys_of(module)
    assert told.keys() == module.schema.accepted
    for field in module.schema.fields:
        assert told[field.key] == ("required" if field.required else "optional")
        for other in field.also:
            assert told[other] == f"only there, same as `{field.key}`"
        if field.instead:
            assert told[field.instead.name] == f"instead of `{field.key}`"
    written = {name for field in module.schema.fields for name in field.names}
    written |= {field.instead.name for field in module.schema.fields if field.instead} | {"uom", "feed"}
    for key in told.keys() - written:
        assert told[key] in ("ignored", "only there, ignored")


@every_listed
def test_what_is_unique_is_told(module: Module) -> None:
    section = reference.TEXT.split(f"\n### {module.name}\n")[1].split("\n#")[0]
    assert section.strip().startswith("Unique: ") == bool(module.unique)


def test_every_parameter_of_a_list_is_told() -> None:
    told: set[str] = set()
    for row in reference.table("| parameter | takes |", "## Lists"):
        told |= set(reference.marked(row["parameter"]))
    lists = [one for one in OPERATIONS if one.method == "GET" and one.view.__name__ == "read_list"]
    assert len(lists) == len(LISTED)
    assert told == {
        name for one in lists for each in one.parameters if each.place == "query" for name in each.names
    }


def test_every_further_parameter_of_a_chart_is_told() -> None:
    told = {
        (reference.marked(row["further parameter"])[0], row["of"])
        for row in reference.table("| further parameter | of | takes |", "## Figures and charts")
    }
    assert told == {
        (each.name, one.path.removeprefix("/api/charts/"))
        for one in OPERATIONS
        if one.path.startswith("/api/charts/")
        for each in one.parameters
        if each.place == "query" and each.name not in ("siteId", "startDate", "endDate")
    }


@pytest.mark.parametrize("row", CHARTS, ids=[row["chart"] for row in CHARTS])
def test_the_rows_of_a_chart_have_the_keys_that_are_told(row: dict[str, str], api: Api, alpha: Site) -> None:
    ada = api("ada")
    for module in MODULES.values():
        enter(ada, module, alpha)
    name, _, view = row["chart"].partition(", ")
    days = always(alpha) | {"startDate": always(alpha)["endDate"]}
    body = body_of(
        ada.get(f"/api/charts/{name}", siteId=alpha.code, **days, **({"view": view} if view else {}))
    )
    told = set(reference.marked(row["keys"])) - (body.keys() - {"data"})
    assert told <= body["data"][0].keys()
    if "one key for each" not in row["keys"]:
        assert told == body["data"][0].keys()


def test_every_number_that_limits_is_told() -> None:
    told = {row["what"]: row["how much"] for row in reference.table("| what | how much |", "## Limits")}
    usual = {setting.variable: setting.default for setting in describe()}
    minute, second = (usual[f"DESKOPS_REQUESTS_PER_{span}"] for span in ("MINUTE", "SECOND"))
    assert told["requests of a person"].startswith(f"{minute} in any minute and {second} in any second")
    assert told["exports under way"] == f"{usual['DESKOPS_ACTIVE_EXPORTS']} of a person"
    assert told["exports listed"] == f"the {jobs.LISTED} newest"
    assert told["records of a bulk body"] == f"{MOST_AT_ONCE:,}"
    assert told["rows of a page"] == f"{MOST_PAGE_SIZE}"
    assert told["days of a range"] == f"{MOST_DAYS:,}"
    assert told["an Idempotency-Key"] == f"{LONGEST_KEY} characters"
    assert f"{FIRST_PAGE_SIZE} unless said otherwise" in reference.TEXT


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.method == "GET"], ids=lambda one: one.name
)
def test_an_optional_parameter_that_is_empty_is_as_good_as_absent(
    operation: Operation, api: Api, alpha: Site
) -> None:
    where = re.sub(r"{\w+}", "{id}", operation.path)
    ada = api("ada")
    path, required = sound.target(where, ada, alpha), sound.query("GET", where, alpha)
    names = {each.name for each in operation.parameters if each.place == "query"}
    empty = ada.get(path, **required, **dict.fromkeys(names - required.keys(), ""))
    absent = ada.get(path, **required)
    assert (empty.status_code, absent.status_code) == (200, 200)
    if absent.is_json and operation.path != "/api/hello":
        assert empty.get_json().get("data") == absent.get_json().get("data")
    empty.close()
    absent.close()
