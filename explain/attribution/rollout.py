"""Attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928), exactly through Swin's shifted windows and merging.

In every layer half of a token stays where it is (the residual connection) and half moves along the mean of the heads:
½ A + ½ I, whose rows sum to one. The readout's row of the product of all layers is found by walking it backwards, so
windows stay windows; at a merge a parent's share splits evenly over its children, which is a convention.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explain.attribution.flow import head_weights, layer_index, normalised, pull, readout_at, split
from models.trace import Block, Merge, Trace


def rollout(trace: Trace, layer: int | None = None, discard: float = 0.0) -> Tensor:
    """(rows, cols) shares of the answer on the first layer's grid; with [CLS]'s own share they sum to 1.

    layer: up to and including this one, None = all. discard: how large a part of the patches, those a row attends to
    least, is left out before the row is normalised again, a heuristic (0 = as in the paper; [CLS] is always kept).
    Raises ValueError for a layer that is not there, a fraction outside [0, 1), or a model without layers of attention.
    """
    if trace.rollout_refused:
        raise ValueError(trace.rollout_refused)
    if not isinstance(discard, int | float) or not 0 <= discard < 1:
        raise ValueError("The discard ratio is a fraction from 0 up to, but not including, 1.")
    index = layer_index(trace, layer)
    share = readout_at(trace, index)
    last = trace.blocks.index(trace.attention_blocks[index])
    for block in reversed(trace.blocks[: last + 1]):
        if isinstance(block, Merge):
            share = split(block, share)
        else:
            share = (share + pull(block, _kept(block, discard), share)) / 2
    return share[trace.attention_blocks[0].grid]


def _kept(block: Block, discard: float) -> Tensor:
    """The mean of heads without the smallest `discard` of each row's patches; rows sum to 1."""
    weights = head_weights(block, None)
    if not discard:
        return weights
    # What a shifted window's mask closes off (-100 before the softmax) was never there to be discarded.
    open_keys = weights > torch.finfo(weights.dtype).tiny
    is_patch = torch.isin(block.keys, block.grid)[:, None] & open_keys
    ranked = torch.where(is_patch, weights, torch.inf).sort(-1)
    count = (is_patch.sum(-1, keepdim=True) * discard).long()
    position = torch.arange(weights.shape[-1]).expand_as(weights)
    drop = torch.zeros_like(is_patch).scatter(-1, ranked.indices, position < count)
    return normalised(weights.masked_fill(drop, 0))
