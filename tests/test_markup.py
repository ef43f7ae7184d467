"""The HTML checker that every response goes through finds what is wrong, and nothing else."""

import pytest

from tests.services import markup

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Loads</title></head>
<body>{}</body></html>"""


def test_a_valid_page_passes() -> None:
    markup.check(PAGE.format('<main><h1>Loads</h1><p hx-get="/x" hx-target="#y">5 t</p></main>'), "a page")


@pytest.mark.parametrize(
    "fragment",
    [
        '<tr id="row-1"><td>5 t</td></tr>',
        "<td>5 t</td>",
        '<li><a href="/production">Production</a></li>',
        '<form><label for="on-the-page">Date</label></form>',
        '<option value="1">Day</option>',
        '<script type="application/json">{"tons": 5}</script>',
        "",
    ],
)
def test_a_valid_fragment_passes(fragment: str) -> None:
    markup.check(fragment, "a fragment")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<ul><div>x</div></ul>", "not allowed as child of element “ul”"),
        ('<p id="a">x</p><p id="a">y</p>', "Duplicate ID"),
        ("<p onhover=1>x</p>", "Attribute “onhover” not allowed"),
        ("<div><span>x</div>", "open elements"),
        ('<input type="number" step="-1">', "Bad value “-1”"),
        ('<img src="/board.png">', "must have an “alt” attribute"),
        ('<p role="clerk">x</p>', "Bad value “clerk” for attribute “role”"),
    ],
)
def test_an_invalid_page_is_named_with_its_problem_and_line(body: str, problem: str) -> None:
    with pytest.raises(AssertionError) as raised:
        markup.check(PAGE.format(body), "GET /production")
    assert "GET /production" in str(raised.value)
    assert problem in str(raised.value)
    assert "line 3:" in str(raised.value)


def test_an_invalid_fragment_is_named() -> None:
    with pytest.raises(AssertionError, match=r"line 2: .*not allowed as child of element “ul”"):
        markup.check("<ul>\n<p>x</p></ul>", "a fragment")
