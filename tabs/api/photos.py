"""Endpoints on one photo, /classify and /explain: plain numbers, and an overlay as PNG.

They have no place on the page: hidden components carry their values. Both answer with what they were asked for or raise
one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from draw import overlay
from explain import METHODS, explained
from explain.classes.answers import note_of, sharing_the_highest
from limits import ENDPOINT_CALLS, ENDPOINT_SECONDS
from tabs.api import arguments
from tabs.api.endpoint import given, told_plainly
from tabs.api.texts import text_notes
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.inputs import Json, Textbox
from tabs.wiring.kept import digest, kept_trace, opened
from tabs.wiring.listening import patient
from tabs.wiring.photo import PhotoInput, PhotoOutput
from tabs.wiring.slowly import Step, silent

if TYPE_CHECKING:
    from PIL.Image import Image

    from explain import Method
    from models.trace import Trace

TOP = 5
# beside the overlay's colour bar
UNITS = {"share": "of all", "logit": "logits", "weight": "without a unit"}


def classify(image: str | None, models: list[str], labels: str = "") -> dict[str, list[dict]]:
    """The five likeliest labels of a photo: {model: [{label, probability} × 5]}; those that share the highest score,
    which is then no answer, have a note that says so.

    models: a list of names of bundled models, of the catalogue, or Hub ids. labels: CLIP's texts,
    verbatim, one per line; empty for "a photo of a {}" over the 51 categories.
    """
    with told_plainly():
        names, texts = arguments.model_names(models), arguments.label_lines(labels)
        return {name: classified(given(image), name, texts) for name in names}


def explain(
    image: str | None,
    model: str,
    method: str,
    target: str | int | None = None,
    layer: int | None = None,
    head: int | None = None,
    labels: str = "",
    patch: list[int] | None = None,
    versus: str | int | None = None,
) -> tuple[Image, dict[str, Any]]:
    """What a model looked at: the map over the photo as PNG, and its numbers.

    method: attention, rollout, gradcam, hirescam, relevance, decomposition, chefer, legrad, integrated_gradients, occlusion or
    kernel_shap. target: a label, its index, or null
    for the top answer. layer, head: counted from 0; null is the last layer (for rollout all; a
    number is up to and including it; for relevance their mean, for decomposition all) and the mean of heads. labels: as in /classify. patch: null,
    or [row, col] on the layer's grid, to ask what that patch attended to. versus: another class, a label or its
    index: why the target and not that one; for methods whose map depends on the target.
    The numbers: {map, rows, cols, target, score, top, signed, note, check}; score is the target's logit.
    The map is in shares of all attention (attention, rollout), in logits, or without a unit (chefer, legrad). check: where the map
    should add up, {sum, rest, score, error}: of the map, of all else, the target's logit (less that of versus), and what
    is missing; else null.
    """
    with told_plainly():
        return mapped(
            given(image),
            arguments.model_name(model),
            arguments.method_key(method),
            arguments.target(target),
            arguments.label_lines(labels),
            layer=arguments.index(layer, "layer"),
            head=arguments.index(head, "head"),
            patch=arguments.patch(patch),
            versus=arguments.versus(versus),
        )


@on_gpu
def classified(path: str, name: str, texts: Sequence[str] | None) -> list[dict[str, Any]]:
    """One model's five likeliest labels; texts are for models that read them."""
    model = loaded(name)
    labels = texts if texts and model.reads_texts else model.labels
    logits = model.classify([opened(path).image], labels=labels)[0]
    note = note_of(logits.numpy(), labels, model.scale)
    (shared,) = sharing_the_highest(logits.numpy()[None], model.scale)
    best = logits.softmax(-1).topk(min(TOP, len(labels)))
    return [
        {"label": labels[index], "probability": probability}
        | ({"note": note} if note and shared[index] else {})
        for index, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


@on_gpu
def mapped(
    path: str,
    name: str,
    method: str,
    target: str | int | None,
    texts: Sequence[str] | None,
    **asked: Any,
) -> tuple[Image, dict[str, Any]]:
    """The overlay and the numbers of /explain; asked: layer, head, patch and versus."""
    if method not in METHODS:
        raise ValueError(f"There is no method {method[:40]!r}; there are {', '.join(METHODS)}.")
    photo, model = opened(path), loaded(name)
    trace = kept_trace(
        (photo.key, model.fingerprint, digest(texts), target),
        lambda: model.trace(photo.image, target=target, labels=texts, gradients=False),
    )
    waiting = patient(silent, ENDPOINT_SECONDS)
    found = explained(
        trace,
        method,
        **asked,
        model=model,
        image=photo.image,
        progress=lambda done: waiting(Step(done, "looking again")),
    )
    rows, cols = found.map.shape
    numbers = {
        "map": found.map.tolist(),
        "rows": rows,
        "cols": cols,
        "target": trace.labels[trace.target],
        "score": trace.score,
        "top": [{"label": label, "probability": share} for label, share in trace.top(TOP)],
        "signed": found.signed,
        "check": found.check,
        "note": " ".join(
            filter(
                None,
                [
                    found.note,
                    note_of(trace.logits.numpy(), trace.labels, model.scale),
                    *text_notes(model, trace.labels),
                ],
            )
        ),
    }
    caption = f"{name}: {in_words(METHODS[method], trace, **asked)}"
    unit = UNITS[METHODS[method].unit]
    picture = overlay(photo.image, found.map, trace.view, found.signed, unit=unit, caption=caption)
    return picture, numbers


def in_words(
    method: Method,
    trace: Trace,
    layer: int | None,
    head: int | None,
    patch: tuple[int, int] | None,
    versus: str | int | None,
) -> str:
    """What a map shows, counted from 1 as people do: "Attention, layer 4 of 6, mean of heads"."""
    layers = len(trace.attention_blocks)
    last = layers if layer is None else layer + 1
    words = [method.title]
    if "layer" in method.takes and method.needs_model:
        words.append("all layers" if layer is None else f"layer {last} of {layers}")
        words += [] if head is None else [f"head {head + 1}"]
    elif "head" in method.takes:
        words += [
            f"layer {last} of {layers}",
            "mean of heads" if head is None else f"head {head + 1}",
        ]
    elif "layer" in method.takes:
        words.append(f"layers 1–{last} of {layers}")
    if patch is not None:
        words.append(f"from the patch in row {patch[0] + 1}, column {patch[1] + 1}")
    if method.follows_target:
        words.append(f"for {trace.labels[trace.target]}")
    if versus is not None:
        words.append(f"not {versus if isinstance(versus, str) else trace.labels[versus]}")
    return ", ".join(words)


def add() -> None:
    """Give the Blocks being built the two endpoints, out of sight."""
    with gr.Row(visible=False):
        image = PhotoInput(label="image", sources=["upload"])
        models, model = Json(label="models"), Textbox(label="model")
        method, target = Textbox(label="method"), Json(label="target")
        layer, head = Json(label="layer"), Json(label="head")
        labels, patch = Textbox(label="labels", value=""), Json(label="patch")
        versus = Json(label="versus")
        answers, numbers = gr.JSON(label="answers"), gr.JSON(label="numbers")
        picture = PhotoOutput(label="overlay", format="png")
        asking = [image, model, method, target, layer, head, labels, patch, versus]
        gr.Button().click(
            classify,
            [image, models, labels],
            answers,
            api_name="classify",
            concurrency_limit=ENDPOINT_CALLS,
        )
        gr.Button().click(
            explain,
            asking,
            [picture, numbers],
            api_name="explain",
            concurrency_limit=ENDPOINT_CALLS,
        )
