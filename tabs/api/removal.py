"""The endpoints /faithfulness and /ablate: what a photo's score becomes when patches, heads or blocks are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

import explain
from limits import ENDPOINT_CALLS, ENDPOINT_SECONDS
from tabs.api import arguments
from tabs.api.endpoint import given, told_plainly
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.inputs import Json, Textbox
from tabs.wiring.kept import digest, kept_trace, opened
from tabs.wiring.listening import patient
from tabs.wiring.photo import PhotoInput
from tabs.wiring.slowly import Step, silent

FILLS = ("drop", "mean")


def faithfulness(
    image: str | None,
    model: str,
    method: str,
    target: str | int | None = None,
    labels: str = "",
    layer: int | None = None,
    steps: int = 28,
    fill: str | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Whether a method's map is right about the model: patches are removed in its order and in the reverse order (SRG).

    image, model, method, target, labels, layer: as in /explain. steps: in how many, 1 to 28. fill: drop leaves the patches'
    tokens out, mean paints them in the mean colour; null is drop where the model can. seed: of ties and random orders.
    Answers {srg, random: {mean, low, high}, most_first, least_first, fill, verdict}: srg in logits, random that of random orders
    with the band that holds 95 % of them, most_first and least_first the score before the first step and after each.
    """
    with told_plainly():
        return _faithfulness(
            given(image),
            arguments.model_name(model),
            arguments.method_key(method),
            arguments.target(target),
            arguments.label_lines(labels),
            layer=arguments.index(layer, "layer"),
            steps=arguments.index(steps, "number of steps"),
            fill=_fill(fill),
            seed=arguments.index(seed, "seed"),
        )


def ablate(
    image: str | None,
    model: str,
    heads: list[list[int]] | None = None,
    blocks: list[int] | None = None,
    patches: list[list[int]] | None = None,
    target: str | int | None = None,
    labels: str = "",
    fill: str | None = None,
) -> dict[str, Any]:
    """What a model answers without some of its heads and blocks, and without some of the photo's patches.

    heads: [[layer, head], …], blocks: [layer, …], patches: [[row, col], …] of the first layer's grid, all counted from 0.
    target, labels: as in /explain. fill: as in /faithfulness. Answers {before, after, score_before, score_after, fill}: before and after
    the five likeliest [{label, probability}], the scores the target's logit.
    """
    with told_plainly():
        return _ablate(
            given(image),
            arguments.model_name(model),
            arguments.target(target),
            arguments.label_lines(labels),
            heads=arguments.pairs(heads, "Heads", "[layer, head]"),
            blocks=arguments.wholes(blocks, "Blocks"),
            patches=arguments.pairs(patches, "Patches", "[row, col]"),
            fill=_fill(fill),
        )


@on_gpu
def _faithfulness(
    path: str,
    name: str,
    method: str,
    target: str | int | None,
    texts: Sequence[str] | None,
    **asked: Any,
) -> dict[str, Any]:
    photo, model, trace = _looked(path, name, target, texts)
    waiting = patient(silent, ENDPOINT_SECONDS)
    found = explain.faithfulness(
        trace,
        method,
        model,
        photo.image,
        progress=lambda done: waiting(Step(done, "removing patches")),
        **{key: value for key, value in asked.items() if value is not None},
    )
    return asdict(found)


@on_gpu
def _ablate(
    path: str, name: str, target: str | int | None, texts: Sequence[str] | None, **asked: Any
) -> dict[str, Any]:
    photo, model, trace = _looked(path, name, target, texts)
    found = asdict(explain.ablate(trace, model, photo.image, **asked))
    for when in ("before", "after"):
        found[when] = [{"label": label, "probability": share} for label, share in found[when]]
    return found


def _looked(path: str, name: str, target: str | int | None, texts: Sequence[str] | None) -> tuple:
    photo, model = opened(path), loaded(name)
    trace = kept_trace(
        (photo.key, model.fingerprint, digest(texts), target),
        lambda: model.trace(photo.image, target=target, labels=texts, gradients=False),
    )
    return photo, model, trace


def _fill(value: Any) -> str | None:
    return None if value is None else arguments.one_of(value, FILLS, "fill")


def add() -> None:
    """Give the Blocks being built the two endpoints, out of sight."""
    with gr.Row(visible=False):
        image = PhotoInput(label="image", sources=["upload"])
        model, method, target = (
            Textbox(label="model"),
            Textbox(label="method"),
            Json(label="target"),
        )
        labels, layer = Textbox(label="labels", value=""), Json(label="layer")
        steps, fill, seed = (
            Json(label="steps", value="28"),
            Json(label="fill"),
            Json(label="seed", value="0"),
        )
        heads, blocks, patches = Json(label="heads"), Json(label="blocks"), Json(label="patches")
        answer = gr.JSON(label="answer")
        gr.Button().click(
            faithfulness,
            [image, model, method, target, labels, layer, steps, fill, seed],
            answer,
            api_name="faithfulness",
            concurrency_limit=ENDPOINT_CALLS,
        )
        gr.Button().click(
            ablate,
            [image, model, heads, blocks, patches, target, labels, fill],
            answer,
            api_name="ablate",
            concurrency_limit=ENDPOINT_CALLS,
        )
