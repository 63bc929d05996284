"""The score split over layers, heads and patches (Gandelsman, Efros and Steinhardt, ICLR 2024, arXiv 2310.05916), exactly.

What a head writes into the residual stream is a sum over the tokens it attends to, and what the answer is read from is a
sum of all that was written. With the final norm's deviation held, the score is a linear map of that, so

    score = Σ layers Σ heads Σ tokens (what the head brought from the token)  +  MLPs  +  what the tokens were at first  +  biases

Only what goes straight to the answer counts: that a later layer reads it is the later layer's part. In Swin the merges between
stages are linear too, once their norms' deviations are held, so it is exact there as well.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explain.attribution.check import check_of, in_words
from explain.attribution.flow import check_head, layer_index, on_tokens, spread
from models.trace import Parts, Trace


def decomposition(
    trace: Trace, layer: int | None = None, head: int | None = None
) -> tuple[Tensor, str, dict[str, float]]:
    """(rows, cols) signed logits, a note and the check, of a trace with backward="direct".

    layer: this one alone, on its own grid; None = all, on the first grid, coarser grids spread evenly over it. head: one of
    the layer's; None = all. Raises ValueError for a layer or head that is not there, or a head without its layer.
    """
    parts = _parts(trace)
    if layer is None:
        if head is not None:
            raise ValueError("A head belongs to a layer: choose the layer as well.")
        first, layers = 0, range(len(trace.attention_blocks))
    else:
        first = layer_index(trace, layer)
        layers = range(first, first + 1)
    tokens = torch.stack(
        [spread(trace, each, first, _brought(trace, each, head)) for each in layers]
    ).sum(0)
    heat = tokens[trace.attention_blocks[first].grid]
    heads = float(torch.cat(by_head(trace)).sum())
    mlps, at_first = sum(parts.mlps), float(parts.tokens[0].sum())
    biases = float(sum(bias.amounts.sum() for bias in parts.biases))
    rest = heads + mlps + at_first + biases - float(heat.sum())
    check = check_of(heat, rest, parts.score)
    all_else = (
        f"all else (MLPs {mlps:+.2f}, tokens as they entered {at_first:+.2f}, biases {biases:+.2f}, "
        f"other heads and tokens {heads - check['sum']:+.2f})"
    )
    return heat, in_words(check, all_else), check


def by_head(trace: Trace) -> list[Tensor]:
    """Per layer (heads,) float64: what each head brought to the score, from all tokens."""
    return [amounts.sum((0, 2)) for amounts in _parts(trace).heads]


def _brought(trace: Trace, layer: int, head: int | None) -> Tensor:
    """(tokens,) what a layer's head, or all of its heads, brought from each token."""
    block, amounts = trace.attention_blocks[layer], _parts(trace).heads[layer]
    if head is not None:
        check_head(block, head)
    return on_tokens(block, amounts.sum(1) if head is None else amounts[:, head])


def _parts(trace: Trace) -> Parts:
    if trace.parts is None or trace.backward != "direct":
        raise ValueError('The decomposition needs a trace with backward="direct".')
    return trace.parts
