"""Texts that a spreadsheet would take for a formula: marked in files that leave, unmarked in files that come."""

from __future__ import annotations

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it, or where one stands already."""
    return "'" + text if text.startswith((*STARTS_A_FORMULA, "'")) else text


def unguarded(text: str) -> str:
    """The text that `guarded` made this of; any other text is itself."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*STARTS_A_FORMULA, "'")) else text
