"""What a map costs and how true it is, beside scikit-learn's t-SNE and umap-learn as they come.

    python -m bench.maps

Made-up embeddings of a CLIP's width, in classes within groups, the same every time; every method gets the same rows of
length one. Trustworthiness is scikit-learn's, at the same 2,000 of them for all. On one thread it counts processor time,
so that a busy machine does not show. A first map in a new process also pays for imports and for compiling.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from explain.maps.nearest import unit_rows
from explain.maps.neighbours import quality
from explain.maps.projection import PROJECTIONS, Projected, place, project

WIDTH, GROUPS, CLASSES = 512, 20, 300
PLACED = 20
EQUAL = 0.005  # of trustworthiness

FIRST = """
import time
import torch
torch.set_num_threads({threads})
from bench.maps import embeddings
from explain.maps.projection import project
rows = embeddings(500)
for _ in range(2):
    start = time.{clock}()
    project(rows, "{method}")
    print(time.{clock}() - start)
"""


def embeddings(n: int, seed: int = 0) -> np.ndarray:
    """(n, WIDTH) rows of length one: CLASSES in GROUPS, each class spread along two dozen directions and a little all over."""
    random = np.random.default_rng(seed)
    groups, classes = random.normal(size=(GROUPS, WIDTH)), random.normal(size=(CLASSES, WIDTH))
    centres = 0.7 * classes + groups[random.integers(0, GROUPS, CLASSES)]
    along = random.normal(size=(24, WIDTH)) * 6 / WIDTH**0.5
    found = centres[random.integers(0, CLASSES, n)] + random.normal(size=(n, 24)) @ along
    return unit_rows(found + 0.6 * random.normal(size=(n, WIDTH)))


def scikit_learn(rows: np.ndarray) -> np.ndarray:
    from sklearn.manifold import TSNE

    return TSNE().fit_transform(rows)


def umap_learn(rows: np.ndarray) -> np.ndarray:
    from umap import UMAP

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return UMAP(random_state=0).fit_transform(rows)


def timed(call: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    start = clock()
    found = call()
    return clock() - start, found


def size(n: int, clock: Callable[[], float], peers: bool) -> None:
    """Print a row for each method at n pictures."""
    rows = embeddings(n + PLACED)
    rows, new = rows[:n], rows[n:]
    theirs, points = timed(lambda: scikit_learn(rows), clock)
    true = quality(rows, points, None).trustworthiness or 0
    print(f"\n{n:,} pictures{'':10}seconds  t-SNE's / its  trustworthiness  {PLACED} placed")
    print(f"  scikit-learn t-SNE {theirs:9.2f}{1:12.1f}{true:17.4f}")
    if peers:
        report("umap-learn", *timed(lambda: umap_learn(rows), clock), rows, theirs, true)
    for key, projection in PROJECTIONS.items():
        seconds, projected = timed(partial(project, rows, key), clock)
        place(projected, new)
        took = timed(partial(place, projected, new), clock)[0]
        report(projection.title, seconds, projected, rows, theirs, true, f"{1000 * took:8.0f} ms")


def report(
    title: str,
    seconds: float,
    projected: Projected | np.ndarray,
    rows: np.ndarray,
    theirs: float,
    true: float,
    more: str = "",
) -> None:
    found = quality(rows, projected, None).trustworthiness or 0
    verdict = "less" if found < true - EQUAL else "more" if found > true + EQUAL else "equal"
    print(f"  {title:18} {seconds:9.2f}{theirs / seconds:12.1f}{found:17.4f} {verdict:5} {more}")


def first(threads: int) -> None:
    """Print what the first map of a process costs beside its second."""
    clock = "process_time" if threads == 1 else "perf_counter"
    print("\nthe first map of 500 in a new process, and the second:")
    for key, projection in PROJECTIONS.items():
        script = FIRST.format(threads=threads, clock=clock, method=key)
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(run.stderr)
        once, again = map(float, run.stdout.split())
        print(f"  {projection.title:8} {once:6.2f} s {again:6.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2_000, 10_000])
    parser.add_argument("--threads", type=int, default=1, help="1 counts processor time")
    parser.add_argument("--no-peers", action="store_true", help="leave out umap-learn")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    clock = time.process_time if chosen.threads == 1 else time.perf_counter
    print(
        f"threads: {chosen.threads}, single runs, {'processor' if chosen.threads == 1 else 'wall-clock'} time, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    with threadpool_limits(chosen.threads):
        first(chosen.threads)
        few = embeddings(200)
        scikit_learn(few)
        for key in PROJECTIONS:
            project(few, key)
        for n in chosen.sizes:
            size(n, clock, not chosen.no_peers)


if __name__ == "__main__":
    main()
