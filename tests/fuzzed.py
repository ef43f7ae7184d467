"""Requests that no route may take: sound bodies, each broken in one of many ways. The same seed, the same request."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from typing import Any, NamedTuple

Body = dict[str, Any]

JSON = "application/json"
MEBIBYTE = 1024 * 1024
HOLE = "<here>"
# JSON texts that are no value of any field, whatever its type.
NEVER = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "1e-400",
    "1e999999999999",
    "9" * 400,
    "9" * 5_000,
    "-" + "9" * 400,
    "0." + "1" * 400,
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udfff x"',
    '"\\u001b[2J"',
    f'"{"x" * 6_000}"',
    f'"{"x" * (MEBIBYTE - 5_000)}"',
    '{"a": 1}',
    '{"$ne": null}',
    "[[1]]",
    "[{}]",
    "[" * 9 + "]" * 9,
    "[" * 2_000 + "]" * 2_000,
    '{"a":' * 3_000 + "1" + "}" * 3_000,
    "'text'",
    "undefined",
    "0x10",
    "01",
    "+1",
    "1.",
    ".5",
    '"a" "b"',
    '"\\x41"',
    '"\n"',
)
# What stands in place of the whole body.
NO_OBJECT = (
    "",
    " ",
    "null",
    "true",
    "0",
    "1e400",
    '"text"',
    "[]",
    "[{}]",
    "{",
    "}",
    "{}{}",
    "\x00",
    "{'a': 1}",
    "NaN",
)


class Hostile(NamedTuple):
    """One request's body and how it is announced."""

    body: bytes
    content_type: str = JSON

    def __str__(self) -> str:
        cut = f" … {len(self.body):,} bytes" if len(self.body) > 1_500 else ""
        return f"{self.content_type}: {self.body[:1_500]!r}{cut}"


def hostile(sound: Body, seed: str) -> Hostile:
    """The request of this seed, made of a body that the route takes."""
    chance = random.Random(seed)
    return chance.choice(WAYS)(sound, chance)


def holed(value: Any, chance: random.Random) -> Any:
    """The body with a hole in place of one value, at any depth."""
    if isinstance(value, dict) and value and (chance.random() < 0.9):
        key = chance.choice(sorted(value))
        return value | {key: holed(value[key], chance)}
    if isinstance(value, list) and value and (chance.random() < 0.9):
        place = chance.randrange(len(value))
        return [*value[:place], holed(value[place], chance), *value[place + 1 :]]
    return HOLE


def filled(body: Any, text: str) -> bytes:
    return json.dumps(body).replace(json.dumps(HOLE), text).encode("utf-8", "surrogatepass")


def wrong_value(sound: Body, chance: random.Random) -> Hostile:
    return Hostile(filled(holed(sound, chance), chance.choice(NEVER)))


def unknown_key(sound: Body, chance: random.Random) -> Hostile:
    name = chance.choice(
        ["__proto__", "\x00", "\ud800", "", "a" * 5_000, "$where", "quantity ", *string.punctuation]
    )
    return Hostile(filled(sound | {name: HOLE}, chance.choice(["1", "null", "{}", "[]", '"x"'])))


def named_twice(sound: Body, chance: random.Random) -> Hostile:
    key = chance.choice(sorted(sound))
    text = json.dumps(sound)
    return Hostile(f"{text[:-1]}, {json.dumps(key)}: {json.dumps(sound[key])}}}".encode())


def cut_short(sound: Body, chance: random.Random) -> Hostile:
    text = json.dumps(sound).encode()
    return Hostile(text[: chance.randrange(len(text))])


def followed_by_more(sound: Body, chance: random.Random) -> Hostile:
    rest = chance.choice(["{}", ",", "\x00", "]", "null", "// more", "\ufeff"])
    return Hostile((json.dumps(sound) + rest).encode())


def no_object(sound: Body, chance: random.Random) -> Hostile:
    return Hostile(chance.choice(NO_OBJECT).encode())


def in_another_charset(sound: Body, chance: random.Random) -> Hostile:
    text = json.dumps(sound | {"notes": "Schöner Sand"}, ensure_ascii=False)
    charset = chance.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "cp500", "utf-7"])
    sent = text.encode(charset) if charset != "utf-7" else f"+AHs-{text}".encode(charset)
    return Hostile(sent, chance.choice([JSON, f"{JSON}; charset={charset}"]))


def with_a_damaged_byte(sound: Body, chance: random.Random) -> Hostile:
    text = json.dumps(sound).encode()
    place = chance.randrange(len(text))
    bad = chance.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"])
    return Hostile(text[:place] + bad + text[place:])


def noise(sound: Body, chance: random.Random) -> Hostile:
    return Hostile(b"\xfe" + chance.randbytes(chance.choice([1, 100, 10_000])))


def too_large(sound: Body, chance: random.Random) -> Hostile:
    return Hostile(json.dumps(sound).encode().ljust(MEBIBYTE + chance.choice([1, 70_000])))


def of_another_type(sound: Body, chance: random.Random) -> Hostile:
    kinds = [
        "text/plain",
        "",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json5",
        "json",
        "*/*",
    ]
    return Hostile(json.dumps(sound).encode(), chance.choice(kinds))


WAYS: tuple[Callable[[Body, random.Random], Hostile], ...] = (
    *(wrong_value,) * 12,
    *(unknown_key,) * 3,
    named_twice,
    *(cut_short,) * 2,
    followed_by_more,
    no_object,
    in_another_charset,
    with_a_damaged_byte,
    noise,
    too_large,
    of_another_type,
)
