"""Integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365), by captum, pooled to the patch grid.

The path runs from the mean colour (zero after the checkpoint's normalisation) to the photo. Attributions of a patch's
pixels and channels are summed, so the map's total is the score minus the baseline's score, up to the convergence delta.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from captum.attr import IntegratedGradients
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from explain.attribution.check import check_of
from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model

CHUNK = 10  # path points per forward and backward pass


def integrated_gradients(
    trace: Trace,
    model: Model,
    image: Any,
    steps: int = 50,
    progress: Callable[[float], None] | None = None,
) -> tuple[Tensor, str, dict[str, float]]:
    """(rows, cols) signed logits on the first layer's grid, a note and the check, whose rest is the start's score.

    The note gives the convergence delta. steps: points on the path. progress is called with the fraction done and may
    raise to cancel. Raises ValueError for steps that are no whole number above zero.
    """
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ValueError("Integrated gradients take a whole number of steps, from 1.")
    pixels = model.pixels([image])
    chunks = 0

    def score(points: Tensor) -> Tensor:
        nonlocal chunks
        if progress:
            progress(min(1.0, chunks * CHUNK / steps))
        chunks += 1
        return _scores(model, trace, points)

    explainer = IntegratedGradients(score, multiply_by_inputs=True)
    with torch.enable_grad():
        attributions = explainer.attribute(pixels, n_steps=steps, internal_batch_size=CHUNK)
    with torch.no_grad():  # completeness: the map should sum to this
        ends = torch.cat([pixels, torch.zeros_like(pixels)])
        reached, started = _scores(model, trace, ends).tolist()
    gained = reached - started
    total = float(attributions.sum())
    rows, cols = trace.attention_blocks[0].grid.shape
    per_pixel = attributions.detach().sum(1, keepdim=True).float().cpu()  # (1, 1, height, width)
    area = per_pixel.shape[-2] * per_pixel.shape[-1] / (rows * cols)
    pooled = adaptive_avg_pool2d(per_pixel, (rows, cols))[0, 0] * area
    note = (
        f"{steps} steps from the mean colour; the map sums to {total:+.3f} logits, "
        f"the score rose by {gained:+.3f} (convergence delta {total - gained:+.3f})."
    )
    return pooled, note, check_of(attributions.detach(), started, reached)


def _scores(model: Model, trace: Trace, pixels: Tensor) -> Tensor:
    """(batch,) the target's logit, less that of the class it is explained against."""
    logits = model.logits(pixels, trace.labels)
    scores = logits[:, trace.target]
    return scores if trace.versus is None else scores - logits[:, trace.versus]
