"""Relevance that adds up: Libra FullGrad+ (Mehri et al., CVPR 2025), through Swin's windows and merges as well.

With the bent operators held (models/frozen.py) the score is, at every layer l, exactly

    score = Σ over the tokens that enter block l of Σ over channels x_l · ∂score/∂x_l  +  what biases used from l on brought

The paper's map is the sum of this over all layers; here it is their mean, which still adds up to the score. A bias counts
at the token it was added to; where that is no patch ([CLS], padding, the pooled embedding) it counts to the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from explain.attribution.check import check_of, in_words
from explain.attribution.flow import layer_index, merge_after, on_tokens, split, spread
from models.trace import Parts, Trace

REST = "all else (tokens that are no patch, and biases added to none)"


def relevance(
    trace: Trace, layer: int | None = None, biases: bool = True
) -> tuple[Tensor, str, dict[str, float]]:
    """(rows, cols) signed logits, a note and the check, of a trace with backward="frozen".

    layer: at what enters this block, on its own grid; None = the mean of all layers on the first grid, coarser grids spread
    evenly over it. biases=False leaves what biases brought to the rest. Raises ValueError for a layer that is not there.
    """
    if not isinstance(biases, bool):
        raise ValueError("Biases are counted at patches or not: give True or False.")
    parts = trace.parts
    if parts is None or trace.backward != "frozen":
        raise ValueError('Relevance needs a trace with backward="frozen".')
    first = 0 if layer is None else layer_index(trace, layer)
    found = [
        (index, parts.tokens[index] + counted * biases, apart + float(counted.sum()) * (not biases))
        for index, counted, apart in _later_biases(trace, parts)
        if layer in (None, index)
    ]
    tokens = torch.stack([spread(trace, index, first, share) for index, share, _ in found]).mean(0)
    apart = sum(each for *_, each in found) / len(found)
    heat = tokens[trace.attention_blocks[first].grid]
    check = check_of(heat, tokens.sum() - heat.sum() + apart, parts.score)
    return heat, in_words(check, REST), check


def _later_biases(trace: Trace, parts: Parts) -> Iterator[tuple[int, Tensor, float]]:
    """For every layer, last first: what the biases used from it on brought at its (tokens,), and at none of them."""
    blocks = trace.attention_blocks
    share, apart = torch.zeros(blocks[-1].tokens, dtype=torch.float64), 0.0
    for index in reversed(range(len(blocks))):
        merge = merge_after(trace, index)
        here = torch.zeros(blocks[index].tokens, dtype=torch.float64)
        for bias in parts.biases:
            if bias.block != index:
                continue
            if merge and bias.amounts.shape == (1, len(merge.children)):
                share = share + bias.amounts[0]  # of the merge, at the next layer's tokens
                continue
            at_tokens = on_tokens(blocks[index], bias.amounts)
            here += at_tokens
            apart += float(bias.amounts.sum() - at_tokens.sum())
        share = here + (split(merge, share) if merge else share)
        yield index, share, apart
