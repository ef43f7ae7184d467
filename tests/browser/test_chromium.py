"""The browser the tests use reports what a page does wrong."""

from playwright.sync_api import Browser

from tests.services import chromium

PAGE = "<!DOCTYPE html><html lang=en><title>T</title><main><h1>T</h1><img src=''><script>1</script></main>"
STRICT = "default-src 'self'; script-src 'self'; style-src 'self'"


def test_complaints_on_the_console_are_heard_and_axe_runs_under_a_strict_policy(browser: Browser) -> None:
    page = browser.new_page()
    complaints = chromium.listen(page)
    page.route(
        "**/*",
        lambda route: route.fulfill(
            body=PAGE, headers={"Content-Type": "text/html", "Content-Security-Policy": STRICT}
        ),
    )
    page.goto("http://yard.test/")
    problems = chromium.accessibility_problems(page)
    page.close()
    assert [problem.partition(" ")[0] for problem in problems] == ["image-alt"]
    assert any("Content Security Policy" in complaint for complaint in complaints)
