"""Crusher feed: the raw material that a production entry says it consumed, and the adjustment that takes it out.

Without it, rubble that was received and crushed would stand in the stock twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from deskops.errors import Problem, say
from deskops.schema.kinds import TONS, Kind

KEYS = {"materialId": "feedMaterialId", "quantity": "feedQuantity"}


def feed_json(feed: tuple[Any, Decimal]) -> dict[str, Any]:
    material, quantity = feed
    return {"materialId": material.id, "quantity": TONS.json(quantity)}


FEED = Kind("feed", dict, plain=lambda feed: f"{feed[0].code} {TONS.plain(feed[1])}", json=feed_json)


def feed_of(material: Any, quantity: Decimal | None) -> tuple[Any, Decimal] | None:
    return None if material is None or quantity is None else (material, quantity)


def spread_feed(sent: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
    """`feed` {materialId, quantity}, or null, as the fields that it is kept in."""
    if "feed" not in sent:
        return sent, []
    feed = sent["feed"]
    rest = {key: value for key, value in sent.items() if key != "feed"}
    if feed is None or feed == "":
        return {**dict.fromkeys(KEYS.values()), **rest}, []
    if not isinstance(feed, Mapping) or feed.keys() != KEYS.keys():
        return rest, [Problem("feed", say("Must be {materialId, quantity}, or null"))]
    told = {KEYS[key]: value for key, value in feed.items()}
    differ = [key for key, value in told.items() if rest.get(key, value) not in (value, None)]
    if differ:
        return rest, [Problem("feed", say("Given by two names with different values"))]
    return {**rest, **told}, []


def feed_is_whole(record: Any) -> Iterator[Problem]:
    if (record.feed_material is None) != (record.feed_quantity is None):
        missing = "feedMaterialId" if record.feed_material is None else "feedQuantity"
        yield Problem(missing, say("Feed needs its material and its quantity"))
