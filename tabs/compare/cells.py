"""The pictures of one agreement cell, the most telling first, and what they have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from explain.scores.comparison import Lift, over_represented, ranked
from tabs.compare.asks import CompareAsked
from tabs.compare.contest import Contest, contest
from tabs.compare.patterns import ALIKE
from tabs.sets.asks import SHOWN
from tabs.sets.pictures import thumbnail

TOLD = 2  # groups told of each kind
RARE = (
    0.05  # the chance that any group is told of which is no more common than blind drawing makes it
)


def pictures(asked: CompareAsked) -> dict[str, Any]:
    """Up to SHOWN pictures of a cell from its `start`-th on, each with every model's answer."""
    found = contest(asked.source, asked.limit, asked.entrants)
    rows = members(found, asked.cell)
    shown = rows[asked.start : asked.start + SHOWN]
    return {
        "count": len(rows),
        "pictures": [picture(found, row) for row in shown],
        "over": in_common(found, rows),
        "order": order(found, asked.cell),
    }


def members(found: Contest, key: str) -> np.ndarray:
    """The rows of the contest that are in a cell, ranked; none for a cell that there is not."""
    counted = found.cells
    inside = counted.alike if key == ALIKE else counted.codes == _code(key)
    return ranked(np.flatnonzero(inside), found.right, found.margins)


def picture(found: Contest, row: int) -> dict[str, Any]:
    """One picture, small, with every model's answer."""
    item = found.labelled.images.items[found.places[row]]
    return {
        "place": int(found.places[row]),
        "src": thumbnail(item),
        "name": item.name,
        "truth": item.label,
        "condition": item.condition,
        "answers": {
            key: {
                "answer": found.names[each.predicted[row]],
                "right": bool(each.predicted[row] == found.truth[row]),
            }
            for key, each in found.answers.items()
        },
    }


def in_common(found: Contest, rows: np.ndarray) -> list[str]:
    """Conditions and classes that a cell holds more of than the whole set does, in sentences."""
    if len(rows) < 2 or len(rows) == len(found.places):
        return []
    inside = np.zeros(len(found.places), dtype=bool)
    inside[rows] = True
    labels = np.array(found.names, dtype=object)[found.truth]
    kinds = ((found.conditions, "are of the condition"), (labels, "show"))
    rare = RARE / sum(len(set(groups) - {""}) for groups, _ in kinds)  # Bonferroni's
    said = []
    for groups, verb in kinds:
        lifts = over_represented(inside, groups)
        lifts = [each for each in lifts if each.count > 1 and _by_chance(each, inside) < rare]
        said += [_sentence(each, len(rows), verb) for each in lifts[:TOLD]]
    if not said:
        return [
            "Nothing sets them apart: conditions and classes are mixed much as among all pictures."
        ]
    return said


def _by_chance(lift: Lift, inside: np.ndarray) -> float:
    """How likely as many or more of a group would be among as many pictures drawn blindly."""
    from scipy.stats import hypergeom

    return hypergeom.sf(lift.count - 1, len(inside), lift.total, inside.sum())


def _sentence(lift: Lift, size: int, verb: str) -> str:
    """ "9 of these 12 show “deer”; 10 % of all pictures do." """
    again = "are" if verb.startswith("are") else "do"
    return f"{lift.count:,} of these {size:,} {verb} “{lift.group}”; {100 * lift.overall:.3g} % of all pictures {again}."


def order(found: Contest, key: str) -> str:
    """How the pictures of a cell are ranked, in words."""
    if key == ALIKE:
        return "The surest mistakes first. All models agree on another answer: look whether the label is right."
    code = _code(key)
    if code == 0:
        return "The surest mistakes first."
    if code == 2 ** len(found.answers) - 1:
        return "The closest calls first."
    return "First where the models that are right and those that are wrong lie furthest apart."


def _code(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 4 else -1
