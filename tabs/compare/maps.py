"""Where a model looked in one picture of a comparison: for its own answer and, if that is wrong, for the truth.

The page gets numbers for all layers and draws them itself; the report gets four maps that are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from draw import colour_range, laid_over
from explain import METHODS, explained
from explain.classes.answers import NO_ANSWER
from explain.classes.prompts import prompts_of
from tabs.compare.asks import CompareQuestion
from tabs.compare.compared_model import ComparedModel
from tabs.compare.comparison import Comparison
from tabs.compare.pictures import opened_row
from tabs.explain import answers
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import Photo, opened
from tabs.wiring.packing import data_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.trace import Trace

OPACITY = 0.65  # as on the page
SIDE = 224  # pixels on the longer side of a map in the report


def maps(asked: CompareQuestion) -> dict[str, Any]:
    """Attention, rollout, and Grad-CAM for the asked model's answer and for the truth where that is another."""
    found, row = opened_row(asked)
    if asked.family not in found.answers:
        raise ValueError("This model does not take part; choose another.")
    compared = found.models[asked.family]
    classes = _explained_classes(found, asked.family, row)
    texts, targets = _targets(found, compared, row, classes)
    item = found.labelled.images.items[found.places[row]]
    shown = _looked(item.content, compared.model.name, texts, tuple(targets.values()), asked.held)
    names = {
        key: {
            "name": found.names[code],
            "output": _output(compared, found.names[code], targets[key]),
        }
        for key, code in classes.items()
    }
    answers = bool(found.answers[asked.family].predicted[row] != NO_ANSWER)
    return {**shown, "place": int(found.places[row]), "targets": names, "answers": answers}


@on_gpu
def _looked(
    content: Path | bytes,
    name: str,
    texts: tuple[tuple[str, ...], ...] | None,
    targets: tuple[int, ...],
    held: str,
) -> dict[str, Any]:
    """The maps of one model for one or two targets; attention only where it is not what the browser holds."""
    photo, model = opened(content), loaded(name)
    first, *others = (answers.traced(photo, model, texts, target) for target in targets)
    shown = {
        "base": f"{photo.key} {model.fingerprint}",
        "view": first.view,
        "layers": len(first.attention_blocks),
        "readout": first.readout_name,
        "truth": answers.method_map(others[0], "gradcam") if others else None,
    }
    return shown | answers.maps(first, held=shown["base"] == held)


def drawn_maps(found: Comparison, key: str, row: int) -> list[dict[str, Any]]:
    """A model's maps of one picture for the report: [{title, detail, range, src, note, refused}]."""
    compared, classes = found.models[key], _explained_classes(found, key, row)
    texts, targets = _targets(found, compared, row, classes)
    item = found.labelled.images.items[found.places[row]]
    drawn = _drawn(item.content, compared.model.name, texts, tuple(targets.values()))
    silent = found.answers[key].predicted[row] == NO_ANSWER
    whose = {"own": "the truth" if silent else "its answer", "truth": "the truth"}
    for each, (which, code) in zip(drawn[-len(classes) :], classes.items(), strict=True):
        output = _output(compared, found.names[code], targets[which])
        each["title"] = f"Grad-CAM for “{found.names[code]}”"
        named = "" if output == found.names[code] else f", output “{output}”"
        each["detail"] = f"last layer, {whose[which]}{named}"
    return drawn


@on_gpu
def _drawn(
    content: Path | bytes,
    name: str,
    texts: tuple[tuple[str, ...], ...] | None,
    targets: tuple[int, ...],
) -> list[dict[str, Any]]:
    """Attention and rollout over the picture, then Grad-CAM for each target, all of these on one scale."""
    photo, model = opened(content), loaded(name)
    traces = [answers.traced(photo, model, texts, target) for target in targets]
    first, last = traces[0], len(traces[0].attention_blocks)
    source = f"from {first.readout_name}" if first.readout_name else "each patch received"
    attention = {"title": f"Attention {source}", "detail": f"layer {last} of {last}, mean of heads"}
    rollout = {"title": f"Rollout, layers 1–{last} of {last}", "detail": "mean of heads"}
    return [
        attention | _over(photo, first, "attention"),
        rollout | _over(photo, first, "rollout"),
        *(_over(photo, trace, "gradcam", _one_scale(traces)) for trace in traces),
    ]


def _one_scale(traces: Sequence[Trace]) -> tuple[float, float] | None:
    """The ends of the colours for several Grad-CAMs that are to be compared; None where there is none."""
    try:
        found = [explained(trace, "gradcam") for trace in traces]
    except ValueError:
        return None
    high = max(colour_range(each.map, each.signed)[1] for each in found)
    return -high, high


def _over(
    photo: Photo, trace: Trace, method: str, limits: tuple[float, float] | None = None
) -> dict[str, Any]:
    """{src, range, note} of a map laid over its picture, or {refused: why there is none}."""
    try:
        found = explained(trace, method)
    except ValueError as error:
        return {"refused": str(error)}
    low, high = limits or colour_range(found.map, found.signed)
    picture = laid_over(
        photo.image, found.map, trace.view, found.signed, OPACITY, (low, high), SIDE
    )
    unit = "logits" if METHODS[method].unit == "logit" else "of all attention"
    scale = f"{low:.2g} to {high:.2g} {unit}".replace("-", "−")
    return {"src": data_address(picture), "range": scale, "note": found.note, "refused": ""}


def _explained_classes(found: Comparison, key: str, row: int) -> dict[str, int]:
    """The model's own answer, and the truth where that is another class; the truth alone where it has no answer."""
    own, truth = int(found.answers[key].predicted[row]), int(found.truth[row])
    own = truth if own == NO_ANSWER else own
    return {"own": own} if own == truth else {"own": own, "truth": truth}


def _targets(
    found: Comparison, compared: ComparedModel, row: int, classes: dict[str, int]
) -> tuple[tuple[tuple[str, ...], ...] | None, dict[str, int]]:
    """The texts of these classes for a CLIP, None for others; and for each class which text or output stands for it here.

    Of several outputs to one class, the one that is strongest in this picture.
    """
    names = {key: found.names[code] for key, code in classes.items()}
    if compared.label_map is None:
        prompts = prompts_of(list(names.values()), compared.choice.template)
        return prompts.of_classes, {key: number for number, key in enumerate(names)}
    encoded = compared.embedded.encoded
    logits = encoded.features[int(np.searchsorted(encoded.kept, found.places[row]))]
    outputs = compared.label_map.outputs
    return None, {
        key: max(outputs[name], key=lambda output: float(logits[output]))
        for key, name in names.items()
    }


def _output(compared: ComparedModel, name: str, target: int) -> str:
    """The output that stands for a class, in words; the class's own name where texts do."""
    return name if compared.label_map is None else compared.model.labels[target]
