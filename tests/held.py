"""Textbook versions of maps that add up: reference.py's dense forward passes with their bent factors held.

Written from LibraGrad's rules (Mehri et al., CVPR 2025, 2411.16760): the attention matrix, a normaliser's deviation, an
activation's gate and an embedding's length are constants for the gradient. Every bias is a leaf of its own per token, so that
what it brought can be asked for where it was added. float64, dense, one image.
"""

import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import reference
import torch
from torch import Tensor

SOFTMAX, MERGE = reference.softmax, reference.merge_patches


@dataclass
class Ledger:
    """biases: (block, whether in the merge after it, leaf of (rows, channels) or (channels,))."""

    entered: int = 0
    merging: bool = False
    biases: list[tuple[int, bool, Tensor]] = field(default_factory=list)

    def add(self, y: Tensor, bias: Tensor | None) -> Tensor:
        if bias is None:
            return y
        leaf = bias.detach().expand_as(y).clone().requires_grad_()
        if self.entered:
            self.biases.append((self.entered - 1, self.merging, leaf))
        return y + leaf


@contextmanager
def held(cut=False):
    """A Ledger; inside, reference.py computes with held factors. cut: branches end where they leave the residual stream."""
    ledger = Ledger()

    def enter(x):
        ledger.entered += 1
        return x

    def linear(x, layer):
        weight, bias = layer
        return ledger.add(x @ weight.T, bias)

    def layer_norm(x, layer):
        centred = x - x.mean(-1, keepdim=True)
        deviation = (centred.square().mean(-1, keepdim=True) + layer.eps).sqrt().detach()
        return ledger.add(centred / deviation * layer.weight.double(), layer.bias.double())

    def merge(*arguments, **named):
        ledger.merging = True
        found = MERGE(*arguments, **named)
        ledger.merging = False
        return found

    gates = {
        "gelu": lambda x: x * (0.5 * (1 + torch.erf(x / math.sqrt(2)))).detach(),
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x).detach(),
    }
    with (
        patch.multiple(
            reference,
            enter=enter,
            branch=(lambda x: x.detach()) if cut else (lambda x: x),
            linear=linear,
            layer_norm=layer_norm,
            merge_patches=merge,
            softmax=lambda scores: SOFTMAX(scores).detach().requires_grad_(),
            unit=lambda x: x / x.norm(dim=-1, keepdim=True).detach(),
        ),
        patch.dict(reference.ACTIVATIONS, gates),
    ):
        yield ledger


def gradients(score: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    found = torch.autograd.grad(score, tensors, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(tensor) if gradient is None else gradient
        for tensor, gradient in zip(tensors, found, strict=True)
    ]


def amounts(score: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    """tensor · ∂score/∂tensor, summed over the last axis."""
    return [
        (tensor * gradient).sum(-1).detach()
        for tensor, gradient in zip(tensors, gradients(score, tensors), strict=True)
    ]


def relevance_dense(
    found: reference.Dense, ledger: Ledger, score: Tensor, biases: bool = True
) -> list[tuple[Tensor, float]]:
    """For every layer (tokens,) relevance of the tokens that enter it, and what is left of the score beside them."""
    states = amounts(score, found.states[:-1])
    brought = amounts(score, [leaf for *_, leaf in ledger.biases])
    layers = []
    for layer, tokens in enumerate(states):
        share, apart = tokens.clone(), 0.0
        for (block, merging, _), each in zip(ledger.biases, brought, strict=True):
            if block < layer:
                continue
            count = len(found.states[block])
            if not biases or each.ndim == 0:
                apart += float(each.sum())
                continue
            if merging:
                on_grid, grid_of = each, block + 1
            else:  # what lies behind the tokens is padding
                on_grid, grid_of = each[:count], block
                apart += float(each[count:].sum())
            for merge in reversed([m for m in found.merges if layer <= m < grid_of]):
                on_grid = on_grid @ found.merges[merge]
            share = share + on_grid
        layers.append((share, apart))
    return layers


def first_grid(found: reference.Dense, layer: int, share: Tensor) -> Tensor:
    """A layer's tokens spread evenly over those of the first grid."""
    for merge in reversed([m for m in found.merges if m < layer]):
        share = share @ found.merges[merge]
    return share


def chefer_dense(found: reference.Dense, score: Tensor, start: Tensor, first: int = 0) -> Tensor:
    """R ← R + Ā R from R = I, Ā = mean of heads of (A ⊙ ∇A)⁺ (Chefer et al. 2021, 2103.15679): `start` @ (R - I)."""
    weights = gradients(score, found.attentions)
    tokens = found.states[first].shape[0]
    relevances = still = torch.eye(tokens, dtype=torch.float64)
    for layer in range(first, len(weights)):
        count = found.states[layer].shape[0]
        raised = (found.attentions[layer] * weights[layer]).clamp(min=0).mean(0).detach()
        relevances = relevances + raised[:count, :count] @ relevances
        if layer in found.merges:
            relevances, still = found.merges[layer] @ relevances, found.merges[layer] @ still
    return start @ (relevances - still)


def legrad_dense(found: reference.Dense, scores: list[Tensor]) -> Tensor:
    """Mean over layers, heads and asking tokens of (∂s_l/∂A_l)⁺ (Bousselham et al. 2025, 2404.03214): (tokens,)."""
    layers = [
        torch.autograd.grad(score, attention, retain_graph=True)[0].clamp(min=0).mean((0, 1))
        for score, attention in zip(scores, found.attentions, strict=True)
    ]
    return torch.stack(layers).mean(0)
