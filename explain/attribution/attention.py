"""Attention head by head: what the readout, or any one patch, attended to in one layer.

Weights as in Vaswani et al. 2017 (arXiv 1706.03762); as a picture of what a ViT looks at: Caron et al. 2021, DINO
(arXiv 2104.14294). Where no token is the readout (Swin's mean over patches), the map is the attention each patch
received, the mean over queries.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explain.attribution.flow import head_weights, layer_index, pull, readout_at
from models.trace import Block, Trace


def attention(
    trace: Trace,
    layer: int | None = None,
    head: int | None = None,
    patch: tuple[int, int] | None = None,
) -> Tensor:
    """(rows, cols) shares of attention on the layer's own grid; with what falls on [CLS] and
    DeiT's distillation token they sum to 1.

    layer: None = the last; head: None = the mean of heads; patch: (row, col) on that grid asks from there instead of
    from the readout. Raises ValueError for a layer, head or patch that is not there.
    """
    block, asking = _asked(trace, layer, patch)
    return pull(block, head_weights(block, head), asking)[block.grid]


def every_head(
    trace: Trace, layer: int | None = None, patch: tuple[int, int] | None = None
) -> Tensor:
    """(1 + heads, rows, cols): the mean of heads, then each, as `attention` gives them, at the cost of about one."""
    block, asking = _asked(trace, layer, patch)
    weights = torch.stack([head_weights(block, head) for head in (None, *range(block.heads))])
    return pull(block, weights, asking)[:, block.grid]


def _asked(trace: Trace, layer: int | None, patch: tuple[int, int] | None) -> tuple[Block, Tensor]:
    """The block, and the (tokens,) share of the question on each of its tokens."""
    index = layer_index(trace, layer)
    block = trace.attention_blocks[index]
    return block, readout_at(trace, index) if patch is None else _one_patch(block, patch)


def _one_patch(block: Block, patch: tuple[int, int]) -> Tensor:
    """(tokens,) all of the share on one patch."""
    if block.queries.max() < block.grid.max():
        raise ValueError("In this layer only the pooled token attends; a patch asks nothing.")
    rows, cols = block.grid.shape
    whole = isinstance(patch, tuple | list) and len(patch) == 2
    whole = whole and all(isinstance(side, int) and not isinstance(side, bool) for side in patch)
    if not whole or not (0 <= patch[0] < rows and 0 <= patch[1] < cols):
        raise ValueError(
            f"A patch is [row, col] on this layer's grid of {rows} × {cols}, counted from 0."
        )
    share = torch.zeros(block.tokens)
    share[block.grid[patch[0], patch[1]]] = 1
    return share
