"""What is doubtful about an entry, by the site's own history, its hours, its stock and what was entered minutes ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deskops import database
from deskops.accounts.actor import Actor
from deskops.accounts.models import Site
from deskops.modules import (
    ADJUSTMENTS,
    DISPATCH,
    EQUIPMENT,
    OPENINGS,
    PRODUCTION,
    RECEIVED,
)
from deskops.modules.reference import Equipment, Material
from deskops.records import service
from deskops.records.module import Module
from deskops.sanity import history
from deskops.sanity.history import Usual, usual_of
from deskops.schema import references
from tests.samples import sample

SLIPPED = "A digit may have slipped: did you mean 18.400 t?"
Cast = Callable[[str], Actor]
Enter = Callable[..., list[str]]


@pytest.fixture
def enter(alpha: Site, cast: Cast) -> Enter:
    """enter(RECEIVED, quantity="18.4"): what is doubted about it, as Ben reads it."""

    def one(module: Module, **values: Any) -> list[str]:
        sent = sample(module.name, alpha) | values
        read = {
            key: Decimal(str(value)) if isinstance(value, float) else value for key, value in sent.items()
        }
        saved = service.create(module, read, cast(values.pop("by", "ben")))
        return [str(doubt.message) for doubt in saved.doubts]

    return one


@pytest.fixture
def loads_of_before(alpha: Site, cast: Cast) -> Callable[..., None]:
    """A month of loads between 17 and 23 tons."""

    def fill(module: Module, count: int = 24, **values: Any) -> None:
        for number in range(count):
            day = alpha.today() - timedelta(days=1 + number % 30)
            tons = Decimal(17_000 + number * 250).scaleb(-3)
            sent = sample(module.name, alpha, day) | {"quantity": tons} | values
            if module is not PRODUCTION:
                sent["vehicleId"] = f"OLD-{number}"
            service.create(module, sent, cast("bob"))
        history.forget()

    return fill


@pytest.mark.parametrize("module", [RECEIVED, DISPATCH, PRODUCTION], ids=lambda module: str(module.name))
def test_ten_times_too_much_or_too_little_is_a_digit_that_slipped(
    enter: Enter, loads_of_before: Any, module: Module
) -> None:
    loads_of_before(module)
    assert SLIPPED in enter(module, quantity=Decimal("184.0"))
    assert enter(module, quantity=Decimal("1.84"), materialId="AGG-G1") == []
    database.execute(f"DELETE FROM {module.model._meta.table_name} WHERE quantity = 184000")
    assert enter(module, quantity=Decimal("1.84")) == [SLIPPED]


def test_a_load_far_from_the_usual_is_doubted_and_a_usual_one_is_not(
    enter: Enter, loads_of_before: Any
) -> None:
    loads_of_before(RECEIVED)
    assert enter(RECEIVED, quantity=Decimal(23)) == []
    [told] = enter(RECEIVED, quantity=Decimal(45))
    assert told.startswith("Far from the usual: half of them weigh less than 19.750 t")


def test_a_load_is_held_against_its_own_material_and_by_the_trip(enter: Enter, loads_of_before: Any) -> None:
    loads_of_before(RECEIVED)
    assert enter(RECEIVED, quantity=Decimal(45), materialId="RAW-MIXED") == []
    assert enter(RECEIVED, quantity=Decimal(40), trips=2) == []


def test_of_fewer_than_twenty_loads_nothing_is_usual(enter: Enter, loads_of_before: Any) -> None:
    loads_of_before(RECEIVED, 19)
    assert enter(RECEIVED, quantity=Decimal(45)) == []


def test_where_all_loads_are_alike_a_tenth_more_is_not_far() -> None:
    known = usual_of([20_000] * 30)
    assert known == Usual(20_000, 2_000)
    assert not known.is_far(30_000)
    assert known.is_far(31_000)


def test_the_modified_z_score_is_far_beyond_three_and_a_half() -> None:
    known = Usual(10_000, 1_349)
    # 0.6745 × 7,000 ÷ 1,349 = 3.5
    assert not known.is_far(17_000)
    assert known.is_far(17_001)


def test_the_history_is_read_once_for_some_minutes(enter: Enter, loads_of_before: Any, alpha: Site) -> None:
    loads_of_before(RECEIVED)
    concrete = Material.get(Material.code == "RAW-CONCRETE").id
    known = history.usual(RECEIVED, alpha.id, concrete)
    assert known == Usual(19_750, 1_975)
    database.execute("DELETE FROM received")
    assert history.usual(RECEIVED, alpha.id, concrete) is known
    history.forget()
    assert history.usual(RECEIVED, alpha.id, concrete) is None


def test_a_twin_within_ten_minutes_is_doubted(enter: Enter) -> None:
    twin = "The same was entered minutes ago: is this a second one?"
    assert enter(RECEIVED) == []
    assert enter(RECEIVED) == [twin]
    assert enter(RECEIVED, vehicleId="OTHER-1") == []
    assert enter(RECEIVED, vehicleId=None) == [twin]
    assert enter(RECEIVED, time="16:40") == []
    assert enter(RECEIVED, quantity=Decimal("18.05")) == []
    assert enter(RECEIVED, materialId="RAW-MIXED") == []


def test_what_was_entered_longer_ago_has_no_twin(enter: Enter) -> None:
    enter(RECEIVED)
    database.execute("UPDATE received SET created_at = ?", ("2026-01-01 00:00:00.000000",))
    assert enter(RECEIVED) == []


def test_another_reference_is_another_load(enter: Enter) -> None:
    enter(DISPATCH)
    assert enter(DISPATCH, reference="DR-002") == []
    assert len(enter(DISPATCH)) == 1


def test_hours_beyond_the_shift_are_doubted(enter: Enter, alpha: Site) -> None:
    [told] = enter(EQUIPMENT, runHours=9)
    assert told == "Run, idle and downtime come to 10.50 hours; the morning shift has 8.00"
    assert enter(EQUIPMENT, runHours=9, shift=None, equipmentId="CRUSHER-02") == []
    Site.update(shift_starts="06:00 18:00 22:00").where(Site.id == alpha.id).execute()
    references.forget()
    assert enter(EQUIPMENT, runHours=9, equipmentId="LOADER-01") == []
    assert len(enter(EQUIPMENT, runHours=9, shift="NIGHT", equipmentId="LOADER-01")) == 1


def rate(code: str, tons: int) -> None:
    Equipment.update(rated_tons_per_hour=Decimal(tons)).where(Equipment.code == code).execute()
    references.forget()


def test_more_than_the_crushers_hours_can_have_made_is_doubted(enter: Enter) -> None:
    rate("CRUSHER-01", 10)
    assert enter(PRODUCTION, quantity=Decimal(100)) == []
    enter(EQUIPMENT, runHours=6)
    [told] = enter(PRODUCTION, quantity=Decimal(40), materialId="AGG-3/8")
    assert told == "With it 140.000 t were crushed; the crushers' hours are good for 60.000 t"
    assert enter(PRODUCTION, quantity=Decimal(70), shift="NIGHT") == []
    assert len(enter(PRODUCTION, quantity=Decimal(70), shift=None)) == 1
    assert enter(PRODUCTION, quantity=Decimal(500), materialId="FINE-NATURAL", operation="SEG-OP") == []


def test_a_correction_is_held_against_the_others_alone(enter: Enter, alpha: Site, cast: Cast) -> None:
    rate("CRUSHER-01", 10)
    enter(EQUIPMENT, runHours=6)
    made = service.create(
        PRODUCTION, sample("production", alpha) | {"quantity": Decimal(50)}, cast("ben")
    ).record
    assert service.correct(PRODUCTION, made.id, {"quantity": Decimal(60)}, cast("ben")).doubts == []
    assert len(service.correct(PRODUCTION, made.id, {"quantity": Decimal(61)}, cast("ben")).doubts) == 1


def set_policy(site: Site, policy: str) -> None:
    Site.update(stock_policy=policy).where(Site.id == site.id).execute()
    references.forget()


STONE = {"materialId": "AGG-3/4"}


def open_stock(site: Site, cast: Cast, day: date, tons: int) -> None:
    sent = {"siteId": site.code, "date": day.isoformat(), "quantity": tons, **STONE}
    service.create(OPENINGS, sent, cast("ann"))


def test_stock_below_zero_is_doubted_where_the_policy_is_to_warn(
    enter: Enter, alpha: Site, cast: Cast
) -> None:
    today = alpha.today()
    open_stock(alpha, cast, today - timedelta(days=5), 100)
    assert enter(DISPATCH, **STONE, quantity=Decimal(50)) == []
    set_policy(alpha, "WARN")
    assert enter(DISPATCH, **STONE, quantity=Decimal(40)) == []
    [told] = enter(DISPATCH, **STONE, quantity=Decimal(20))
    assert told == f"Not enough 3/4: on {today} 10.000 t would be missing"


def test_a_dispatch_of_before_is_held_against_every_later_day(enter: Enter, alpha: Site, cast: Cast) -> None:
    """100 t in on Monday, 90 t out on Thursday: 20 t more out on Tuesday leave too little on Thursday."""
    today = alpha.today()
    open_stock(alpha, cast, today - timedelta(days=5), 100)
    enter(DISPATCH, **STONE, quantity=Decimal(45), date=(today - timedelta(days=2)).isoformat())
    enter(DISPATCH, **STONE, quantity=Decimal("44.5"), date=(today - timedelta(days=2)).isoformat())
    set_policy(alpha, "WARN")
    [told] = enter(DISPATCH, **STONE, quantity=Decimal(20), date=(today - timedelta(days=4)).isoformat())
    assert told == f"Not enough 3/4: on {today - timedelta(days=2)} 9.500 t would be missing"
    assert enter(DISPATCH, **STONE, quantity=Decimal(20), date=(today - timedelta(days=6)).isoformat()) == []


def test_feed_takes_stock_too(enter: Enter, alpha: Site, cast: Cast) -> None:
    open_stock(alpha, cast, alpha.today(), 100)
    set_policy(alpha, "WARN")
    feed = {"materialId": "RAW-MIXED", "quantity": Decimal(5)}
    [told] = enter(PRODUCTION, feed=feed)
    assert told.startswith("Not enough MIXED C&D DEBRIS")


def test_an_adjustment_entered_twice_is_doubted(alpha: Site, cast: Cast) -> None:
    sent = {
        "siteId": alpha.code,
        "date": alpha.today().isoformat(),
        "quantity": Decimal("-3"),
        "kind": "LOSS",
        "reason": "Washed away",
        **STONE,
    }
    assert service.create(ADJUSTMENTS, sent, cast("ann")).doubts == []
    assert len(service.create(ADJUSTMENTS, sent, cast("ann")).doubts) == 1
    assert service.create(ADJUSTMENTS, sent | {"kind": "MOISTURE"}, cast("ann")).doubts == []
