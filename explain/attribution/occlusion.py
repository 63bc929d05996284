"""Occlusion (Zeiler and Fergus 2014, arXiv 1311.2901), by captum: how far the score falls when one patch is painted over.

A measurement, and slow: one forward pass for each patch. It checks the fast maps, one patch at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explain.attribution.painting import CHUNK, painted_score, per_patch, regions
from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model

MOST = 14  # rows and columns of patches; on a finer grid, neighbours go together


def occlusion(
    trace: Trace,
    model: Model,
    image: Any,
    progress: Callable[[float], None] | None = None,
) -> Tensor:
    """(rows, cols) signed logits: the score less the score without the patch, which is painted in the mean colour.

    On the first layer's grid, or on one of at most MOST × MOST. progress is called with the fraction done and may raise to cancel.
    """
    from captum.attr import FeatureAblation

    pixels = model.pixels([image])
    mask = regions(trace, pixels, MOST)
    count = int(mask.max()) + 1
    score = painted_score(trace, model, progress, -(-count // CHUNK) + 1)
    with torch.no_grad():
        found = FeatureAblation(score).attribute(
            pixels, baselines=0, feature_mask=mask, perturbations_per_eval=CHUNK
        )
    return per_patch(found, mask)
