"""The endpoint /score_prompts: zero-shot accuracy of prompts on a labelled set, for other programs."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from limits import DRAWN, ENDPOINT_CALLS, ENDPOINT_SECONDS
from tabs.api import arguments
from tabs.api.endpoint import SetInput, source, told_plainly
from tabs.prompts.scores import tried
from tabs.sets import clip_set
from tabs.sets.asks import text
from tabs.wiring.inputs import Textbox
from tabs.wiring.listening import patient
from tabs.wiring.slowly import silent


def score_prompts(
    model: str, imageset: Any, classes: str = "", templates: str = "a photo of a {}"
) -> dict[str, Any]:
    """Zero-shot accuracy of prompts on a labelled image set, at most 2,000 pictures of it.

    model: a CLIP's name or Hub id. imageset: a catalogue name such as toybox, a Hub id, or an uploaded zip or parquet
    file. classes: one per line, synonyms after |, empty for the set's own. templates: one per line, {} for the class.
    Answers {accuracy, correct, total, interval, per_class, per_condition, confusion, macro_f1, note, seconds}: rates are
    fractions, interval [low, high], confusion {labels, counts, no_answer} with rows = truth; of more than 200 classes
    counts is null and confusion has cells, [true class, answered class, pictures] of every pair that was met. A picture
    whose highest score several classes share has no answer: it is not right, stands in no column but in no_answer, and
    note counts them; where no picture has an answer, rates are null.
    """
    with told_plainly():
        start = time.perf_counter()
        progress = patient(silent, ENDPOINT_SECONDS)
        found = clip_set(source(imageset), DRAWN, arguments.model_name(model), progress)
        asked = text(classes, "classes"), text(templates, "templates")
        board = tried(found, *asked, progress=progress).board
        return {**board.as_json(), "seconds": time.perf_counter() - start}


def add() -> None:
    """Give the Blocks being built the endpoint, out of sight."""
    with gr.Row(visible=False):
        model, imageset = Textbox(label="model"), SetInput(label="imageset")
        classes = Textbox(label="classes", value="")
        templates = Textbox(label="templates", value="a photo of a {}")
        gr.Button().click(
            score_prompts,
            [model, imageset, classes, templates],
            gr.JSON(label="score"),
            api_name="score_prompts",
            concurrency_limit=ENDPOINT_CALLS,
        )
