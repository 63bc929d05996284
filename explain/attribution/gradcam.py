"""Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391), signed by default.

On tokens: a channel's weight is the mean of its gradient over the patches, and the map is the weighted sum of the
channels. Swin averages its patches after the final norm, so there the map plus the class's bias is the logit itself
(the original CAM of Zhou et al. 2016, arXiv 1512.04150).
"""

from __future__ import annotations

from torch import Tensor

from models.trace import Trace


def gradcam(trace: Trace, relu: bool = False) -> Tensor:
    """(rows, cols) on the features' grid; relu=True keeps the positive part.

    In logits, exactly, where the patches are averaged (Swin); elsewhere a patch's features are weighed by the mean
    effect of each channel, which need not be its effect there.
    """
    weights = trace.features_gradient.mean(0)  # (channels,)
    heat = (trace.features @ weights).view(trace.features_grid)
    return heat.clamp_min(0) if relu else heat
