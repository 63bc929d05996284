"""HiResCAM (Draelos and Carin 2020, arXiv 2011.08891): Grad-CAM without averaging the gradient over the patches.

Each patch's features are weighed by their gradient at that patch, so what the map says of a patch holds of that patch. In Swin,
where the gradient is the same at every patch, it is Grad-CAM itself.
"""

from __future__ import annotations

from torch import Tensor

from explain.attribution.gradcam import in_words
from models.trace import Trace


def hirescam(trace: Trace) -> tuple[Tensor, str]:
    """(rows, cols) signed logits on the features' grid, and a note: what they sum to."""
    heat = (trace.features * trace.features_gradient).sum(-1).view(trace.features_grid)
    return heat, in_words(trace, heat)
