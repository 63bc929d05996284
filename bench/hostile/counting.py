"""What came of each input: a process for each kind, started again after the input that ended it."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.hostile.trying import ROOT

SECONDS = 20  # that one input may take without telling how far it is


@dataclass
class Count:
    """What came of one kind of input."""

    how: Counter[str] = field(default_factory=Counter)
    memory: int = 0
    seconds: float = 0.0
    traces: list[str] = field(default_factory=list)

    def add(self, how: str, seconds: float, memory: int, trace: str = "") -> None:
        self.how[how] += 1
        self.seconds, self.memory = max(self.seconds, seconds), max(self.memory, memory)
        self.traces += [trace] if trace else []


def run_here(kind: str, count: int, seed: int, end: float) -> Count:
    """`count` inputs of one kind, each process started again after the input that ended it."""
    found, start = Count(), 0
    while start < count and time.monotonic() < end:
        command = [
            sys.executable,
            "-m",
            "bench.hostile",
            "--work",
            kind,
            str(start),
            str(count),
            str(seed),
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        start = _follow(process, found, start, end)
    return found


def _follow(process: subprocess.Popen, found: Count, start: int, end: float) -> int:
    """Read what a process tells; the number of the input to go on from."""
    at, began = start, None
    assert process.stdout
    while time.monotonic() < end:
        ready, _, _ = select.select([process.stdout], [], [], 6 * SECONDS)
        line = process.stdout.readline() if ready else b""
        if not line:
            break
        told = json.loads(line)
        if "at" in told:
            at, began = told["at"], time.monotonic()
        else:
            found.add(told["how"], told["seconds"], told["memory"], told["trace"])
            at, began = at + 1, None
    process.kill()
    process.wait()
    if began is not None and time.monotonic() < end:
        found.add("kill", time.monotonic() - began, 0, f"input {at} ended its process")
        return at + 1
    return at if time.monotonic() < end else 10**9


def report(counts: dict[str, Count]) -> str:
    """The table, in Markdown."""
    lines = [
        "| kind | tried | right | one sentence | tracebacks | 5xx | kills | memory | longest |",
        "|" + "---|" * 9,
    ]
    for kind, count in counts.items():
        how = count.how
        tried = sum(how.values()) - (how["traceback"] if kind == "http" else 0)
        lines.append(
            f"| {kind} | {tried:,} | {how['right']:,} | {how['sentence']:,} | {how['traceback'] + how['no sentence']} | "
            f"{how['5xx']} | {how['kill']} | {count.memory / 1e9:.2f} GB | {count.seconds:.1f} s |"
        )
    return "\n".join(lines)
