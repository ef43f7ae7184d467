"""Everything that happens because a record changed, in order, inside the transaction of the change."""

from __future__ import annotations

from deskops.records import cube
from deskops.records.service import Reaction

REACTIONS: tuple[Reaction, ...] = (cube.keep,)
