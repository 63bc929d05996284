"""Slow maps made in processes of their own, so that they never hold up what else this one answers.

`arrange` takes the place of `Projection.arrange` in `project(..., arrange=workers.arrange)`; the map is the same. There
is a fixed number of processes, each started when it is first needed, or ahead of that by `warm`.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Any

from explain.maps.methods import Arrangement, Projection

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).parents[2]
CORES = os.cpu_count() or 1
COUNT = min(3, max(1, CORES // 2))  # processes; about half a gigabyte each, and the job's own
THREADS = max(1, (CORES - 1) // COUNT)
PAUSE = 0.25  # seconds of silence after which progress is called, so that it can raise to stop
ENDED = "The process that arranges the pictures ended, perhaps for want of memory. Try again, or with fewer pictures."


class Worker:
    """One process; whoever uses it has it alone."""

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None
        self._number = 0
        self._starting = threading.Lock()

    def start(self) -> None:
        """Start the process, unless it runs."""
        with self._starting:
            if self.process and self.process.poll() is None:
                return
            self.close()
            self._pipe, theirs = Pipe()
            with theirs:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "explain.maps.worker", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    cwd=ROOT,
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for the one who started it
                )

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process:
            self._pipe.close()
            self.process.kill()
            self.process.wait()

    def arrange(
        self,
        projection: Projection,
        rows: np.ndarray,
        seed: int,
        progress: Callable[[float], None],
        options: dict[str, Any],
    ) -> Arrangement:
        """As `projection.arrange`. OSError, in one sentence, where the process ends; the next call has a new one."""
        self.start()
        self._number += 1
        done = 0.0
        try:
            with self._or_ended():
                self._pipe.send((self._number, projection.key, rows, seed, options))
            while True:
                news = self._heard()
                if isinstance(news, Exception):
                    raise news
                if not isinstance(news, float | None):
                    return replace(news, rows=rows)
                done = done if news is None else news
                progress(done)
        except BaseException:
            with suppress(OSError):
                self._pipe.send(self._number + 1)  # no job before that is wanted any more
            raise

    def _heard(self) -> Any:
        """What the process says of the newest job; None where it says nothing for a PAUSE."""
        with self._or_ended():
            if not self._pipe.poll(PAUSE):
                return None
            number, news = self._pipe.recv()
            return news if number == self._number else None  # else: of one that was stopped

    @contextmanager
    def _or_ended(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            self.close()  # its pipe may break a moment before it has ended
            self.start()
            raise OSError(ENDED) from error


def arrange(
    projection: Projection,
    rows: np.ndarray,
    seed: int,
    progress: Callable[[float], None],
    options: dict[str, Any],
) -> Arrangement:
    """As `projection.arrange`, in the next process that is free; on Windows, and what is quick, in this one."""
    if not projection.slow or sys.platform == "win32":
        return projection.arrange(rows, seed, progress, options)
    worker = _next_free(progress)
    try:
        return worker.arrange(projection, rows, seed, progress, options)
    finally:
        _free.put(worker)


def warm() -> None:
    """Start one process ahead of the first map."""
    with suppress(Empty):
        worker = _free.get_nowait()
        worker.start()
        _free.put(worker)


def _next_free(progress: Callable[[float], None]) -> Worker:
    while True:
        with suppress(Empty):
            return _free.get(timeout=PAUSE)
        progress(0.0)


def _environment() -> dict[str, str]:
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(THREADS)
    )
    return os.environ | threads | {"CUDA_VISIBLE_DEVICES": ""}


def _begin_anew() -> None:
    """Workers that have not started: at first, and in a forked process, whose parent's are not its own."""
    global _workers, _free
    _workers, _free = [Worker() for _ in range(COUNT)], LifoQueue()
    for worker in _workers:
        _free.put(worker)


@atexit.register
def close() -> None:
    """End every process."""
    for worker in _workers:
        worker.close()


_workers: list[Worker]
_free: LifoQueue[Worker]
_begin_anew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
