"""Every text of a page goes through gettext: what does not is a name or a figure of the yard's own."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import flask_babel
import pytest

from deskops.modules.reference import rows_to_seed
from deskops.web import fragments
from tests.clients import PageClient
from tests.conftest import ALPHA

Browse = Callable[..., PageClient]
PAGES = (
    "/signin",
    "/dashboard",
    "/stock",
    "/days",
    "/days/2026-03-02",
    "/days/2026-03-02/close",
    "/days/2026-03-02/reopen",
    "/days/2026-03-02/sheet",
    "/production",
    "/received",
    "/equipment",
    "/manpower",
    "/reviews",
    "/imports",
    "/exports",
    "/settings",
)
# Names, codes and addresses: whatever the yard wrote itself.
OWN_TEXTS = {"DeskOps", "Alpha Yard", ALPHA, "Asia/Riyadh", "Ann Moderator", "ann@yard.test"}
OWN_TEXTS |= {text for row in rows_to_seed() for text in (row.code, row.name)}
SPOKEN = re.compile(r'\s(?:aria-label|placeholder|title|alt)="([^"]*)"')
WORD = re.compile(r"[A-Za-z]{3}")
DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?[A-Z][a-z]{2} \d{1,2}, \d{4}")


class Marked:
    """Translations that put every text between brackets."""

    @staticmethod
    def gettext(text: str) -> str:
        return f"⟦{text}⟧"

    @staticmethod
    def ngettext(one: str, many: str, count: int) -> str:
        return f"⟦{one if count == 1 else many}⟧"

    ugettext, ungettext = gettext, ngettext


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda self: Marked())
    fragments.kept.forget()


def unmarked(page: str) -> set[str]:
    """The texts of a page, spoken ones too, without what stands between brackets."""
    shown = re.sub(r"<(script|option)\b.*?</\1>", "", page, flags=re.DOTALL)
    texts = [*re.sub(r"<[^>]+>", "\n", shown).splitlines(), *SPOKEN.findall(shown)]
    bare = (DATE.sub("", re.sub(r"⟦[^⟧]*⟧", "", html.unescape(text))).strip(" ·") for text in texts)
    return {text for text in bare if WORD.search(text)}


@pytest.mark.parametrize("path", PAGES)
def test_every_text_goes_through_gettext(browse: Browse, path: str, marked: None) -> None:
    somebody = browse(None if path == "/signin" else "ann")
    page = somebody.client.get(path)
    assert page.status_code == 200
    assert "⟦" in page.text
    assert unmarked(page.text) - OWN_TEXTS == set()


def test_a_page_says_its_language_and_direction(browse: Browse) -> None:
    assert re.search(r'<html lang="en" dir="ltr"', browse("ann").get("/dashboard").text)
