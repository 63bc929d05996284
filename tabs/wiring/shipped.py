"""Answers that ship with Headlight, so that Map and Compare open at once, before any model is loaded.

They are what the page's first questions about the bundled sets come to. An answer is found by the question itself, and only while
the bundled models and pictures are those it was computed from; otherwise the question is answered as any other.
`python -m tabs.ship` makes them again; tests/test_shipped.py compares them with live ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from models import CATALOGUE

ASSETS = Path(__file__).parents[2] / "assets"
FILE = ASSETS / "first" / "answers.json"
TOYBOX = ASSETS / "toybox"

Answer = dict[str, Any]


def shipped_or(line: str, asked: Any, answer: Callable[[], Answer]) -> Answer:
    """The answer that ships for this question on this line (map_prepare, …), else what `answer` computes."""
    found = shipped().get(key(line, asked))
    return answer() if found is None else found


def key(line: str, asked: Any) -> str:
    """A question's name: the same for the same question, whatever its serial number."""
    assert is_dataclass(asked) and not isinstance(asked, type)
    about = asdict(replace(asked, serial=0))
    return f"{line} {json.dumps(_alike(about), sort_keys=True, default=str)}"


def _alike(value: Any) -> Any:
    """`value` with every number a float: a browser's 1 is Python's 1.0."""
    if isinstance(value, dict):
        return {name: _alike(each) for name, each in value.items()}
    return float(value) if isinstance(value, int | float) else value


@cache
def shipped() -> dict[str, Answer]:
    """Every answer that ships, by its key; none where models or pictures are others than they were computed from."""
    try:
        found = json.loads(FILE.read_text())
    except (OSError, ValueError):
        return {}
    return found["answers"] if found["of"] == bundled() else {}


def bundled() -> str:
    """The same for the same bundled models and pictures."""
    digest = sha256()
    folders = [entry.folder for entry in CATALOGUE.values() if entry.folder and _ours(entry.folder)]
    for folder in [*folders, TOYBOX]:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix != ".md":
                digest.update(f"{file.relative_to(folder)} {file.stat().st_size} ".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _ours(folder: Path) -> bool:
    return folder.is_relative_to(ASSETS.parent / "models")
