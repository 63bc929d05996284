"""What the costliest things that one anonymous visitor may ask for cost: processor seconds and memory.

    python -m bench.visitor

Each is made as large as limits.py allows, in a process of its own, and is measured without the making of the input.
Processor seconds are those of all threads, which a busy machine hardly changes; memory is what came on top.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import limits

ROOT = Path(__file__).parent.parent
PART = 25  # of the prompts: all of them take minutes


def long_question() -> Callable[[], object]:
    """As many bytes and values as one question may have."""
    from tabs.wiring.question import read_question

    values = b"0," * (limits.COMMAS - 1)
    text = b"a" * (limits.QUESTION_BYTES - len(values) - 100)
    body = b'{"more": [' + values + b'0], "data": ["' + text + b'"]}'
    return lambda: read_question(body)


def large_photo() -> Callable[[], object]:
    """A picture of 25 megapixels that is clear in places, so that white is put behind it."""
    from PIL import Image

    from models.photo import open_photo

    side, file = int(limits.PIXEL_LIMIT**0.5), io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).convert("RGBA").save(file, "PNG")
    return lambda: open_photo(file.getvalue())


def full_zip() -> Callable[[], object]:
    """As many files as a zip may hold."""
    from bench.hostile.files import small_picture
    from imagesets import load_set

    path, picture = Path(tempfile.mkdtemp()) / "full.zip", small_picture()
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(limits.MEMBERS):
            archive.writestr(f"class {number % limits.SET_CLASSES}/{number}.png", picture)
    return lambda: load_set(path, limits.MOST_MAPPED, folders=False)


def many_classes() -> Callable[[], object]:
    """Ten thousand pictures with ten thousand classes, by embeddings of 512 numbers."""
    import numpy as np
    import torch

    from explain.classes.prompts import score

    rows = torch.nn.functional.normalize(torch.randn(limits.SET_CLASSES, 512), dim=1)
    return lambda: score(rows, rows, np.arange(len(rows)))


def many_prompts() -> Callable[[], object]:
    """A PART of the prompts that may be typed, read by pocket-clip."""
    from models import load, text_reader

    clip = text_reader(load("pocket-clip"))
    texts = [f"a photo of a dog, number {number}" for number in range(limits.PROMPTS // PART)]
    return lambda: clip.embed_texts(texts)


CASES = {
    each.__name__: each
    for each in (long_question, large_photo, full_zip, many_classes, many_prompts)
}


def measured(name: str) -> dict[str, float]:
    """Processor seconds and megabytes of one case, in this process."""
    run = CASES[name]()
    Path("/proc/self/clear_refs").write_text("5")  # the most it held begins anew
    before, began = _held(), time.process_time()
    run()
    return {"seconds": time.process_time() - began, "megabytes": (_held() - before) / 1e6}


def _held() -> int:
    """The most memory this process has held since the last reset, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        return print(json.dumps(measured(chosen.case)))
    print("| what | processor seconds | megabytes |\n|---|---|---|")
    for name in CASES:
        command = [sys.executable, "-m", "bench.visitor", "--case", name]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = json.loads(said.stdout.splitlines()[-1])
        print(f"| {name} | {found['seconds']:.1f} | {found['megabytes']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
