"""Pictures of a comparison with every model's answer: those of a cell, small, and the one that is open, large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explain.classes.answers import name_of
from explain.classes.label_map import LabelMap, as_text
from tabs.compare import cells
from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import Comparison, compared
from tabs.sets.asks import SHOWN
from tabs.sets.pictures import GONE, small, thumbnail, whole
from tabs.wiring.kept import opened
from tabs.wiring.packing import ranked

LARGE = 640  # pixels on the longer side of the picture that is open
NAMES = 1000  # classes that the Explain tab takes


def of_cell(asked: CompareQuestion) -> dict[str, Any]:
    """Up to SHOWN pictures of a cell from its `start`-th on, each with every model's answer."""
    found = compared(asked.source, asked.limit, asked.models)
    rows = cells.members(found, asked.cell)
    shown = rows[asked.start : asked.start + SHOWN]
    return {
        "count": len(rows),
        "pictures": [small_picture(found, row) for row in shown],
        "over": cells.in_common(found, rows),
        "order": cells.order(found, asked.cell),
    }


def small_picture(found: Comparison, row: int) -> dict[str, Any]:
    item = found.labelled.images.items[found.places[row]]
    return {
        "place": int(found.places[row]),
        "src": thumbnail(item),
        "name": item.name,
        "truth": item.label,
        "condition": item.condition,
        "answers": {key: answer(found, key, row) for key in found.answers},
    }


def large_picture(asked: CompareQuestion) -> dict[str, Any]:
    """The picture at the asked place, with every model's likeliest classes."""
    found, row = opened_row(asked)
    item = found.labelled.images.items[found.places[row]]
    return {
        "place": int(found.places[row]),
        "src": small(opened(item.content).image, LARGE),
        "name": item.name,
        "truth": item.label,
        "condition": item.condition,
        "caption": item.caption,
        "models": {
            key: {
                **answer(found, key, row),
                "top": ranked(each.top[row], each.probabilities[row], found.names),
            }
            for key, each in found.answers.items()
        },
    }


def answer(found: Comparison, key: str, row: int) -> dict[str, Any]:
    """{answer, right} of one model to one picture; answer None where it has none."""
    code = found.answers[key].predicted[row]
    return {"answer": name_of(code, found.names), "right": bool(code == found.truth[row])}


def original(asked: CompareQuestion) -> dict[str, Any]:
    """The picture at the asked place as it is, with the question: the classes, label maps as typed, and the truth."""
    found, row = opened_row(asked)
    item = found.labelled.images.items[found.places[row]]
    names = [found.names[code] for code in found.classes[:NAMES]]
    label_maps = {
        key: _lines(each.label_map, each.model.labels, names)
        for key, each in found.models.items()
        if each.label_map
    }
    return {**whole(item.content), "names": names, "label_maps": label_maps, "truth": item.label}


def _lines(label_map: LabelMap, labels: Sequence[str], names: list[str]) -> str:
    """Which of a model's outputs stand for some of the classes, as `explain.classes.label_map` reads it."""
    outputs = {name: label_map.outputs.get(name, ()) for name in names}
    return as_text(LabelMap(outputs, {}), labels)


def opened_row(asked: CompareQuestion) -> tuple[Comparison, int]:
    """The comparison, and the row of the asked picture in it; ValueError where that picture does not count."""
    found = compared(asked.source, asked.limit, asked.models)
    place = asked.place or 0
    row = int(np.searchsorted(found.places, place))
    if row == len(found.places) or found.places[row] != place:
        raise ValueError(GONE)
    return found, row
