"""The table of a run: each figure beside its limit or peer, their ratio, the goal, and whether it holds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

WIDTHS = (50, 15, 26, 9, 9, 6)

# The table that is being printed; what did not hold in all of them.
_title = [""]
_missed: list[str] = []


def head(title: str) -> None:
    _title[0] = title
    print(f"\n{title}\n")
    row("what", "ours", "limit or peer", "ratio", "goal", "holds")


def row(what: str, *cells: str) -> None:
    print(
        what.ljust(WIDTHS[0])
        + "".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS[1:], strict=False))
    )


def line(
    what: str,
    ours: float,
    other: float,
    peer: str,
    *,
    most: float | None = None,
    least: float | None = None,
    unit: str = "ms",
) -> None:
    """One comparison; `most` and `least` bound the ratio of ours to the other."""
    ratio = ours / other if other else float("inf")
    goal, holds = "", ""
    if most is not None:
        goal, holds = f"<= {short(most)}", verdict(what, ratio <= most)
    if least is not None:
        goal, holds = f">= {short(least)}", verdict(what, ratio >= least)
    row(what, f"{short(ours)} {unit}", f"{peer} {short(other)} {unit}", short(ratio), goal, holds)


def fact(what: str, said: str, holds: bool | None = None) -> None:
    """A figure without a ratio."""
    row(what, said, "", "", "", "" if holds is None else verdict(what, holds))


def verdict(what: str, holds: bool) -> str:
    if not holds:
        _missed.append(f"{_title[0]}: {what}")
    return "yes" if holds else "NO"


def tell_missed() -> None:
    """The last lines of a run: the goals that it missed."""
    print(f"\nGoals missed: {len(_missed)}")
    for what in _missed:
        print(f"  {what}")


def short(number: float) -> str:
    """Three figures are as many as a run repeats."""
    if number >= 1_000:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number >= 1 else f"{number:.3f}"


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


median = statistics.median
