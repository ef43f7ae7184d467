"""What a manager keeps beside the book, for the stock to be right: openings, adjustments, surveys, targets, loads.

The same views and operations as the records of the day, but that a list need not name its days.
"""

from __future__ import annotations

from flask import Response

from deskops.api import envelope, params, streaming
from deskops.api.operations import SITE_DAYS_ERRORS, Answer, Operation, Section
from deskops.api.record_operations import creation, list_of, section
from deskops.api.record_shapes import kind_of, list_parameters, record_shape
from deskops.api.records import RecordRoutes
from deskops.api.shapes import listed
from deskops.face import identity
from deskops.modules import ADJUSTMENTS, FACTORS, OPENINGS, SURVEYS, TARGETS
from deskops.records import listing


class KeptRoutes(RecordRoutes):
    """The views of a module that is kept."""

    days_required = False


class WholeRoutes(KeptRoutes):
    """The views of one that is so short that its list comes whole."""

    def read_list(self) -> Response:
        actor, medium = identity.actor(), streaming.medium_wanted()
        if medium is not None:
            return streaming.whole_list(self.module, actor, medium, days_required=False)
        query = streaming.read_whole(self.module, params.sent(), actor, days_required=False)
        rows = [row for batch in listing.walk(self.module, query) for row in batch]
        return envelope.whole_list(self.rows.objects(rows), ignored=query.ignored)


def paged(routes: KeptRoutes, description: str) -> Section:
    return section(routes, description, list_of(routes), creation(routes))


def whole(routes: WholeRoutes, description: str) -> Section:
    module = routes.module
    pages = {one.name for one in params.PAGE_OF_A_LIST}
    known = list_parameters(module, days_required=False)
    whole_list = Operation(
        f"list{kind_of(module)}",
        f"GET {routes.path}",
        routes.read_list,
        f"All records of {module.name}",
        Answer(listed(record_shape(module)), headers=streaming.HEADERS, others=streaming.MIMETYPES),
        f"Newest first unless sorted otherwise. The list comes whole, as page 1. {streaming.MANUAL}",
        parameters=tuple(one for one in known if one.name not in pages),
        errors=SITE_DAYS_ERRORS,
        tagged=True,
    )
    return section(routes, description, whole_list, creation(routes))


SECTIONS = (
    paged(
        KeptRoutes(OPENINGS, "/inventory/openings"),
        "The balance of a material at the start of a day, entered by hand once: its stock is reckoned from there. "
        "Writing is for managers, as it is to all that is kept.",
    ),
    paged(
        KeptRoutes(ADJUSTMENTS, "/inventory/adjustments"),
        "Tons that the stock gains or loses beside production, received and dispatched, each with a reason. One that "
        "has a productionId is the feed of that production entry: it changes with its entry alone.",
    ),
    paged(
        KeptRoutes(SURVEYS, "/surveys"),
        "Stockpiles measured on the ground, at the end of the day: volume × density, with the measurement's own error.",
    ),
    whole(
        WholeRoutes(TARGETS, "/targets"),
        "What a site aims at from a day on, which may lie ahead. What a row does not name stays as it was.",
    ),
    paged(
        KeptRoutes(FACTORS, "/factors"),
        "What a load of a material weighs at a site from a day on. Records keep the tons they were entered with.",
    ),
)
