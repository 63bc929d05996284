"""Who is right where: a comparison's pictures by which of its models have them right, each combination one cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explain.scores.comparison import Lift, beyond_chance, cell_name, ranked
from models import FAMILIES
from tabs.compare.comparison import Comparison, listed

ALIKE = "alike"  # the key of the part of "all wrong" where all models give the same answer
GROUPS = 2  # of each kind that are named as what a cell holds more of


def listed_cells(found: Comparison) -> list[dict[str, Any]]:
    """First those where one model alone is right, last where all are; `within` marks a part of the one before it."""
    counted, keys = found.cells, list(found.answers)
    last = 2 ** len(keys) - 1

    def cell(code: int) -> dict[str, Any]:
        return _cell(str(code), code, int(counted.counts[code]), keys, len(found.places))

    between = sorted(range(1, last), key=lambda code: (code.bit_count(), code))
    shown = [*map(cell, between), cell(0)]
    if len(keys) > 1:
        alike = _cell(ALIKE, 0, int(counted.alike.sum()), keys, len(found.places))
        shown.append({**alike, "title": f"{title(0, keys)}, with the same answer", "within": True})
    return [*shown, cell(last)]


def _cell(key: str, code: int, count: int, keys: list[str], total: int) -> dict[str, Any]:
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
    """A cell in words: "Only CLIP is right", "Only CLIP is wrong"."""
    right = [FAMILIES.get(key, key) for row, key in enumerate(keys) if code >> row & 1]
    wrong = [FAMILIES.get(key, key) for row, key in enumerate(keys) if not code >> row & 1]
    if len(keys) == 1:
        return f"{(right or wrong)[0]} is {'right' if right else 'wrong'}"
    if not right or not wrong:
        return f"{'Both' if len(keys) == 2 else 'All'} are {'right' if right else 'wrong'}"
    if len(right) == 1:
        return f"Only {right[0]} is right"
    if len(wrong) == 1:
        return f"Only {wrong[0]} is wrong"
    return f"{listed(right)} are right"


def first(shown: list[dict[str, Any]]) -> str:
    """The key of the cell to open with: where one model alone is right, else some, else none, else all are."""
    filled = [cell for cell in shown if cell["count"] and not cell["all_right"]]
    mixed = [cell for cell in filled if any(cell["right"].values())]
    lonely = [cell for cell in mixed if sum(cell["right"].values()) == 1]
    return max(lonely or mixed or filled or shown[-1:], key=lambda cell: cell["count"])["key"]


def members(found: Comparison, key: str) -> np.ndarray:
    """The rows of the comparison that are in a cell, the most telling first; none for a cell that there is not."""
    counted = found.cells
    inside = counted.alike if key == ALIKE else counted.codes == _code(key)
    return ranked(np.flatnonzero(inside), found.right, found.margins)


def _code(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 4 else -1


def order(found: Comparison, key: str) -> str:
    """How the pictures of a cell are ranked, in words."""
    if key == ALIKE:
        return "The surest mistakes first. All models agree on another answer: look whether the label is right."
    code = _code(key)
    if code == 0:
        return "The surest mistakes first."
    if code == 2 ** len(found.answers) - 1:
        return "The closest calls first."
    return "First where the models that are right and those that are wrong lie furthest apart."


def in_common(found: Comparison, rows: np.ndarray) -> list[str]:
    """Conditions and classes that a cell holds more of than a blind draw would, in sentences."""
    if len(rows) < 2 or len(rows) == len(found.places):
        return []
    inside = np.zeros(len(found.places), dtype=bool)
    inside[rows] = True
    labels = np.array(found.names, dtype=object)[found.truth]
    conditions, classes = beyond_chance(inside, (found.conditions, labels))
    said = [
        *(
            _sentence(each, len(rows), "are of the condition", "are")
            for each in conditions[:GROUPS]
        ),
        *(_sentence(each, len(rows), "show", "do") for each in classes[:GROUPS]),
    ]
    nothing = (
        "Nothing sets them apart: conditions and classes are mixed much as among all pictures."
    )
    return said or [nothing]


def _sentence(lift: Lift, size: int, verb: str, again: str) -> str:
    """ "9 of these 12 show “deer”; 10 % of all pictures do." """
    return f"{lift.count:,} of these {size:,} {verb} “{lift.group}”; {100 * lift.overall:.3g} % of all pictures {again}."
