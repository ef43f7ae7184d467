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
NO_FEED: dict[str, Any] = dict.fromkeys(KEYS.values())
Sent = Mapping[str, Any]


def feed_json(feed: tuple[Any, Decimal]) -> dict[str, Any]:
    material, quantity = feed
    return {"materialId": material.id, "quantity": TONS.json(quantity)}


FEED = Kind("feed", dict, plain=lambda feed: f"{feed[0].code} {TONS.plain(feed[1])}", json=feed_json)


def feed_of(material: Any, quantity: Decimal | None) -> tuple[Any, Decimal] | None:
    return None if material is None or quantity is None else (material, quantity)


def spread_feed(sent: Sent, held: Any) -> tuple[Sent, list[Problem]]:
    """`feed` {materialId, quantity}, or null, as the fields that it is kept in.

    A record that was read has both: in a correction the one counts that says something else than the record.
    """
    if "feed" not in sent:
        return sent, []
    rest = {key: value for key, value in sent.items() if key != "feed"}
    told = fields_of(sent["feed"])
    if told is None:
        return rest, [Problem("feed", say("Must be {materialId, quantity}, or null"))]
    named = {key: rest[key] for key in KEYS.values() if rest.get(key) not in (None, "")}
    if held is None and told == NO_FEED:
        return rest, []
    if held is not None:
        stored = stored_fields(held)
        if told == stored and any(key in rest for key in KEYS.values()):
            return rest, []
        named = {key: value for key, value in named.items() if value != stored[key]}
    if any(value != told[key] for key, value in named.items()):
        return rest, [Problem("feed", say("Given by two names with different values"))]
    return {**rest, **told}, []


def fields_of(feed: Any) -> dict[str, Any] | None:
    """The fields that a feed stands for; None where it is no feed."""
    if feed is None or feed == "":
        return NO_FEED
    if not isinstance(feed, Mapping) or feed.keys() != KEYS.keys():
        return None
    return {KEYS[key]: value for key, value in feed.items()}


def stored_fields(held: Any) -> dict[str, Any]:
    material = held.feed_material
    return {"feedMaterialId": material and material.id, "feedQuantity": held.feed_quantity}


def feed_is_whole(record: Any) -> Iterator[Problem]:
    if (record.feed_material is None) != (record.feed_quantity is None):
        missing = "feedMaterialId" if record.feed_material is None else "feedQuantity"
        yield Problem(missing, say("Feed needs its material and its quantity"))
