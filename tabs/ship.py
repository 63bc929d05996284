"""Make again what ships with Headlight so that nobody waits for it: `python -m tabs.ship`.

That is embeddings of the bundled sets by the bundled models (explain/shipped.py), and the answers to the page's first questions
about them (tabs/wiring/shipped.py).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import explain.shipped as embeddings
from explain.maps.projection import PROJECTIONS
from models import FAMILIES, TEMPLATE
from tabs.compare import figures, preparing
from tabs.compare.asks import compare_question
from tabs.map import answers as maps
from tabs.map.asks import map_asked
from tabs.map.projections import spaces_at_first
from tabs.sets import embed_set
from tabs.wiring import shipped
from tabs.wiring.gpu import loaded
from tabs.wiring.slowly import silent

SETS = ("toybox-hard", "toybox")
BUNDLED = {family: f"pocket-{family}" for family in FAMILIES}
ALL = 2_000  # pictures, more than a bundled set has


def embedded() -> tuple[list[str], dict[str, np.ndarray]]:
    """(digests, space → (pictures, dim)) of every picture of the bundled sets, in the spaces that Map and Compare open with."""
    found: dict[str, np.ndarray] = {}
    for name in BUNDLED.values():
        model = loaded(name)
        spaces = spaces_at_first(model)
        sets = [embed_set(each, ALL, model, spaces) for each in SETS]
        for at, space in enumerate(spaces):
            rows = [each[at].encoded.features.numpy() for each in sets]
            found[embeddings.space(model, *space)] = np.concatenate(rows)
        digests = [item.digest for each in sets for item in each[0].items]
    return digests, found


def question(name: str) -> dict[str, Any]:
    """What the page asks first about a set."""
    return {"set": name, "models": BUNDLED, "template": TEMPLATE}


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, answer) of each of the page's first questions about a bundled set, computed now."""
    for name in SETS:
        raw = question(name)
        asked = map_asked(raw, None)
        yield shipped.key("map_prepare", asked), maps.prepared(asked, silent)
        for method in PROJECTIONS:
            for family in FAMILIES:
                own = replace(asked, method=method, family=family)
                yield shipped.key("map_arrange", own), maps.arranged(own, family, silent)
        compared = compare_question(raw, None)
        yield shipped.key("compare_prepare", compared), preparing.prepared(compared, silent)
        yield shipped.key("compare_attempt", compared), figures.answered(compared, silent)


def main() -> None:
    for file in (embeddings.FILE, shipped.FILE):
        file.unlink(missing_ok=True)  # nothing of an earlier version may come back
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEADLIGHT_CACHE"] = folder
        made = embedded()
        found = {"of": shipped.bundled(), "answers": dict(answers())}
    embeddings.write(*made)
    write_whole(shipped.FILE, json.dumps(found, separators=(",", ":")) + "\n")
    for file in (embeddings.FILE, shipped.FILE):
        print(f"{file.name}: {file.stat().st_size:,} bytes")


def write_whole(file: Path, text: str) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(text)
    os.replace(partial, file)


if __name__ == "__main__":
    main()
