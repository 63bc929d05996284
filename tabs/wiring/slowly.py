"""Slow work in a thread, as a generator of how far it is; closing the generator stops the work at its next step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from tabs.wiring.listening import Stopped, listener


@dataclass(frozen=True)
class Step:
    """How far work is: done is a fraction, doing says what of."""

    done: float
    doing: str


SILENCE = 0.25  # seconds until a stop is looked for, while work tells nothing

Progress = Callable[[Step], None]  # hears how far it is; may raise to stop


def silent(step: Step) -> None:
    """Hears and says nothing."""


def stepwise(
    work: Callable[[Callable[[Any], None]], Any], every: float | None = None
) -> Iterator[Any]:
    """Run work(progress): yields all that it tells, a fraction or a Step, and last its result in a tuple of one.

    every: seconds of silence after which None is yielded, so that who waits can leave. What the work raises is raised
    here.
    """
    news: SimpleQueue[Any] = SimpleQueue()
    stop = threading.Event()

    listens = listener()

    def report(how_far: float | Step) -> None:
        if stop.is_set() or not listens():
            raise Stopped
        news.put(how_far)

    def run() -> None:
        try:
            news.put((work(report),))
        except BaseException as error:  # handed over, not swallowed: the other side raises it
            news.put(error)

    context = copy_context()  # who asks: where a GPU is lent, it is lent to them
    threading.Thread(target=context.run, args=(run,), daemon=True).start()
    try:
        while not isinstance(item := _next(news, every), tuple):
            if isinstance(item, BaseException):
                raise item
            yield item
        yield item
    finally:
        stop.set()


def _next(news: SimpleQueue[Any], every: float | None) -> Any:
    try:
        return news.get(timeout=every)
    except Empty:
        return None
