"""The worked example of docs/ledger.md, done step by step and compared figure by figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.ledger import recount
from deskops.ledger.gaps import incomplete_since
from deskops.ledger.models import InventorySnapshot
from deskops.modules import ADJUSTMENTS, DISPATCH, NILS, OPENINGS, PRODUCTION, RECEIVED, SURVEYS
from deskops.modules.reference import Material
from deskops.modules.survey import surveyed_tons
from deskops.records import service
from deskops.records.module import Module

Cast = Callable[[str], Actor]
Cells = list[str]
DOCUMENT = Path(__file__).parent.parent / "docs" / "ledger.md"
STEPS = ["step", "day", "material", "tons", "more"]
FIGURES = ["opening", "production", "received", "dispatched", "adjustment", "closing"]
EXPECTED = ["day", "material", *FIGURES, "incompleteSince"]
MODULES: dict[str, Module] = {
    "opening": OPENINGS,
    "received": RECEIVED,
    "production": PRODUCTION,
    "dispatch": DISPATCH,
    "adjustment": ADJUSTMENTS,
    "survey": SURVEYS,
}


def tables() -> Iterator[tuple[Cells, list[Cells]]]:
    """(header, rows) of each table of the example, in their order."""
    text = DOCUMENT.read_text(encoding="utf-8").split("## A worked example", 1)[1]
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        if lines:
            header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
            yield header, rows


def tons(told: str) -> Decimal:
    return Decimal(told.replace("−", "-"))


def sent(site: Site, row: Cells) -> dict[str, Any]:
    """What a step sends."""
    step, day, material, told, more = row
    values: dict[str, Any] = {"siteId": site.code, "date": day, "materialId": material}
    if step == "survey":
        volume, density = (tons(part.split()[0]) for part in more.split(","))
        assert surveyed_tons(volume, density) == tons(told)
        return values | {"volume": volume, "density": density}
    values["quantity"] = tons(told)
    if step == "production":
        shift, feed = more.split(", feed ")
        material, told = feed.split()
        return values | {"shift": shift, "feed": {"materialId": material, "quantity": tons(told)}}
    return values | ({"kind": more, "reason": "Measured"} if step == "adjustment" else {})


def do(site: Site, actor: Actor, row: Cells) -> None:
    step, day, material, told, more = row
    if step == "nil":
        service.create(NILS, {"siteId": site.code, "date": day, "module": more}, actor)
    elif step.startswith("correct "):
        module = MODULES[step.removeprefix("correct ")]
        of = Material.get(Material.code == material)
        [record_id] = [
            one.id
            for one in module.model.select().where(module.model.date == date.fromisoformat(day))
            if one.__data__["material"] == of.id
        ]
        service.correct(module, record_id, {"quantity": tons(told)}, actor)
    else:
        service.create(MODULES[step], sent(site, row), actor)


def compare(site: Site, row: Cells) -> None:
    day = date.fromisoformat(row[0])
    material = Material.get(Material.code == row[1])
    kept = InventorySnapshot.get(
        InventorySnapshot.site_id == site.id,
        InventorySnapshot.material_id == material.id,
        InventorySnapshot.date == day,
    )
    told = {name: getattr(kept, name) for name in FIGURES}
    assert told == {name: tons(cell) for name, cell in zip(FIGURES, row[2:8], strict=True)}, row
    since = incomplete_since(site, day)
    assert (str(since) if since else "") == row[8], row


def test_every_figure_of_the_example_is_the_programs(alpha: Site, cast: Cast) -> None:
    ann, done, compared = cast("ann"), 0, 0
    for header, rows in tables():
        for row in rows:
            if header == STEPS:
                do(alpha, ann, row)
                done += 1
            else:
                assert header == EXPECTED
                compare(alpha, row)
                compared += 1
        assert list(recount.differences(alpha.id)) == []
    assert (done, compared) == (20, 18)


def test_a_day_that_the_example_does_not_store_has_no_row(alpha: Site, cast: Cast) -> None:
    """Thursday, until its production comes in."""
    for header, rows in list(tables())[:4]:
        for row in rows if header == STEPS else ():
            do(alpha, cast("ann"), row)
    days = {row.date for row in InventorySnapshot.select()}
    assert days == {date(2026, 3, number) for number in (2, 3, 4, 6)}
