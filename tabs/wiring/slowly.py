"""Slow work in a thread, as a generator of how far it is; closing the generator stops the work at its next step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any


class Stopped(Exception):
    """Raised inside the work, by the progress it reports, once nobody waits for it."""


def stepwise(work: Callable[[Callable[[float], None]], Any]) -> Iterator[float | tuple[Any]]:
    """Run work(progress): yields each fraction it reports, and last its result in a tuple of one.

    What the work raises is raised here.
    """
    news: SimpleQueue[float | tuple[Any] | BaseException] = SimpleQueue()
    stop = threading.Event()

    def report(fraction: float) -> None:
        if stop.is_set():
            raise Stopped
        news.put(fraction)

    def run() -> None:
        try:
            news.put((work(report),))
        except BaseException as error:  # handed over, not swallowed: the other side raises it
            news.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        while not isinstance(item := news.get(), tuple):
            if isinstance(item, BaseException):
                raise item
            yield item
        yield item
    finally:
        stop.set()
