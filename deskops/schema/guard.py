"""Texts that a spreadsheet would take for a formula: marked in files that leave, unmarked in files that come."""

from __future__ import annotations

# First letters: of a formula, and of a text that is marked already.
MARKED = frozenset("=+-@\t\r'")


def guarded(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it, or where one stands already."""
    return "'" + text if text[:1] in MARKED else text


def unguarded(text: str) -> str:
    """The text that `guarded` made this of; any other text is itself."""
    return text[1:] if text.startswith("'") and text[1:2] in MARKED else text
