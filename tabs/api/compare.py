"""The endpoint /compare: several models on one labelled set, for other programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import gradio as gr
import numpy as np

from explain.classes.answers import NO_ANSWER, unanswered_note
from explain.scores.comparison import cell_name, pairwise
from explain.scores.metrics import Share, share, shares_by
from limits import DRAWN, ENDPOINT_CALLS, ENDPOINT_SECONDS
from models import TEMPLATE
from tabs.api import arguments
from tabs.api.endpoint import SetInput, source, told_plainly
from tabs.compare.asks import ModelChoice
from tabs.compare.comparison import Comparison, gathered, left_out
from tabs.compare.figures import scores
from tabs.sets.asks import text
from tabs.wiring.gpu import loaded
from tabs.wiring.inputs import Json, Textbox
from tabs.wiring.listening import patient
from tabs.wiring.slowly import silent

MEANS = tuple(
    f"{kind}_{mean}" for kind in ("macro", "weighted") for mean in ("precision", "recall", "f1")
)


def compare(
    models: list[str],
    imageset: Any,
    templates: str = TEMPLATE,
    label_maps: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Several models on the same pictures of a labelled image set, at most 2,000, and where they agree.

    models: 1 to 6 names or Hub ids. A CLIP is asked with templates, one per line; another answers among those of its
    labels that are classes of the set by name, or as label_maps, {model: lines of "class: label; label"}, says. imageset: a catalogue name such as toybox, a Hub id, or an uploaded zip or parquet
    file. Answers {model: {accuracy, correct, total, interval, unrestricted, macro_precision, macro_recall, macro_f1,
    weighted_precision, weighted_recall, weighted_f1, per_class, per_condition, note}, cells, mcnemar, left_out, notes}: rates
    are fractions, null for a model that gives all pictures' classes equal scores, which takes no part in cells and mcnemar;
    note counts the pictures without an answer, which are not right; interval [low, high], unrestricted the accuracy when all of a model's labels may answer (null for a CLIP).
    cells: "clip only", "vit + swin", "all right", "all wrong" → pictures, by family where families differ, else by
    model; "all wrong alike" is the part of "all wrong" with one answer. mcnemar: [{a, b, only_a, only_b, p, p_holm}].
    left_out: the classes that some model has no label for; their pictures count for none. notes: sentences on what was
    left out, and on names that may mean something else.
    """
    with told_plainly():
        names = arguments.model_names(models)
        maps = arguments.label_maps(label_maps, names)
        asked = text(templates, "templates")
        choices = {name: ModelChoice(name, asked, maps.get(name)) for name in names}
        progress = patient(silent, ENDPOINT_SECONDS)
        found = gathered(source(imageset), DRAWN, choices, progress)
        if found.unable:
            raise ValueError(next(iter(found.unable.values())))
        answering = list(found.answers)
        right = found.right if answering else np.zeros((0, len(found.places)), dtype=bool)
        scored = {name: _scored(found, name, right[row]) for row, name in enumerate(answering)}
        return {
            **{name: scored.get(name) or _silent(found, name) for name in names},
            "cells": _cells(found, _keys(answering)) if answering else {},
            "mcnemar": [
                {key: value for key, value in vars(pair).items() if key not in ("gap", "interval")}
                for pair in pairwise(right, answering)
            ],
            "left_out": sorted(set().union(*found.left_out.values())),
            "notes": left_out(found),
        }


def _scored(found: Comparison, name: str, right: np.ndarray) -> dict[str, Any]:
    counted, free = scores(found, name), found.answers[name].unrestricted
    predicted = found.answers[name].predicted
    overall = share(right, predicted)
    return {
        **overall.as_json(),
        "interval": list(overall.interval),
        "unrestricted": None if free is None else share(free).accuracy,
        **{mean: getattr(counted, mean) for mean in MEANS},
        "per_class": _by_class(found, right, predicted == NO_ANSWER),
        "per_condition": {
            group: each.as_json()
            for group, each in shares_by(right, found.conditions, predicted).items()
        },
        "note": unanswered_note(predicted),
    }


def _silent(found: Comparison, name: str) -> dict[str, Any]:
    """What there is to say of a model that answers no picture."""
    total = len(found.places)
    return {
        **Share(0, total, total).as_json(),
        **dict.fromkeys(("interval", "unrestricted", *MEANS)),
        "per_class": {},
        "per_condition": {},
        "note": found.silent[name],
    }


def _by_class(
    found: Comparison, right: np.ndarray, unanswered: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Those classes that have a picture, in the set's order; there may be thousands."""
    totals, hits, silent = (
        Counter(found.truth[chosen].tolist()) for chosen in (slice(None), right, unanswered)
    )
    return {
        found.names[code]: Share(hits[code], totals[code], silent[code]).as_json()
        for code in sorted(totals)
    }


def _keys(names: list[str]) -> list[str]:
    """What the cells call the models: their families where these differ, else their names."""
    families = [loaded(name).family for name in names]
    return families if len(set(families)) == len(families) else names


def _cells(found: Comparison, keys: list[str]) -> dict[str, int]:
    counted = found.cells
    shown = {cell_name(code, keys): int(count) for code, count in enumerate(counted.counts)}
    return shown | ({"all wrong alike": int(counted.alike.sum())} if len(keys) > 1 else {})


def add() -> None:
    """Give the Blocks being built the endpoint, out of sight."""
    with gr.Row(visible=False):
        models, imageset = Json(label="models"), SetInput(label="imageset")
        templates = Textbox(label="templates", value=TEMPLATE)
        gr.Button().click(
            compare,
            [models, imageset, templates, Json(label="label_maps", value=None)],
            gr.JSON(label="comparison"),
            api_name="compare",
            concurrency_limit=ENDPOINT_CALLS,
        )
