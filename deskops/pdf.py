"""A page of HTML as a PDF. WeasyPrint, and the system's Pango that it draws text with, are loaded when first asked."""

from __future__ import annotations

import warnings
from typing import Any

from deskops.errors import FormatUnavailable, say

NOT_HERE = say(
    "PDF is not available on this server: print the page instead (`deskops doctor` tells the cure)"
)


def pdf_of(html: str, styles: str) -> bytes:
    """The document in these styles, as a tagged PDF. It fetches nothing, neither by network nor from the disk.

    Raises FormatUnavailable where the library, or what it stands on, is missing.
    """
    library = load()
    nothing = library.urls.URLFetcher(allowed_protocols=())
    sheet = library.CSS(string=styles, url_fetcher=nothing)
    document = library.HTML(string=html, url_fetcher=nothing)
    made: bytes = document.write_pdf(stylesheets=[sheet], pdf_tags=True)
    return made


def load() -> Any:
    """WeasyPrint itself. A missing system library is an OSError, not an ImportError."""
    with warnings.catch_warnings():
        # Without HarfBuzz-Subset fonts are cut by fontTools: slower, not wrong.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import weasyprint
        except (ImportError, OSError):
            raise FormatUnavailable(NOT_HERE) from None
    return weasyprint
