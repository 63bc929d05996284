"""Pictures of a comparison with every model's answer: those of a cell, small, and the one that is open, large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explain.classes.answers import name_of
from explain.classes.label_map import LabelMap, as_text
from limits import PHOTO_CLASSES, PICTURES_SHOWN
from tabs.compare import cells
from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import Comparison, compared
from tabs.sets.pictures import GONE, small, thumbnail, whole
from tabs.wiring.kept import opened
from tabs.wiring.packing import ranked
from tabs.wiring.slowly import Progress, Step

LARGE = 640  # pixels on the longer side of the picture that is open


def of_cell(asked: CompareQuestion, progress: Progress) -> dict[str, Any]:
    """Up to PICTURES_SHOWN pictures of a cell from its `start`-th on, each with every model's answer; progress may raise to stop."""
    found = compared(asked.source, asked.limit, asked.models, progress)
    rows = cells.members(found, asked.cell)
    shown = []
    for number, row in enumerate(rows[asked.start : asked.start + PICTURES_SHOWN]):
        progress(Step(number / PICTURES_SHOWN, "Making small pictures"))
        shown.append(small_picture(found, row))
    return {
        "count": len(rows),
        "pictures": shown,
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
    names = [found.names[code] for code in found.classes[:PHOTO_CLASSES]]
    label_maps = {
        key: _lines(each.label_map, each.model.labels, names)
        for key, each in found.models.items()
        if each.label_map
    }
    return {
        **whole(item.content),
        "place": int(found.places[row]),
        "names": names,
        "label_maps": label_maps,
        "truth": item.label,
    }


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
