"""KernelSHAP (Lundberg and Lee 2017, arXiv 1705.07874), by captum: Shapley values of regions of patches, from random coalitions.

Slow, and an estimate: every region is shown with many different random others, the rest painted in the mean colour. The values add up
to the score less that of the mean colour alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explain.attribution.check import check_of
from explain.attribution.painting import CHUNK, painted_score, per_patch, regions
from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model

MOST = 7  # rows and columns of regions: 49 values from 512 coalitions


def kernel_shap(
    trace: Trace,
    model: Model,
    image: Any,
    samples: int = 512,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> tuple[Tensor, str, dict[str, float]]:
    """(rows, cols) signed logits on a grid of at most MOST × MOST, a note and the check, whose rest is the mean colour's score.

    samples: coalitions; seed: which. progress is called with the fraction done and may raise to cancel. Raises ValueError for
    samples or a seed that are no whole numbers above zero.
    """
    for name, value, least in (("samples", samples, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"KernelSHAP takes a whole number of {name}, from {least}.")
    from captum.attr import KernelShap

    pixels = model.pixels([image])
    mask = regions(trace, pixels, MOST)
    score = painted_score(trace, model, progress, -(-samples // CHUNK) + 3)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(seed)
        found = KernelShap(score).attribute(
            pixels,
            baselines=0,
            feature_mask=mask,
            n_samples=samples,
            perturbations_per_eval=CHUNK,
        )
        reached, started = score(torch.cat([pixels, torch.zeros_like(pixels)])).tolist()
    heat = per_patch(found, mask)
    return heat, f"An estimate from {samples} random coalitions.", check_of(heat, started, reached)
