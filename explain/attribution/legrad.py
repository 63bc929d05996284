"""LeGrad (Bousselham et al., ICCV 2025, arXiv 2404.03214): where each layer's own score asks for more attention.

A layer's own score s is what the head answers from the mean of all its tokens. The map is the positive part of ∂s/∂A of that
layer, averaged over heads and over the tokens that ask, without [CLS]'s own column, and averaged over the layers. A trace with
backward="layers" has these gradients. The paper scales the result to between 0 and 1; here it is left as it is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explain.attribution.flow import slopes
from models.trace import Trace


def legrad(trace: Trace) -> Tensor:
    """(rows, cols), nothing below zero."""
    layers = [
        slopes(block).clamp_min(0).mean((0, 1, 2))[block.grid] for block in trace.attention_blocks
    ]
    return torch.stack(layers).mean(0)
