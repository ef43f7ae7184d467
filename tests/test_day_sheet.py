"""The day sheet: one A4 page with the day's figures, as a page to print and as PDF; it fetches nothing."""

from __future__ import annotations

import ctypes.util
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
from babel import Locale
from werkzeug.test import TestResponse

from deskops import pdf, system
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.config import Settings
from deskops.days import closing
from deskops.days.models import DayClosing
from deskops.days.sheet import MOST_ADJUSTMENTS, sheet_of
from deskops.errors import FormatUnavailable
from deskops.modules import ADJUSTMENTS, EQUIPMENT, MANPOWER, OPENINGS, PRODUCTION
from deskops.modules.reference import Material
from deskops.records import service
from deskops.schema import references
from deskops.web import day_sheets, words
from tests.clients import PageClient
from tests.day_book import MONDAY, Book
from tests.samples import as_read, sample

Browse = Callable[..., PageClient]
PAGE, PDF = f"/days/{MONDAY}/sheet", f"/days/{MONDAY}/sheet.pdf"
A4 = (595, 842)


@pytest.fixture
def book(alpha: Site, cast: Callable[[str], Actor]) -> Book:
    return Book(alpha, cast)


def pages_of(answer: TestResponse) -> list[pypdf.PageObject]:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    return list(pypdf.PdfReader(io.BytesIO(answer.data)).pages)


def test_a_closed_day_is_one_a4_page_with_its_figures_and_its_entry_of_the_chain(
    book: Book, browse: Browse
) -> None:
    book.whole_day()
    closing.close(book.site, MONDAY, book.cast("ann"), reason="Counted twice")
    [page] = pages_of(browse("vera").get(PDF))
    assert (round(page.mediabox.width), round(page.mediabox.height)) == A4
    text = page.extract_text()
    assert "3/4 AGG-3/4 100.000 5.000 12.500 2.250 0.000 115.250" in text
    assert "Total 100.000 5.000 12.500 2.250 0.000 115.250" in text
    stored = DayClosing.get()
    assert stored.hash in text.replace("\n", "")
    for part in ("Closed", "by Ann Moderator", "Counted twice", "Prepared by", f"entry {stored.sequence}"):
        assert part in text


def test_the_sheet_counts_records_hours_people_and_nil_returns(book: Book, browse: Browse) -> None:
    book.whole_day()
    ann = book.cast("ann")
    for module in (EQUIPMENT, MANPOWER):
        service.create(module, as_read(sample(module.name, book.site, MONDAY)), ann)
    book.nil("manpower", shift="NIGHT", reason="Nobody at night")
    sheet = sheet_of(book.site, MONDAY)
    assert sheet.activity.records == {
        "production": 1,
        "dispatch": 1,
        "received": 1,
        "equipment": 1,
        "manpower": 1,
    }
    hours = (sheet.activity.run, sheet.activity.idle, sheet.activity.downtime)
    assert [str(one) for one in hours] == ["6.50", "1.00", "0.50"]
    assert (sheet.activity.present, sheet.activity.absent) == (14, 2)
    assert [(nil.module, nil.shift, nil.by) for nil in sheet.nils] == [("manpower", "NIGHT", "Ben Operator")]
    text = browse("ann").get(PAGE).text
    assert "Manpower, Night: Nobody at night" in text


def test_an_open_day_says_that_it_is_open_and_what_is_there(book: Book, browse: Browse) -> None:
    book.enter(OPENINGS, "100")
    text = browse("ben").get(PAGE).text
    assert "<strong>Open</strong>" in text
    assert "1 of 6 inputs" in text
    assert "the records so far" in text


def test_adjustments_stand_with_kind_reason_and_author_and_the_feed_as_one_sum(
    book: Book, browse: Browse
) -> None:
    book.whole_day()
    book.enter(ADJUSTMENTS, "-3.5", kind="LOSS", reason="Washed out")
    fed: dict[str, Any] = {"shift": "NIGHT", "feed": {"materialId": "RAW-CONCRETE", "quantity": 8}}
    book.enter(PRODUCTION, "6", **fed)
    text = pages_of(browse("ann").get(PDF))[0].extract_text()
    assert "3/4 −3.500 Loss Washed out Ann Moderator" in text
    assert "Crusher feed, all −8.000 Stated with production" in text
    assert "Further adjustments" not in text


def test_seventeen_materials_and_a_day_full_of_everything_stay_on_one_page(
    book: Book, browse: Browse, alpha: Site
) -> None:
    alpha.work_shifts = "MORNING AFTERNOON NIGHT"
    alpha.save()
    references.forget()
    reason = "Measured again after the rain of the night, and the loader's scale was found to be off " * 3
    materials = references.every(Material)
    assert len(materials) == 17
    for material in materials:
        book.enter(OPENINGS, "123456.789", materialId=material.code)
        book.enter(ADJUSTMENTS, "-123.456", materialId=material.code, kind="SURVEY", reason=reason)
    for shift in ("MORNING", "AFTERNOON", "NIGHT"):
        book.nil("production", "equipment", "manpower", shift=shift, reason=reason)
    closing.close(alpha, MONDAY, book.cast("ann"), reason=reason, override=True)
    sheet = sheet_of(alpha, MONDAY)
    assert len(sheet.adjustments.by_hand) == MOST_ADJUSTMENTS
    assert str(sheet.adjustments.others) == "-1358.016"
    [page] = pages_of(browse("ann").get(PDF))
    assert "2,096,666.661" in page.extract_text()


def test_where_no_pdf_can_be_made_the_page_itself_is_the_answer(
    book: Book, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.whole_day()

    def not_here(html: str, styles: str) -> bytes:
        raise FormatUnavailable(pdf.NOT_HERE)

    monkeypatch.setattr(day_sheets, "pdf_of", not_here)
    answer = browse("ann").get(PDF)
    assert answer.status_code == 503
    assert answer.mimetype == "text/html"
    assert "PDF is not available on this server" in answer.text
    assert "115.250" in answer.text


def test_a_missing_library_is_a_refusal_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(FormatUnavailable):
        pdf.pdf_of("<p>5 t</p>", "")


def test_the_doctor_names_what_is_missing_and_its_cure(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    finding = system.pdf_libraries(settings)
    assert finding.is_optional
    assert "pangoft2-1.0" in finding.found
    assert finding.cure.endswith("libpangoft2-1.0-0")


def test_a_pdf_fetches_neither_files_nor_addresses(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    html = f'<link rel="attachment" href="{secret.as_uri()}"><img src="http://127.0.0.1:9/x" alt="truck"><p>5 t</p>'
    made = pdf.pdf_of(html, f'@import url("{secret.as_uri()}");')
    assert not pypdf.PdfReader(io.BytesIO(made)).attachments
    assert b"hidden" not in made


def test_a_sheet_from_right_to_left_is_one_page_too(
    book: Book, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.whole_day()
    monkeypatch.setattr(words, "locale", lambda: Locale("ar"))
    ann = browse("ann")
    assert len(pages_of(ann.get(PDF))) == 1
