"""How Headlight bears thousands of inputs that nobody should send: files, texts, questions, names, checkpoints, HTTP.

    python -m bench.hostile --count 5000 --minutes 20

Every kind of input runs in a process of its own with 3 GB, which is started again where an input ends it; the page is
opened on this computer alone for those that go over HTTP. Nothing leaves the machine. It stops by itself.

Of each kind: how many were tried, answered or refused in one sentence, how many gave a traceback of ours, a 5xx, or ended
their process, and the greatest memory and time that one took.
"""

from __future__ import annotations

import argparse
import os
import time

from bench.hostile.counting import report, run_here
from bench.hostile.trying import HERE, work
from bench.hostile.visiting import run_page


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--kinds", nargs="*", default=[*HERE, "http"])
    options.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work:
        kind, *numbers = chosen.work
        return work(kind, *map(int, numbers))
    os.nice(5)
    counts, each = {}, -(-chosen.count // len(chosen.kinds))
    for kind in chosen.kinds:
        end = time.monotonic() + 60 * chosen.minutes / len(chosen.kinds)
        run = (
            run_page(each, chosen.seed, end)
            if kind == "http"
            else run_here(kind, each, chosen.seed, end)
        )
        counts[kind] = run
        print(kind, dict(run.how), f"{run.memory / 1e9:.2f} GB, {run.seconds:.1f} s", flush=True)
        for trace in run.traces[:3]:
            print(trace, flush=True)
    print(report(counts))


if __name__ == "__main__":
    main()
