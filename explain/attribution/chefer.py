"""Generic attention explainability (Chefer, Gur and Wolf, ICCV 2021, arXiv 2103.15679): attention where it raised the score.

For every layer, in order:  R ← R + Ā R,  Ā = mean over heads of (A ⊙ ∂score/∂A)⁺,  from R = I; the map is the readout's row. As for
rollout, that row alone is walked backwards, so Swin's windows stay windows, and at a merge a parent's share splits evenly over its
children, which is a convention. Where the answer is read from the mean of the patches, the row starts with an even share
on each; what stays there without any attention is the same for every class, and is taken off.
"""

from __future__ import annotations

from torch import Tensor

from explain.attribution.flow import layer_index, pull, readout_at, slopes, split
from models.trace import Merge, Trace


def chefer(trace: Trace, start: int = 0) -> Tensor:
    """(rows, cols), nothing below zero, on the grid of the layer `start`, the first that counts; by default all count.

    CLIP's well-known notebook begins at its last layer. Rows are not normalised, as in the paper. Raises ValueError for a layer
    that is not there.
    """
    first = trace.attention_blocks[layer_index(trace, start)]
    share = still = readout_at(trace, len(trace.attention_blocks) - 1)
    for block in reversed(trace.blocks[trace.blocks.index(first) :]):
        if isinstance(block, Merge):
            share, still = split(block, share), split(block, still)
        else:
            raised = (block.weights * slopes(block)).clamp_min(0).mean(1)
            share = share + pull(block, raised, share)
    return (share - still)[first.grid]
