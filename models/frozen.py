"""Frozen operators: a backward pass in which a transformer is a linear map (LibraGrad, Mehri et al., CVPR 2025).

Softmax attention, normalisers, gated activations and CLIP's division by its embedding's length are products of a bent factor
and the signal: attention matrix × values, (x - mean) / deviation, x × gate(x), z / length. Here the bent factors are
constants on the way back; all else has its ordinary gradient. Every operator is then linear, up to the biases, in what
enters it, so the score is exactly Σ x · ∂score/∂x over the tokens of any one layer, plus what later biases add.

`Frozen` sees torch's functions as this thread calls them, inside its `with`. Nothing is patched: other threads, other models
and the module itself stay as they are. An operator that RULES does not know keeps its ordinary gradient; where that is
wrong, the parts no longer add up to the score, which is what `check` is for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

NoteBias = Callable[[Tensor | None, Tensor], None]


class Frozen(TorchFunctionMode):
    """note_bias(bias, output) is called wherever a bias was added, with the sum that it was added to."""

    def __init__(self, note_bias: NoteBias):
        super().__init__()
        self.note_bias = note_bias

    def __torch_function__(self, function, types, arguments=(), named=None):
        rule = RULES.get(function)
        if rule is not None:
            function = partial(rule, self.note_bias)
        return function(*arguments, **(named or {}))


def _linear(note_bias: NoteBias, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Linear already; only its bias is of interest."""
    output = functional.linear(x, weight, bias)
    note_bias(bias, output)
    return output


def _layer_norm(
    note_bias: NoteBias,
    x: Tensor,
    shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    output = _HeldDeviation.apply(x, shape, weight, bias, eps)
    note_bias(bias, output)
    return output


class _HeldDeviation(torch.autograd.Function):
    """(x - mean) / deviation × weight + bias, the deviation held; the forward pass is torch's own, to the bit."""

    @staticmethod
    def forward(context, x, shape, weight, bias, eps):
        output, _, per_deviation = torch.native_layer_norm(x, shape, weight, bias, eps)
        context.save_for_backward(per_deviation, weight)
        return output

    @staticmethod
    def backward(context, gradient):
        per_deviation, weight = context.saved_tensors
        gradient = gradient * (per_deviation if weight is None else weight * per_deviation)
        return gradient - gradient.mean(-1, keepdim=True), None, None, None, None


class _HeldGate(torch.autograd.Function):
    """x × gate(x), the gate held; the forward pass is the activation itself."""

    @staticmethod
    def forward(context, x, activation):
        output = activation(x)
        # A gate is output / input; at zero, where any gate gives zero, take the one half of GELU and SiLU.
        context.save_for_backward((output / x).nan_to_num_(0.5))
        return output

    @staticmethod
    def backward(context, gradient):
        return gradient * context.saved_tensors[0], None


def _gated(activation: Callable) -> Callable:
    """GELU's gate is the normal distribution function, SiLU's the logistic one."""

    def rule(_note_bias: NoteBias, x: Tensor, *arguments: Any, **named: Any) -> Tensor:
        return _HeldGate.apply(x, lambda held: activation(held, *arguments, **named))

    return rule


def _constant(function: Callable) -> Callable:
    """Held, but a place where its own gradient can be asked for."""

    def rule(_note_bias: NoteBias, *arguments: Any, **named: Any) -> Tensor:
        with torch.no_grad():
            found = function(*arguments, **named)
        return found.requires_grad_()

    return rule


def _fused_attention(
    _note_bias: NoteBias, query: Tensor, key: Tensor, value: Tensor, *arguments: Any, **named: Any
) -> Tensor:
    """attention matrix × values in one kernel: without a way back to queries and keys the matrix is held."""
    return functional.scaled_dot_product_attention(
        query.detach(), key.detach(), value, *arguments, **named
    )


def _unit_length(
    _note_bias: NoteBias,
    x: Tensor,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    out: None = None,
) -> Tensor:
    return x / x.detach().norm(p, dim, keepdim=True).clamp_min(eps)


RULES: dict[Any, Callable] = {
    functional.linear: _linear,
    functional.layer_norm: _layer_norm,
    functional.gelu: _gated(functional.gelu),
    functional.silu: _gated(functional.silu),
    functional.mish: _gated(functional.mish),
    functional.hardswish: _gated(functional.hardswish),
    # Written out, QuickGELU is x × sigmoid(1.702 x), and older GELUs are x × (1 + tanh(…)) / 2.
    torch.sigmoid: _constant(torch.sigmoid),
    Tensor.sigmoid: _constant(torch.sigmoid),
    torch.tanh: _constant(torch.tanh),
    Tensor.tanh: _constant(torch.tanh),
    functional.softmax: _constant(functional.softmax),
    torch.softmax: _constant(torch.softmax),
    Tensor.softmax: _constant(torch.softmax),
    functional.scaled_dot_product_attention: _fused_attention,
    functional.normalize: _unit_length,
}
