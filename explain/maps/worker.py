"""A process that makes maps for another, which starts it: `python -m explain.maps.worker FILE_DESCRIPTOR_OF_A_PIPE`.

It takes one job at a time, (number, method, rows, seed, options), and answers (number, fraction done) many times, then
(number, Arrangement without its rows) or (number, exception). A number alone means: no job below it is wanted any more.
When the pipe is closed, because the process that started it ended, this one ends too, whatever it is doing.

NumPy is imported before any thread starts: one that reads a first job while another warms up found half of it.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import numpy as np

from explain.maps.methods import PROJECTIONS

NICENESS = 10  # questions about one picture go first
SMALL = {"perplexity": 5, "neighbors": 5, "min_dist": 0.1}


class Stopped(Exception):
    """The job is no longer wanted."""


class Jobs:
    """What has been asked for and is still to be done; wanted: the smallest number of a job that is wanted."""

    def __init__(self, pipe: Connection):
        self.pipe, self.waiting, self.wanted = pipe, SimpleQueue[tuple](), 0
        self.alone = {method: threading.Lock() for method in PROJECTIONS}
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                said = self.pipe.recv()
                if isinstance(said, int):
                    self.wanted = said
                else:
                    self.waiting.put(said)
        os._exit(0)

    def tell(self, number: int, news: Any) -> None:
        if number < self.wanted:
            raise Stopped
        self.pipe.send((number, news))


def work(jobs: Jobs) -> None:
    """Do one job, once there is one."""
    number, method, rows, seed, options = jobs.waiting.get()
    try:
        with jobs.alone[method]:
            found = PROJECTIONS[method].arrange(
                rows, seed, lambda done: jobs.tell(number, float(done)), options
            )
            jobs.tell(number, replace(found, rows=rows[:0]))
    except Stopped:
        return
    except Exception as error:  # handed over, not swallowed: the other side raises it
        jobs.pipe.send((number, error))


def warm(jobs: Jobs) -> None:
    """Import and compile what the first maps need: a minute of work for UMAP where nobody has used it before."""
    rows = np.random.default_rng(0).normal(size=(32, 8)).astype(np.float32)
    for projection in PROJECTIONS.values():
        if projection.slow:
            with jobs.alone[projection.key]:
                projection.arrange(rows, 0, lambda done: None, SMALL)


def main() -> None:
    jobs = Jobs(Connection(int(sys.argv[1])))
    os.nice(NICENESS)
    threading.Thread(target=warm, args=(jobs,), daemon=True).start()
    while True:
        work(jobs)


if __name__ == "__main__":
    main()
