"""The endpoint /score_prompts: zero-shot accuracy of prompts on a labelled set, for other programs."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from tabs import arguments
from tabs.api import AT_ONCE, told_plainly
from tabs.scores import tried
from tabs.sets import LIMIT, ready
from tabs.tries import named, text, uploaded


class SetInput(gr.JSON):
    """A set's name, Hub id, or an uploaded zip or parquet file as Gradio's clients send it; callbacks get a `Source`."""

    is_template = True  # in the browser it is Gradio's JSON

    def preprocess(self, payload: Any) -> Any:
        """A name stays a name; a file's path is taken only from an upload, which Gradio marks and checks."""
        if not isinstance(payload, dict):
            return payload
        marked = (payload.get("meta") or {}) == {"_type": "gradio.FileData"}
        return {"path": payload.get("path") if marked else None}

    async def async_move_resource_to_block_cache(self, path: Any) -> str | None:
        """Refuses what Gradio would otherwise fetch."""
        if str(path).startswith(("http://", "https://")):
            raise gr.Error(
                "Send the set itself as a file; addresses on the web are not fetched.",
                print_exception=False,
            )
        return await super().async_move_resource_to_block_cache(path)


def score_prompts(
    model: str, imageset: Any, classes: str = "", templates: str = "a photo of a {}"
) -> dict[str, Any]:
    """Zero-shot accuracy of prompts on a labelled image set, at most 2,000 pictures of it.

    model: a CLIP's name or Hub id. imageset: a catalogue name such as toybox, a Hub id, or an uploaded zip or parquet
    file. classes: one per line, synonyms after |, empty for the set's own. templates: one per line, {} for the class.
    Answers {accuracy, correct, total, interval, per_class, per_condition, confusion, macro_f1, seconds}: rates are
    fractions, interval [low, high], confusion {labels, counts} with rows = truth.
    """
    with told_plainly():
        start = time.perf_counter()
        found = ready(source(imageset), LIMIT, arguments.model_name(model))
        board = tried(found, text(classes, "classes"), text(templates, "templates")).board
        return {**board.as_json(), "seconds": time.perf_counter() - start}


def source(imageset: Any) -> str:
    """What `tabs.sets` reads of a SetInput's value."""
    if isinstance(imageset, dict):
        return uploaded(imageset["path"])
    return named(imageset)


def add() -> None:
    """Give the Blocks being built the endpoint, out of sight."""
    with gr.Row(visible=False):
        model, imageset = gr.Textbox(label="model"), SetInput(label="imageset")
        classes = gr.Textbox(label="classes", value="")
        templates = gr.Textbox(label="templates", value="a photo of a {}")
        gr.Button().click(
            score_prompts,
            [model, imageset, classes, templates],
            gr.JSON(label="score"),
            api_name="score_prompts",
            concurrency_limit=AT_ONCE,
        )
