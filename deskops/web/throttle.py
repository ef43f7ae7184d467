"""Sign-in is throttled: so many tries of an address, and of an address with an e-mail, whatever their outcome."""

from __future__ import annotations

import hashlib

from flask import Flask, current_app

from deskops.windows import LocalWindows, SharedWindows, Window

OF_ADDRESS = (Window(60, 60), Window(600, 3600))
OF_PERSON = (Window(5, 60), Window(30, 3600))
EXTENSION = "signin_throttle"


class SignInThrottle:
    """Counts on the queue server, for all web processes together; while it is away, in this process."""

    def __init__(self, shared: SharedWindows) -> None:
        self._shared = shared
        self._local = LocalWindows()

    def wait(self, address: str, email: str) -> int:
        """Count a try; the seconds to wait where there were too many of this address, or for this person from there."""
        # Every window stands by itself and counts each try it has room for, also where another refuses.
        windows = windows_of(f"address:{address}", OF_ADDRESS) | windows_of(person(address, email), OF_PERSON)
        verdicts = self._shared.count(*((key, (window,)) for key, window in windows.items()))
        if verdicts is None:
            return max(
                0 if self._local.admits(key, window) else window.seconds for key, window in windows.items()
            )
        return max(verdict.wait for verdict in verdicts)

    def forgive(self, address: str, email: str) -> None:
        """After the right password the wrong ones before it do not count against the person."""
        keys = windows_of(person(address, email), OF_PERSON)
        self._shared.forget(*keys)
        self._local.forget(*keys)


def windows_of(whose: str, windows: tuple[Window, ...]) -> dict[str, Window]:
    return {f"limits:signin:{whose}:{window.seconds}": window for window in windows}


def person(address: str, email: str) -> str:
    """The person in the counter's key: no address of a person stands on the queue server."""
    return f"person:{address}:{hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]}"


def register(app: Flask, shared: SharedWindows) -> None:
    app.extensions[EXTENSION] = SignInThrottle(shared)


def throttle() -> SignInThrottle:
    found: SignInThrottle = current_app.extensions[EXTENSION]
    return found
