"""How the text of a setting is read: one function `read(variable, given)` a kind; raises SettingRefused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from deskops.errors import CommandRefused, Message, say

SHORTEST_SECRET_KEY = 16


class SettingRefused(CommandRefused):
    """A setting has a value that cannot be used; the message names the variable and the cure."""

    def __init__(self, variable: str, problem: Message) -> None:
        super().__init__(say("%(variable)s: %(problem)s", variable=variable, problem=problem))


def text(_variable: str, given: str) -> str:
    return given


def whole(least: int, most: int) -> Callable[[str, str], int]:
    def read(variable: str, given: str) -> int:
        if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
            raise SettingRefused(
                variable,
                say(
                    "'%(given)s' is not a whole number from %(least)s to %(most)s.",
                    given=given,
                    least=least,
                    most=most,
                ),
            )
        return int(given)

    return read


def span(unit: str, most: int) -> Callable[[str, str], timedelta]:
    read_whole = whole(1, most)

    def read(variable: str, given: str) -> timedelta:
        return timedelta(**{unit: read_whole(variable, given)})

    return read


def switch(variable: str, given: str) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if given.lower() not in known:
        raise SettingRefused(variable, say("'%(given)s' is neither on nor off; use 1 or 0.", given=given))
    return known[given.lower()]


def switch_or_auto(variable: str, given: str) -> bool | None:
    return None if given.lower() == "auto" else switch(variable, given)


def url(*schemes: str) -> Callable[[str, str], str]:
    def read(variable: str, given: str) -> str:
        # The value itself stays unsaid: it may hold a password.
        if given and urlsplit(given).scheme not in schemes:
            beginnings = ", ".join(f"{scheme}://" for scheme in schemes)
            raise SettingRefused(
                variable, say("the address must begin with one of %(beginnings)s.", beginnings=beginnings)
            )
        return given

    return read


def log_level(variable: str, given: str) -> str:
    known = ("DEBUG", "INFO", "WARNING", "ERROR")
    if given.upper() not in known:
        raise SettingRefused(
            variable, say("'%(given)s' is not one of %(known)s.", given=given, known=", ".join(known))
        )
    return given.upper()


def secret(variable: str, given: str) -> str:
    if given and len(given) < SHORTEST_SECRET_KEY:
        raise SettingRefused(
            variable, say("it must have at least %(least)s characters.", least=SHORTEST_SECRET_KEY)
        )
    return given
