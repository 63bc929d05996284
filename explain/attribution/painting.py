"""What methods share that paint patches over: which pixel lies in which, the score of painted photos, and the way back to a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model

CHUNK = 32  # painted photos per forward pass


def regions(trace: Trace, pixels: Tensor, most: int) -> Tensor:
    """(1, 1, height, width) which patch each pixel lies in, counted row by row.

    The patches are the first layer's, or, where these are more than `most` a side, that many of equal size to the pixel.
    """
    rows, cols = (min(side, most) for side in trace.attention_blocks[0].grid.shape)
    height, width = pixels.shape[-2:]
    row = torch.arange(height) * rows // height
    col = torch.arange(width) * cols // width
    return (row[:, None] * cols + col)[None, None].to(pixels.device)


def painted_score(
    trace: Trace, model: Model, progress: Callable[[float], None] | None, calls: int
) -> Callable[[Tensor], Tensor]:
    """A function: (batch, 3, height, width) → (batch,) scores; it tells progress how many of about `calls` were made."""
    made = 0

    def score(pixels: Tensor) -> Tensor:
        nonlocal made
        if progress:
            progress(min(1.0, made / calls))
        made += 1
        logits = model.logits(pixels, trace.labels)
        scores = logits[:, trace.target]
        return scores if trace.versus is None else scores - logits[:, trace.versus]

    return score


def per_patch(found: Tensor, mask: Tensor) -> Tensor:
    """(rows, cols) of (1, 3, height, width) attributions, the same at every pixel and channel of a patch."""
    cols = len(mask[0, 0, 0].unique())
    count = int(mask.max()) + 1
    values = torch.zeros(count, dtype=found.dtype, device=found.device)
    values[mask[0, 0].flatten()] = found[0, 0].flatten()
    return values.view(-1, cols).cpu()
