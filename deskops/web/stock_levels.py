"""The course of the stock over the days in view, by type or by material, as a chart."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from deskops.accounts.models import Site
from deskops.insight.stock import BY_MATERIAL, LevelDay, inventory_levels
from deskops.modules.reference import Material
from deskops.schema import references
from deskops.web import words
from deskops.web.charts import LINE, Chart, Series
from deskops.web.scope import Scope

COLORS = 8


def levels_of(site: Site, scope: Scope, group_by: str) -> list[LevelDay]:
    return inventory_levels(site, scope.start, scope.end, group_by)


def keys_of(rows: Sequence[LevelDay]) -> list[str]:
    """What has stock on any of the days."""
    return [key for key in (rows[0].closing if rows else ()) if any(row.closing[key] for row in rows)]


def label_of(key: str, group_by: str) -> str:
    """A material by its own name, a type by its words."""
    found = references.find(Material, key) if group_by == BY_MATERIAL else None
    return found.name if found else words.plain_name(key)


def level_chart(rows: Sequence[LevelDay], scope: Scope, group_by: str) -> Chart:
    """A line for each type or material; dashed where the last known stock is carried over a day."""
    carried = [not row.complete for row in rows]
    known = [row for row in rows if any(tons is not None for tons in row.closing.values())]
    return Chart(
        "levels",
        gettext("Stock over the days"),
        gettext(
            "Closing tons a day, %(start)s to %(end)s; the same numbers are in the table",
            start=words.day(scope.start),
            end=words.day(scope.end),
        ),
        [row.date for row in rows],
        [
            Series(
                label_of(key, group_by),
                LINE,
                str(place % COLORS + 1),
                [row.closing[key] for row in rows],
                dashed=carried,
            )
            for place, key in enumerate(keys_of(rows))
        ],
        gettext("Dashed: the last known stock, carried over days without all inputs")
        if any(not row.complete for row in known)
        else "",
    )
