"""One picture of a comparison: what each model answers, and where each looked, for its own answer and for the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from explain.classes.prompts import prompts_of
from tabs.compare.asks import CompareAsked
from tabs.compare.contest import Contest, contest
from tabs.compare.seats import Seat
from tabs.explain import answers
from tabs.sets.pictures import GONE, small, whole
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import opened

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 640  # pixels on the longer side of the picture that is open
NAMES = 1000  # classes that the Explain tab takes


def facts(asked: CompareAsked) -> dict[str, Any]:
    """The picture at the asked place, large, and every model's likeliest classes."""
    found, row = _found(asked)
    item = found.labelled.images.items[asked.place]
    return {
        "place": asked.place,
        "src": small(opened(item.content).image, LARGE),
        "name": item.name,
        "truth": item.label,
        "condition": item.condition,
        "caption": item.caption,
        "models": {key: _told(found, key, row) for key in found.answers},
    }


def original(asked: CompareAsked) -> dict[str, Any]:
    """The picture at the asked place as it is, and the names CLIP chose from."""
    found, _ = _found(asked)
    item = found.labelled.images.items[asked.place]
    return {**whole(item.content), "names": [found.names[code] for code in found.classes[:NAMES]]}


def maps(asked: CompareAsked) -> dict[str, Any]:
    """Where the asked model looked: attention, rollout, and Grad-CAM for its own answer and, if that is wrong, for the truth."""
    found, row = _found(asked)
    if asked.family not in found.answers:
        raise ValueError("This model does not take part; choose another.")
    seat = found.seats[asked.family]
    own, truth = int(found.answers[asked.family].predicted[row]), int(found.truth[row])
    wanted = {"own": own} if own == truth else {"own": own, "truth": truth}
    item = found.labelled.images.items[asked.place]
    texts, targets = _targets(found, seat, asked.place, wanted)
    shown = _looked(item.content, seat.model.name, texts, tuple(targets.values()), asked.held)
    names = {
        key: {"name": found.names[code], "output": _output(seat, found.names[code], targets[key])}
        for key, code in wanted.items()
    }
    return {**shown, "place": asked.place, "targets": names, "notes": _notes(seat)}


@on_gpu
def _looked(
    content: Path | bytes,
    name: str,
    texts: tuple[str, ...] | None,
    targets: tuple[int, ...],
    held: str,
) -> dict[str, Any]:
    """The maps of one model for one or two targets; attention only where it is not what the browser holds."""
    photo, model = opened(content), loaded(name)
    first, *others = (answers.traced(photo, model, texts, target) for target in targets)
    shown = {
        "base": f"{photo.key} {name}",
        "view": first.view,
        "layers": len(first.attention_blocks),
        "readout": first.readout_name,
        "truth": answers.method_map(others[0], "gradcam") if others else None,
    }
    return shown | answers.maps(first, held=shown["base"] == held)


def _found(asked: CompareAsked) -> tuple[Contest, int]:
    """The contest, and the row of the asked picture in it."""
    found = contest(asked.source, asked.limit, asked.entrants)
    row = int(np.searchsorted(found.places, asked.place))
    if row == len(found.places) or found.places[row] != asked.place:
        raise ValueError(GONE)
    return found, row


def _told(found: Contest, key: str, row: int) -> dict[str, Any]:
    each = found.answers[key]
    return {
        "answer": found.names[each.predicted[row]],
        "right": bool(each.predicted[row] == found.truth[row]),
        "top": [
            {"label": found.names[code], "probability": float(share)}
            for code, share in zip(each.top[row], each.shares[row], strict=True)
        ],
    }


def _targets(
    found: Contest, seat: Seat, place: int, wanted: dict[str, int]
) -> tuple[tuple[str, ...] | None, dict[str, int]]:
    """A CLIP's texts, None for others; and for each wanted class which text or output stands for it here.

    Of several outputs to one class, the one that is strongest in this picture.
    """
    names = {key: found.names[code] for key, code in wanted.items()}
    if seat.labels is None:
        texts = tuple(_text(seat, name) for name in names.values())
        return texts, {key: number for number, key in enumerate(names)}
    row = int(np.searchsorted(seat.found.encoded.kept, place))
    logits = seat.found.encoded.features[row]
    outputs = seat.labels.outputs
    return None, {
        key: max(outputs[name], key=lambda output: float(logits[output]))
        for key, name in names.items()
    }


def _text(seat: Seat, name: str) -> str:
    """What a CLIP is asked about a class, with the first of its templates."""
    prompts = prompts_of([name], seat.entrant.template)
    return prompts.texts(prompts.templates[0])[0][0]


def _output(seat: Seat, name: str, target: int) -> str:
    """The output that stands for a class, in words; the class's own name where texts do."""
    return name if seat.labels is None else seat.model.labels[target]


def _notes(seat: Seat) -> list[str]:
    if seat.labels is not None:
        return []
    several = len(prompts_of(["a"], seat.entrant.template).templates) - 1
    return ["Grad-CAM is of its first template alone."] if several else []
