"""Work that two people ask for at once and only one of them should do: the second waits and finds it done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

PATIENCE = 0.3  # seconds between two looks at whether a waiting person is still there


@contextmanager
def one_at_a_time(key: Hashable, waiting: Callable[[], None]) -> Iterator[None]:
    """One thread at a time for each key; `waiting` is called now and then meanwhile, and may raise."""
    with _registry:
        lock = _locks.setdefault(key, threading.Lock())
    while not lock.acquire(timeout=PATIENCE):
        waiting()
    try:
        yield
    finally:
        lock.release()


_registry = threading.Lock()
_locks: WeakValueDictionary[Hashable, threading.Lock] = WeakValueDictionary()
