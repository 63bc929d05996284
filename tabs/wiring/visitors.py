"""Who asks, and how much at once: bounds per open page and per address, so that nobody fills the queue for all.

An address is the one that the connection comes from. Behind a proxy that is the proxy's, for everybody: there
HEADLIGHT_PROXIES says how many proxies of one's own stand before the page, and the address is read from X-Forwarded-For,
from the right, where the last of them wrote it. Anything further left a visitor can write. A Space has one.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from limits import OF_ONE_ADDRESS, OF_ONE_PAGE, OPEN_REQUESTS

_SPACE = "1" if os.environ.get("SPACE_ID") else "0"


class Refused(Exception):
    """A request that is not let in; the message is one sentence for people."""

    def __init__(self, sentence: str, status: int = 400):
        super().__init__(sentence)
        self.status = status


def proxies() -> int:
    """How many proxies of one's own stand before the page."""
    told = os.environ.get("HEADLIGHT_PROXIES", _SPACE)
    return int(told) if told.isdecimal() else 0


def address(scope: dict[str, Any]) -> str:
    """The visitor's address; "" where the server does not tell."""
    count = proxies()
    if count:
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        told = b",".join(lines).decode("latin-1").split(",")
        if len(told) >= count and told[-count].strip():
            return told[-count].strip()[:64]
    return (scope.get("client") or ("",))[0]


def check_places(queue: Any, session: str | None, scope: dict[str, Any]) -> None:
    """Raises Refused where a page or an address has as many questions in Gradio's queue as it may."""
    here = address(scope)
    questions = [
        event
        for waiting in queue.event_queue_per_concurrency_id.values()
        for event in waiting.queue
    ]
    questions += [event for jobs in queue.active_jobs if jobs for event in jobs]
    if session and sum(event.session_hash == session for event in questions) >= OF_ONE_PAGE:
        raise Refused(
            "This page has asked many questions at once; wait for some of the answers.", 429
        )
    if len(questions) < OF_ONE_ADDRESS:
        return
    if sum(address(event.request.scope) == here for event in questions) >= OF_ONE_ADDRESS:
        raise Refused(
            "Too many questions come from your network at once; wait for some of the answers.", 429
        )


class Requests:
    """How many requests of each address are open."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def enter(self, here: str) -> None:
        if self._open[here] >= OPEN_REQUESTS:
            raise Refused(
                "Too many connections come from your network at once; close some pages.", 429
            )
        self._open[here] += 1

    def leave(self, here: str) -> None:
        self._open[here] -= 1
        if not self._open[here]:
            del self._open[here]
