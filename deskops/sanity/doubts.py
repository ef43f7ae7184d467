"""What a record is doubted by, beside its module's own soft rules: each a function of its own."""

from __future__ import annotations

from deskops.records.consequences import Doubter
from deskops.sanity.hours import beyond_the_crushers, beyond_the_shift
from deskops.sanity.loads import far_outside, twin
from deskops.sanity.stock import below_zero

DOUBTS: tuple[Doubter, ...] = (far_outside, twin, beyond_the_shift, beyond_the_crushers, below_zero)
