"""Everything that stands against a change of a record, is doubtful about it, or happens because of it.

In order, inside the transaction of the change.
"""

from __future__ import annotations

from deskops.ledger.keeping import keep_ledger, refuse_closed_days, refuse_mirrored
from deskops.ledger.mirroring import mirror_feed
from deskops.ledger.withdrawing import withdraw_nils
from deskops.records import cube
from deskops.records.consequences import Consequences
from deskops.sanity.doubts import DOUBTS
from deskops.sanity.keeping import REVIEWING

CONSEQUENCES = Consequences(
    guards=(refuse_closed_days, refuse_mirrored),
    reactions=(cube.keep, mirror_feed, withdraw_nils, keep_ledger),
    doubts=DOUBTS,
    reviewing=REVIEWING,
)
