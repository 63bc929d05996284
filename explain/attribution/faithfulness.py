"""Is a map right about the model? SRG: least-important-first less most-important-first (Blücher et al., TMLR 2024, arXiv 2401.06654).

Patches are removed in the map's order, and in the reverse order, and the score is read at every step. Where the map is right the
score falls at once when the most important go first, and holds long when they go last; the area between the two curves, in
logits, is the SRG. A random order has none on average; how far single random orders stray is the band to beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.stats import t as student
from torch import Tensor

from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model

STEPS = 28
ORDERS = 5  # random ones
CHUNK = 32  # pictures per forward pass


@dataclass(frozen=True)
class Faithfulness:
    """srg: in logits. most_first, least_first: the score before the first step and after each. fill: how patches were removed.

    random: {mean, low, high}: of random orders' SRG, and the band that holds 95 % of them. verdict: a sentence.
    """

    srg: float
    random: dict[str, float]
    most_first: list[float]
    least_first: list[float]
    fill: str
    verdict: str


def faithfulness(
    trace: Trace,
    found: np.ndarray,
    model: Model,
    image: Any,
    steps: int = STEPS,
    fill: str | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Faithfulness:
    """How right the map `found`, (rows, cols) on any grid, is about the trace's score.

    steps: in how many patches are removed, at most one at a time. fill: "drop" leaves their tokens out, "mean" paints them in
    the mean colour; None = drop where the model can. seed: of ties and random orders. progress hears the fraction done, and may
    raise to stop. Raises ValueError for steps, a fill or a seed that do not fit.
    """
    check_side(trace)
    if not _whole(steps) or not 1 <= steps <= STEPS:
        raise ValueError(f"Steps are a whole number from 1 to {STEPS}.")
    if not _whole(seed) or seed < 0:
        raise ValueError("The seed is a whole number from 0.")
    fill = fill or ("mean" if model.drop_refused else "drop")
    random = np.random.default_rng(seed)
    values = on_grid(found, first_shape(trace)).ravel()
    orders = [_falling(values, random)]
    orders += [random.permutation(len(values)) for _ in range(ORDERS)]
    curves = _curves(trace, model, image, orders, steps, fill, progress)
    areas = np.trapezoid(curves, axis=-1) / (curves.shape[-1] - 1)  # (orders, 2)
    srgs = areas[:, 1] - areas[:, 0]
    band = float(student.ppf(0.975, ORDERS) * np.sqrt((srgs[1:] ** 2).mean()))
    srg = float(srgs[0])
    return Faithfulness(
        srg=srg,
        random={"mean": float(srgs[1:].mean()), "low": -band, "high": band},
        most_first=curves[0, 0].tolist(),
        least_first=curves[0, 1].tolist(),
        fill=fill,
        verdict=_verdict(srg, band, trace),
    )


def first_shape(trace: Trace) -> tuple[int, int]:
    """(rows, cols) of the first layer's grid."""
    rows, cols = trace.attention_blocks[0].grid.shape
    return rows, cols


def on_grid(found: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A map on another grid: each patch has the value of the patch that it lies in."""
    rows, cols = (
        np.arange(count) * have // count for count, have in zip(shape, found.shape, strict=True)
    )
    return found[np.ix_(rows, cols)]


def _falling(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Places from the largest value to the smallest, ties in random order."""
    return np.lexsort((random.random(len(values)), -values))


def _curves(
    trace: Trace,
    model: Model,
    image: Any,
    orders: list[np.ndarray],
    steps: int,
    fill: str,
    progress: Callable[[float], None] | None,
) -> np.ndarray:
    """(orders, 2, steps + 1) scores: each order's first removed first, and its last removed first."""
    both = [way for order in orders for way in (order, order[::-1])]
    count = len(orders[0])
    steps = min(steps, count)
    rows = []
    for step in range(steps + 1):
        if progress:
            progress(step / (steps + 1))
        gone = round(step * count / steps)
        removed = torch.zeros(len(both), count, dtype=torch.bool)
        for row, order in zip(removed, both, strict=True):
            row[torch.from_numpy(order[:gone].copy())] = True
        rows.append(scores_without(trace, model, image, removed, fill))
    return torch.stack(rows, -1).view(len(orders), 2, -1).numpy()


def scores_without(trace: Trace, model: Model, image: Any, removed: Tensor, fill: str) -> Tensor:
    """(batch,) float64 scores without the (batch, patches) removed ones, as many in each row."""
    pixels = model.pixels([image])
    grid = trace.attention_blocks[0].grid.shape
    parts = [
        model.changed(pixels, trace.labels, removed=part.view(-1, *grid), fill=fill)
        for part in removed.split(CHUNK)
    ]
    return score_of(torch.cat(parts), trace)


def check_side(trace: Trace) -> None:
    """ValueError for the trace of a text, from which no patches can be removed."""
    if trace.side != "image":
        raise ValueError("Patches are removed from a photo: give a trace of the image's side.")


def score_of(logits: Tensor, trace: Trace) -> Tensor:
    """(batch,) what the trace explains, of (batch, classes) logits."""
    scores = logits.double()[:, trace.target]
    return scores if trace.versus is None else scores - logits.double()[:, trace.versus]


def _verdict(srg: float, band: float, trace: Trace) -> str:
    name = f"“{trace.labels[trace.target]}”"
    if trace.versus is not None:
        name += f" over “{trace.labels[trace.versus]}”"
    random = f"(random ± {band:.1f})"
    if srg > band:
        return f"Removing what this map calls important lowers {name} by {srg:.1f} logits more than chance {random}."
    if srg < -band:
        return f"Removing what this map calls important lowers {name} by {-srg:.1f} logits less than chance {random}."
    return f"What this map calls important matters no more to {name} than chance: {srg:+.1f} logits {random}."


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
