"""How long a small question waits while maps are made: `python -m bench.latency`.

The question is a map of one picture by pocket-vit, everything the page asks of it (top-5, attention, rollout, Grad-CAM).
Asked again and again on an idle machine, during three t-SNE maps of 2,000 in this process, as the page once made them,
and during the same three in processes of their own. One run, by the clock; compare the ratios, not the milliseconds.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import numpy as np

from bench.maps import embeddings
from explain import explain
from explain.maps import workers
from explain.maps.methods import Projection
from explain.maps.projection import project
from models import load

PICTURES, MAPS, QUESTIONS = 2_000, 3, 40
PHOTO = "assets/toybox/realistic/duck_07.png"


class Enough(Exception):
    """All questions are answered: the maps may end."""


def seconds(ask: Callable[[], None]) -> np.ndarray:
    """(QUESTIONS,) how long each takes."""
    found = []
    for _ in range(QUESTIONS):
        start = time.perf_counter()
        ask()
        found.append(time.perf_counter() - start)
    return np.array(found)


def during_maps(ask: Callable[[], None], arrange: Callable) -> np.ndarray:
    """As `seconds`, while MAPS maps are made again and again."""
    rows, enough, begun = embeddings(PICTURES), threading.Event(), threading.Semaphore(0)

    def progress(done: float) -> None:
        begun.release()
        if enough.is_set():
            raise Enough

    def maps() -> None:
        try:
            while True:
                project(rows, "tsne", progress=progress, arrange=arrange)
        except Enough:
            return

    threads = [threading.Thread(target=maps) for _ in range(MAPS)]
    for thread in threads:
        thread.start()
        begun.acquire()
    found = seconds(ask)
    enough.set()
    for thread in threads:
        thread.join()
    return found


def main() -> None:
    model = load("pocket-vit", device="cpu")

    def ask() -> None:
        trace = model.trace(PHOTO)
        trace.top(5)
        for method in ("attention", "rollout", "gradcam"):
            explain(trace, method)

    ask()
    workers.warm()
    project(embeddings(200), "tsne", arrange=workers.arrange)  # imported and ready
    print(
        f"{os.cpu_count()} cores, {workers.COUNT} map processes, load {os.getloadavg()[0]:.1f}; ms"
    )
    print(f"  {'':24}{'p50':>8}{'p95':>8}{'p50 / idle':>12}{'p95 / idle':>12}")
    idle = np.percentile(seconds(ask), [50, 95])
    rows = {
        "idle": idle,
        "maps in this process": np.percentile(during_maps(ask, Projection.arrange), [50, 95]),
        "maps in their own": np.percentile(during_maps(ask, workers.arrange), [50, 95]),
    }
    for title, (middle, slow) in rows.items():
        ratios = f"{middle / idle[0]:12.2f}{slow / idle[1]:12.2f}"
        print(f"  {title:24}{1000 * middle:8.0f}{1000 * slow:8.0f}{ratios}")


if __name__ == "__main__":
    main()
