"""A doubtful entry on the pages: asked about once, kept with a reason, looked at by somebody else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from deskops import database
from deskops.accounts.models import Site
from deskops.modules.received import Received
from deskops.sanity import reviews
from deskops.sanity.models import Review
from deskops.web.day_board import at_site
from tests.clients import PageClient
from tests.samples import sample

Browse = Callable[..., PageClient]
HEAVY = {"quantity": "180.4"}


def form_of(site: Site, **values: Any) -> dict[str, Any]:
    return sample("received", site) | {"clientKey": "first-key", "status": "ACTIVE"} | values


def mark_in(text: str) -> str:
    found = re.search(r'name="keepMark" value="([0-9a-f]+)"', text)
    assert found, text
    return found[1]


def test_a_doubtful_entry_is_asked_about_and_nothing_is_written(browse: Browse, alpha: Site) -> None:
    answer = browse("ben").post("/received", form_of(alpha, **HEAVY), fragment=True)
    assert answer.status_code == 409
    assert "Keep it?" in answer.text
    assert "More than 60 t a trip" in answer.text
    assert 'value="180.4"' in answer.text
    assert 'name="clientKey" value="first-key"' in answer.text
    assert Received.select().count() == Review.select().count() == 0


def test_the_page_without_scripts_asks_too(browse: Browse, alpha: Site) -> None:
    answer = browse("ben").post("/received", form_of(alpha, **HEAVY))
    assert answer.status_code == 409
    assert "Keep it?" in answer.text


def test_what_is_kept_with_a_reason_is_stored_once_and_waits(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    sent = form_of(alpha, **HEAVY)
    mark = mark_in(ben.post("/received", sent, fragment=True).text)
    for _ in range(2):
        answer = ben.post("/received", sent | {"keepMark": mark, "keepReason": "Two trailers"}, fragment=True)
        assert answer.status_code == 204
    assert "waits for review" in json.loads(answer.headers["HX-Trigger"])["record-saved"]["text"]
    [record], [review] = Received.select(), Review.select()
    assert record.status == "PENDING"
    assert (review.record_id, review.reason, review.raised_by) == (
        record.id,
        "Two trailers",
        record.created_by,
    )
    verbs = [
        row[0] for row in database.rows("SELECT verb FROM audit_entry WHERE subject_id = ?", (record.id,))
    ]
    assert sorted(verbs) == ["CREATED", "DOUBTED"]


def test_without_a_reason_it_is_asked_again(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    sent = form_of(alpha, **HEAVY)
    mark = mark_in(ben.post("/received", sent, fragment=True).text)
    answer = ben.post("/received", sent | {"keepMark": mark, "keepReason": " "}, fragment=True)
    assert answer.status_code == 409
    assert "Say why it is right" in answer.text
    long = ben.post("/received", sent | {"keepMark": mark, "keepReason": "x" * 501}, fragment=True)
    assert long.status_code == 409
    assert "keep-problem" in long.text
    assert Received.select().count() == 0


def test_a_changed_form_is_judged_anew(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    mark = mark_in(ben.post("/received", form_of(alpha, **HEAVY), fragment=True).text)
    kept = {"keepMark": mark, "keepReason": "Two trailers"}
    again = ben.post("/received", form_of(alpha, quantity="190") | kept, fragment=True)
    assert again.status_code == 409
    assert 'value="Two trailers"' in again.text
    assert mark_in(again.text) != mark
    mended = ben.post("/received", form_of(alpha, quantity="18.04") | kept, fragment=True)
    assert mended.status_code == 204
    assert Received.get().status == "ACTIVE"
    assert Review.select().count() == 0


def keep(person: PageClient, site: Site, address: str = "/received", **values: Any) -> Any:
    """Enter, or correct, something doubtful and say that it is right."""
    sent = form_of(site, **HEAVY) | values
    mark = mark_in(person.post(address, sent, fragment=True).text)
    answer = person.post(address, sent | {"keepMark": mark, "keepReason": "Two trailers"}, fragment=True)
    assert answer.status_code == 204
    return Received.select().order_by(Received.created_at.desc()).get()


def correction(record: Any, **values: Any) -> dict[str, Any]:
    return {
        "date": record.date.isoformat(),
        "materialId": record.material.code,
        "quantity": str(record.quantity),
        "status": record.status,
        "version": str(record.version),
    } | values


def test_a_correction_without_doubts_ends_the_review(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    record = keep(ben, alpha)
    address = f"/received/{record.id}/edit"
    assert ben.post(address, correction(record, quantity="18.04"), fragment=True).status_code == 204
    assert Received.get().status == "ACTIVE"
    assert Review.get().outcome == "CORRECTED"


def test_a_correction_to_other_doubts_is_asked_about_again(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    record = keep(ben, alpha)
    address = f"/received/{record.id}/edit"
    sent = correction(record, quantity="200")
    asked = ben.post(address, sent, fragment=True)
    assert asked.status_code == 409
    assert Received.get().version == 1
    kept = {"keepMark": mark_in(asked.text), "keepReason": "Weighed again"}
    assert ben.post(address, sent | kept, fragment=True).status_code == 204
    outcomes = [(one.outcome, one.reason) for one in Review.select().order_by(Review.raised_at)]
    assert outcomes == [("CORRECTED", "Two trailers"), (None, "Weighed again")]
    assert Received.get().status == "PENDING"


def test_what_only_a_note_changes_is_not_asked_about_again(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    record = keep(ben, alpha)
    answer = ben.post(f"/received/{record.id}/edit", correction(record, notes="Wet"), fragment=True)
    assert answer.status_code == 204
    assert Received.get().status == "PENDING"
    assert Review.get().outcome is None


def test_what_waits_is_not_said_to_wait_no_more_before_it_is_cleared(
    browse: Browse, api: Any, alpha: Site
) -> None:
    ben = browse("ben")
    record = keep(ben, alpha)
    sent = correction(record, status="ACTIVE", notes="Wet")
    assert ben.post(f"/received/{record.id}/edit", sent, fragment=True).status_code == 400
    for somebody in ("ben", "ann"):
        for status in ("ACTIVE", "COMPLETED"):
            answer = api(somebody).patch(f"/api/received/{record.id}", {"status": status})
            assert list(answer.json["error"]["details"]["fields"]) == ["status"]
    answer = api("ben").patch(f"/api/received/{record.id}", {"status": "ACTIVE", "quantity": 190})
    assert (answer.json["data"]["status"], "warnings" in answer.json) == ("PENDING", True)
    assert reviews.count_open([alpha.id]) == 1
    answer = api("ben").patch(f"/api/received/{record.id}", {"status": "ACTIVE", "quantity": 19})
    assert (answer.json["data"]["status"], "warnings" in answer.json) == ("ACTIVE", False)
    assert reviews.count_open([alpha.id]) == 0


def test_what_somebody_has_wait_without_a_doubt_is_free_again(api: Any, alpha: Site) -> None:
    ben = api("ben")
    record = ben.post("/api/received", sample("received", alpha, status="PENDING")).json["data"]
    answer = ben.patch(f"/api/received/{record['id']}", {"status": "ACTIVE"})
    assert answer.json["data"]["status"] == "ACTIVE"


def test_a_void_ends_the_review(browse: Browse, alpha: Site) -> None:
    ben = browse("ben")
    record = keep(ben, alpha)
    sent = {"reason": "Not ours", "version": "1"}
    assert ben.post(f"/received/{record.id}/void", sent, fragment=True).status_code == 204
    assert Review.get().outcome == "VOIDED"


def test_the_list_says_what_waits_and_ann_clears_it(browse: Browse, alpha: Site) -> None:
    record = keep(browse("ben"), alpha)
    ann = browse("ann")
    page = ann.get("/reviews").text
    for told in ("More than 60 t a trip", "Two trailers", "Ben Operator", "CONCRETE DEBRIS"):
        assert told in page
    review = Review.get()
    assert re.search(rf"kept by Ben Operator, [^:]+ {at_site(alpha, review.raised_at):%-I:%M}\W", page)
    answer = ann.post(f"/reviews/{review.id}/clear", {"remark": "Seen the slip"}, fragment=True)
    assert answer.status_code == 204
    assert Received.get_by_id(record.id).status == "ACTIVE"
    ended = Review.get()
    assert (ended.outcome, ended.remark) == ("CLEARED", "Seen the slip")
    verbs = [
        row[0] for row in database.rows("SELECT verb FROM audit_entry WHERE subject_id = ?", (record.id,))
    ]
    assert sorted(verbs) == ["CLEARED", "CORRECTED", "CREATED", "DOUBTED"]
    assert "Nothing waits" in ann.get("/reviews").text


def test_nobody_clears_what_they_entered_themselves(browse: Browse, alpha: Site) -> None:
    keep(browse("ben"), alpha)
    review = Review.get()
    assert browse("ben").post(f"/reviews/{review.id}/clear", {}).status_code == 403
    assert browse("vera").post(f"/reviews/{review.id}/clear", {}).status_code == 403
    ann = browse("ann")
    keep(ann, alpha, clientKey="anns", vehicleId="ANN-1")
    own = Review.get(Review.id != review.id)
    answer = ann.post(f"/reviews/{own.id}/clear", {})
    assert answer.status_code == 403
    assert "Nobody clears a doubt about what they entered themselves" in answer.text
    assert f"/reviews/{own.id}/clear" not in ann.get("/reviews").text
    assert browse("ada").post(f"/reviews/{own.id}/clear", {}).status_code == 303


def test_who_corrected_it_is_its_author_too(browse: Browse, alpha: Site) -> None:
    record = keep(browse("ben"), alpha, quantity="180")
    ann = browse("ann")
    sent = correction(record, quantity="200")
    mark = mark_in(ann.post(f"/received/{record.id}/edit", sent, fragment=True).text)
    kept = {"keepMark": mark, "keepReason": "As the slip says"}
    assert ann.post(f"/received/{record.id}/edit", sent | kept, fragment=True).status_code == 204
    review = Review.get(Review.outcome.is_null())
    assert ann.post(f"/reviews/{review.id}/clear", {}).status_code == 403


def test_a_review_that_is_over_says_so(browse: Browse, alpha: Site) -> None:
    keep(browse("ben"), alpha)
    review, ann = Review.get(), browse("ann")
    assert ann.post(f"/reviews/{review.id}/clear", {}).status_code == 303
    again = ann.post(f"/reviews/{review.id}/clear", {})
    assert again.status_code == 404
    assert "This review is over" in again.text


def test_reviews_of_another_yard_are_nobodys_business(browse: Browse, alpha: Site) -> None:
    keep(browse("ben"), alpha)
    assert "Nothing waits" in browse("cleo").get("/reviews").text
    assert browse("cleo").post(f"/reviews/{Review.get().id}/clear", {}).status_code == 403


def test_the_navigation_counts_what_waits(browse: Browse, alpha: Site) -> None:
    place = re.compile(r'href="/reviews[^>]*>Reviews <b>1</b>')
    assert 'href="/reviews' not in browse("vera").get("/received").text
    keep(browse("ben"), alpha)
    assert place.search(browse("ann").get("/received").text)
    assert 'href="/reviews' not in browse("cleo").get("/received").text


def test_a_clear_respects_a_closed_day(browse: Browse, alpha: Site) -> None:
    keep(browse("ben"), alpha)
    database.execute(
        "INSERT INTO site_ledger (site_id, first_day, closed_through) VALUES (?, ?, ?)",
        (alpha.id, "2026-01-01", alpha.today().isoformat()),
    )
    answer = browse("ann").post(f"/reviews/{Review.get().id}/clear", {})
    assert answer.status_code == 409
    assert Review.get().cleared_at is None


def test_a_long_list_comes_in_pages(browse: Browse, alpha: Site, api: Any) -> None:
    ben = api("ben")
    body = {"records": [sample("received", alpha, quantity=100 + number) for number in range(30)]}
    assert ben.post("/api/received/bulk", body).status_code == 201
    ann = browse("ann")
    assert ann.get("/reviews").text.count('class="review-doubts"') == 25
    assert ann.get("/reviews", page="2").text.count('class="review-doubts"') == 5
    assert ann.get("/reviews", page="x").status_code == 200


@pytest.mark.parametrize("named", [None, "COMPLETED"])
def test_a_script_is_not_asked_and_its_record_waits(api: Any, alpha: Site, named: str | None) -> None:
    body = sample("received", alpha, quantity=180.4) | ({"status": named} if named else {})
    ben = api("ben")
    for _ in range(2):
        answer = ben.post("/api/received", body, Idempotency_Key="once")
        assert answer.status_code == 201
        assert answer.json["warnings"].keys() == {"quantity"}
        assert answer.json["data"]["status"] == (named or "PENDING")
    [review] = Review.select()
    assert review.reason is None
    assert review.record_id == answer.json["data"]["id"]
