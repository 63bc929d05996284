"""What one forward pass, and one backward pass for one target, showed about one image.

A `Trace` has the same shape for every family: attention is windows over tokens. ViT and CLIP are the case of
one window; Swin has many, shifted every second block, on several grids with patch merging between them
(Liu et al. 2021, arXiv 2103.14030). Everything here is frozen, detached, float32, on the CPU, without a batch axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Block:
    """One attention block.

    weights, gradients: (windows, heads, queries, keys), softmax probabilities and d score / d weights; gradients
        is None when traced without them.
    queries (windows, queries), keys (windows, keys): which token each window position is; -1 = padding.
    grid: (rows, cols), which token each patch is at this depth.
    """

    weights: Tensor
    gradients: Tensor | None
    queries: Tensor
    keys: Tensor
    grid: Tensor

    @property
    def heads(self) -> int:
        return self.weights.shape[1]

    @cached_property
    def mean_of_heads(self) -> Tensor:
        """(windows, queries, keys), kept: rollout up to each layer asks for it again and again."""
        return self.weights.mean(1)

    @property
    def tokens(self) -> int:
        return int(self.keys.max()) + 1


@dataclass(frozen=True, eq=False)
class Merge:
    """Patch merging between stages. children: (parents, k), the tokens each parent is made of; -1 = no child."""

    children: Tensor

    @property
    def tokens(self) -> int:
        """How many tokens there were before merging."""
        return int(self.children.max()) + 1


@dataclass(frozen=True, eq=False)
class Bias:
    """What biases that lie alike brought to the score together. block: the block it was used in, or after which, before the next.

    amounts: (windows, places), as `Block.keys` lies; (1, tokens) of that block or, of a Merge, of the next; (1,) where
    there are no tokens any more. float64.
    """

    block: int
    amounts: Tensor


@dataclass(frozen=True, eq=False)
class Parts:
    """The score as a sum, of a frozen or direct backward pass (backward.py); float64.

    For every block: score = Σ tokens[block] + Σ of the biases used in it or later (frozen); score = Σ tokens[0]
    + Σ heads of all blocks + Σ mlps + Σ biases (direct).
    """

    score: float  # as this pass computed it
    tokens: tuple[
        Tensor, ...
    ]  # per block (tokens,): Σ over channels of x · ∂score/∂x, x what enters it
    heads: tuple[
        Tensor, ...
    ]  # per block (windows, heads, keys), direct alone: what each brought from each key
    mlps: tuple[float, ...]  # per block, direct alone: what its MLP brought
    biases: tuple[Bias, ...]


@dataclass(frozen=True, eq=False)
class Trace:
    """Everything the explanations read; see the module docstring and the fields' comments for shapes."""

    family: str
    blocks: tuple[Block | Merge, ...]  # in forward order
    readout: (
        Tensor  # (tokens,) share of the answer read from each token of the last block; sums to 1
    )
    features: Tensor  # (tokens, channels), patches only: what Grad-CAM reads
    features_gradient: Tensor  # (tokens, channels), d score / d features
    features_grid: tuple[int, int]  # (rows, cols) of the features
    logits: Tensor  # (classes,)
    labels: tuple[str, ...]  # (classes,); of a CLIP's class of several texts, a tuple of these
    target: int  # the class the gradients are for
    score: float  # its logit; for CLIP logit_scale × cosine; with `versus`, less the other's logit
    embedding: (
        Tensor  # (dim,): the readout after the final norm; for CLIP the unit-length joint embedding
    )
    view: tuple[
        float, float, float, float
    ]  # (left, top, right, bottom), fractions of the upright photo the grid covers
    readout_name: str = ""  # the token it is read from, in words; "" for the mean of the patches
    rollout_refused: str = (
        ""  # why rollout has no meaning here, in one sentence; empty where it has
    )
    side: str = (
        "image"  # "text" where CLIP's text tower was looked at; its grid has one row of tokens
    )
    words: tuple[str, ...] = ()  # these tokens, as the tokenizer writes them
    versus: int | None = None  # the class that the target is explained against
    backward: str = "plain"  # the way the gradients came, see backward.py
    parts: Parts | None = None  # where `backward` is one on which the score is a sum

    @property
    def attention_blocks(self) -> tuple[Block, ...]:
        """The Blocks alone; `layer` counts these from 0."""
        return tuple(block for block in self.blocks if isinstance(block, Block))

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """The likeliest labels with their softmax probabilities, best first; fewer where there are fewer classes."""
        probabilities = self.logits.softmax(-1)
        best = probabilities.topk(min(count, len(self.labels)))
        return [
            (self.labels[index], float(value))
            for value, index in zip(best.values, best.indices.tolist(), strict=True)
        ]


def one_window(weights: Tensor, gradients: Tensor | None, grid: Tensor) -> Block:
    """The Block of a tower whose every token sees every other: one window over all tokens in order."""
    queries, keys = weights.shape[-2:]
    return Block(weights, gradients, torch.arange(queries)[None], torch.arange(keys)[None], grid)


def patch_grid(rows: int, cols: int, first: int = 0) -> Tensor:
    """Token ids of a rows × cols patch grid whose top left patch is token `first` (after [CLS], say)."""
    return torch.arange(first, first + rows * cols).view(rows, cols)
