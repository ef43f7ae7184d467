"""How much one caller may ask: a sliding minute and a sliding second. A refused request counts in neither."""

from __future__ import annotations

from typing import NamedTuple

from deskops.accounts.actor import Actor
from deskops.config import LimitSettings
from deskops.windows import SharedWindows, Window

SECOND, MINUTE = 1, 60


class Admission(NamedTuple):
    """What the minute still holds. `reset`: seconds until the oldest request leaves it, 0 where none is counted.

    `retry_after` is None for an admitted request, else the seconds after which the next is admitted.
    """

    limit: int
    remaining: int
    reset: int
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class RequestLimiter:
    """Counts the requests of each caller: a person with all tokens, a token with limits of its own, an address."""

    def __init__(self, limits: LimitSettings, windows: SharedWindows) -> None:
        self.limits = limits
        self.windows = windows

    def admit_actor(self, actor: Actor) -> Admission:
        """Count one request of this person or token."""
        own, usual = actor.own_limits, self.limits
        if own is None:
            return self._admit(f"user:{actor.user_id}", usual.requests_per_minute, usual.requests_per_second)
        per_minute = own.requests_per_minute or usual.requests_per_minute
        per_second = own.requests_per_second or usual.requests_per_second
        return self._admit(f"token:{actor.token_id}", per_minute, per_second)

    def admit_address(self, address: str) -> Admission:
        """Count one request of somebody without identity."""
        return self._admit(
            f"address:{address}", self.limits.requests_per_minute, self.limits.requests_per_second
        )

    def _admit(self, caller: str, per_minute: int, per_second: int) -> Admission:
        windows = (Window(per_second, SECOND), Window(per_minute, MINUTE))
        verdicts = self.windows.count((f"limits:api:{caller}", windows))
        if verdicts is None:
            return Admission(per_minute, per_minute, 0)
        wait, counted, reset = verdicts[0]
        return Admission(per_minute, max(0, per_minute - counted), reset, wait or None)
