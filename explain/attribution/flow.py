"""How a distribution over a block's outputs spreads to its inputs, window by window.

Attention says from which tokens each token was made. Given how much of an answer sits on each token after a block,
`pull` gives how much sits on each token before it; walking blocks backwards this way is rollout, and no
tokens × tokens product is ever formed. Padding is masked, never indexed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.trace import Block, Merge, Trace


def head_weights(block: Block, head: int | None) -> Tensor:
    """(windows, queries, keys) attention of one head, or the mean of heads, with padding dropped; rows sum to 1.

    Raises ValueError for a head the block does not have.
    """
    if head is None:
        weights = block.mean_of_heads
    else:
        check_head(block, head)
        weights = block.weights[:, head]
    real = (block.keys >= 0)[:, None]
    if real.all():
        return weights
    return normalised(weights * real)


def check_head(block: Block, head: int) -> None:
    """ValueError for a head the block does not have."""
    if not _is_index(head, block.heads):
        raise ValueError(
            f"This layer has heads 0 to {block.heads - 1}; {head!r} is not one of them."
        )


def normalised(weights: Tensor) -> Tensor:
    """Rows that sum to 1; a row with nothing in it, such as padding's own, stays zero."""
    return weights / weights.sum(-1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)


def pull(block: Block, weights: Tensor, share: Tensor) -> Tensor:
    """(tokens after,) shares → (tokens before,): each token's share goes where its (windows, queries, keys) row says.

    The total stays the same, for every token that is a query of the block. Dimensions before the windows (heads, say)
    stand before the tokens of the answer.
    """
    real = block.queries >= 0
    held = torch.where(real, share[block.queries.clamp_min(0)], 0)  # (windows, queries)
    sent = torch.einsum("wq,...wqk->...wk", held, weights)
    keys = block.keys >= 0
    before = sent.new_zeros(*sent.shape[:-2], block.tokens)
    return before.index_add(-1, block.keys[keys], sent[..., keys])


def split(merge: Merge, share: Tensor) -> Tensor:
    """(parents,) shares → (children,): a parent's share, evenly over its real children.

    A convention: merging is a linear map of all four together and says nothing of their parts.
    """
    real = merge.children >= 0
    each = (share / real.sum(-1))[:, None].expand_as(merge.children)
    return share.new_zeros(merge.tokens).index_add(0, merge.children[real], each[real])


def slopes(block: Block) -> Tensor:
    """(windows, heads, queries, keys) ∂score/∂weights; ValueError for a trace that was taken without."""
    if block.gradients is None:
        raise ValueError(
            "This trace has no gradients of its attention; take it with gradients=True."
        )
    return block.gradients


def merge_after(trace: Trace, layer: int) -> Merge | None:
    """The merge that follows block `layer`, or None."""
    follows = trace.blocks[trace.blocks.index(trace.attention_blocks[layer]) + 1 :][:1]
    return follows[0] if follows and isinstance(follows[0], Merge) else None


def spread(trace: Trace, layer: int, first: int, share: Tensor) -> Tensor:
    """(tokens of block `layer`,) → (tokens of the earlier block `first`,), evenly over what was merged."""
    for index in reversed(range(first, layer)):
        if merge := merge_after(trace, index):
            share = split(merge, share)
    return share


def on_tokens(block: Block, amounts: Tensor) -> Tensor:
    """(tokens,) of (windows, places) amounts, places as of the block's keys or queries, or of (1, tokens).

    What lies on padding, or on no token at all, is left out.
    """
    found = amounts.new_zeros(block.tokens)
    for places in (block.keys, block.queries):
        if amounts.shape == places.shape:
            real = places >= 0
            return found.index_add(0, places[real], amounts[real])
    return amounts[0] if amounts.shape == (1, block.tokens) else found


def readout_at(trace: Trace, layer: int) -> Tensor:
    """(tokens,) where the answer is read from, seen on the tokens of block `layer`.

    [CLS] stays [CLS]. On a grid that is merged later no token is the readout: each counts alike.
    """
    block = trace.attention_blocks[layer]
    later = trace.blocks[trace.blocks.index(block) + 1 :]
    if any(isinstance(each, Merge) for each in later):
        return torch.full((block.tokens,), 1 / block.tokens)
    return trace.readout


def layer_index(trace: Trace, layer: int | None) -> int:
    """`layer` checked, the last one for None; ValueError names the layers there are."""
    count = len(trace.attention_blocks)
    if layer is None:
        return count - 1
    if not _is_index(layer, count):
        raise ValueError(f"This model has layers 0 to {count - 1}; {layer!r} is not one of them.")
    return layer


def _is_index(value: object, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count
