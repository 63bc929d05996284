"""Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391), signed by default.

On tokens: a channel's weight is the mean of its gradient over the patches, and the map is the weighted sum of the
channels. Swin averages its patches after the final norm, so there the map plus the class's bias is the logit itself
(the original CAM of Zhou et al. 2016, arXiv 1512.04150). The gradient is the paper's, or, from a trace with
backward="frozen", LibraGrad's (Mehri et al., CVPR 2025), under which the layers after the features are a linear map.
"""

from __future__ import annotations

from torch import Tensor

from models.trace import Trace


def gradcam(trace: Trace, relu: bool = False) -> tuple[Tensor, str]:
    """(rows, cols) on the features' grid, and a note: what the patches sum to; relu=True keeps the positive part.

    In logits, exactly, where the patches are averaged (Swin); elsewhere a patch's features are weighed by the mean
    effect of each channel, which need not be its effect there.
    """
    weights = trace.features_gradient.mean(0)  # (channels,)
    heat = (trace.features @ weights).view(trace.features_grid)
    return (heat.clamp_min(0) if relu else heat), in_words(trace, heat)


def in_words(trace: Trace, heat: Tensor) -> str:
    """What a map's patches sum to, beside the score; a sum of the other sign contradicts it."""
    total = float(heat.sum())
    words = f"The patches sum to {total:+.2f} of a score of {trace.score:+.2f}"
    if total * trace.score < 0:
        words += ": the map contradicts the score"
    return f"{words}{'' if trace.backward == 'plain' else ' (LibraGrad’s gradient)'}."
