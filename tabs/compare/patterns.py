"""Every pattern of right and wrong of a comparison, named and counted, and what was left out of it, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explain.scores.comparison import cell_name
from models import FAMILIES
from tabs.compare.contest import Contest

ALIKE = "alike"  # the key of the part of "all wrong" where all models give the same answer
NAMED = 6  # classes named in a sentence


def patterns(found: Contest) -> list[dict[str, Any]]:
    """First those where one model alone is right, last where all are; `within` marks a part of the one before it."""
    counted, keys = found.cells, list(found.answers)
    last = 2 ** len(keys) - 1

    def told(code: int) -> dict[str, Any]:
        return _pattern(str(code), code, int(counted.counts[code]), keys, len(found.places))

    between = sorted(range(1, last), key=lambda code: (code.bit_count(), code))
    shown = [*map(told, between), told(0)]
    if len(keys) > 1:
        alike = _pattern(ALIKE, 0, int(counted.alike.sum()), keys, len(found.places))
        shown.append({**alike, "title": f"{title(0, keys)}, with the same answer", "within": True})
    return [*shown, told(last)]


def _pattern(key: str, code: int, count: int, keys: list[str], total: int) -> dict[str, Any]:
    return {
        "key": key,
        "name": cell_name(code, keys),
        "title": title(code, keys),
        "right": {name: bool(code >> row & 1) for row, name in enumerate(keys)},
        "count": count,
        "share": count / total,
        "within": False,
        "all_right": code == 2 ** len(keys) - 1,
    }


def title(code: int, keys: Sequence[str]) -> str:
    """A pattern in words: "Only CLIP is right", "Only CLIP is wrong"."""
    those = [FAMILIES.get(key, key) for row, key in enumerate(keys) if code >> row & 1]
    others = [FAMILIES.get(key, key) for row, key in enumerate(keys) if not code >> row & 1]
    if len(keys) == 1:
        return f"{(those or others)[0]} is {'right' if those else 'wrong'}"
    if not those or not others:
        return f"{'Both' if len(keys) == 2 else 'All'} are {'right' if those else 'wrong'}"
    if len(those) == 1:
        return f"Only {those[0]} is right"
    if len(others) == 1:
        return f"Only {others[0]} is wrong"
    return f"{listed(those)} are right"


def first(shown: list[dict[str, Any]]) -> str:
    """The key of the pattern to open with: where one model alone is right, else some, else none, else all are."""
    filled = [cell for cell in shown if cell["count"] and not cell["all_right"]]
    mixed = [cell for cell in filled if any(cell["right"].values())]
    lonely = [cell for cell in mixed if sum(cell["right"].values()) == 1]
    return max(lonely or mixed or filled or shown[-1:], key=lambda cell: cell["count"])["key"]


def left_out(found: Contest) -> list[str]:
    """What was left out of the comparison, why, how to mend it, and which names were read in a sense that may not be meant."""
    lacking: dict[tuple[str, ...], list[str]] = {}  # classes → the models without them
    for key, names in found.left_out.items():
        if names:
            lacking.setdefault(names, []).append(FAMILIES.get(key, key))
    said = [
        f"{listed(titles)} {'have' if len(titles) > 1 else 'has'} no output for {_named(names)} yet."
        for names, titles in lacking.items()
    ]
    if lacking:
        out = np.setdiff1d(np.arange(len(found.names)), found.classes)
        count = int(np.isin(found.labelled.codes, out).sum())
        said.append(
            f"So {count:,} pictures are left out for all models, and none may answer so: none has the easier task. "
            "Say in the label maps which outputs are meant, or leave a model out."
        )
    if found.unable:
        titles = [FAMILIES.get(key, key) for key in found.unable]
        said.append(
            f"{listed(titles)} {'do' if len(titles) > 1 else 'does'} not take part: no output is a class of this set by name. "
            "Say in the label map which stand for which class."
        )
    for key, seat in found.seats.items():
        notes = seat.labels.notes if seat.labels else ()
        said += [f"{FAMILIES.get(key, key)}'s label map: {note}" for note in notes[:NAMED]]
    if found.unread:
        said.append(
            f"{found.unread:,} pictures that one of the models cannot read are left out for all."
        )
    if len(found.classes) == 1:
        said.append("There is one class only, so every answer is right: nothing can be compared.")
    return said


def listed(words: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C" """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _named(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:NAMED])
    return shown + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")
