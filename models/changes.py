"""A forward pass with something taken out: heads that write nothing, blocks that are skipped, patches that are not there.

Hooks on this model alone, inside a `with`, under its lock; no weight is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

if TYPE_CHECKING:
    from models.model import Model

FILLS = ("drop", "mean")


def filled(pixels: Tensor, removed: Tensor) -> Tensor:
    """(batch, 3, height, width) with the removed patches, (batch, rows, cols) bool, at zero: the mean colour."""
    mask = interpolate(removed[:, None].float(), size=pixels.shape[-2:], mode="nearest")
    return pixels.masked_fill(mask.to(pixels.device) > 0, 0)


@contextmanager
def made(
    model: Model,
    heads: Sequence[tuple[int, int]],
    blocks: Sequence[int],
    dropped: Tensor | None,
) -> Iterator[None]:
    """Inside, the model runs without these (layer, head) and blocks, and without the tokens of the dropped patches.

    dropped: (batch, patches) bool, as many in each row. Raises ValueError for what is not there.
    """
    layers, hooks = model.attention_layers(), []
    for layer, head in heads:
        reads, count = model.joined_heads(_one_of(layers, layer, "layer"))
        if not 0 <= head < count:
            raise ValueError(
                f"Layer {layer} has heads 0 to {count - 1}; {head} is not one of them."
            )
        hooks.append((reads.register_forward_pre_hook, _silent(head, count)))
    if blocks and model.skip_refused:
        raise ValueError(model.skip_refused)
    hooks += [(_one_of(layers, block, "layer").register_forward_hook, _skipped) for block in blocks]
    if dropped is not None:
        if model.drop_refused:
            raise ValueError(model.drop_refused)
        hooks.append((layers[0].register_forward_pre_hook, _without(dropped, model.extra_tokens)))
    handles = []
    try:
        for register, hook in hooks:
            handles.append(register(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _one_of(layers: Sequence[Any], index: int, name: str) -> Any:
    if not 0 <= index < len(layers):
        raise ValueError(
            f"This model has {name}s 0 to {len(layers) - 1}; {index} is not one of them."
        )
    return layers[index]


def _silent(head: int, count: int) -> Callable:
    """What the heads wrote, side by side in the last axis, with one of them at zero."""

    def hook(_module: nn.Module, inputs: tuple) -> tuple:
        joined = inputs[0].clone()
        joined.unflatten(-1, (count, -1))[..., head, :] = 0
        return joined, *inputs[1:]

    return hook


def _skipped(_module: nn.Module, inputs: tuple, output: Any) -> Any:
    return (inputs[0], *output[1:]) if isinstance(output, tuple) else inputs[0]


def _without(dropped: Tensor, extra: int) -> Callable:
    """The tokens of the patches that stay, behind the `extra` that are none."""

    def hook(_module: nn.Module, inputs: tuple) -> tuple:
        tokens = inputs[0]
        stay = (~dropped).nonzero()[:, 1].view(len(dropped), -1).to(tokens.device) + extra
        special = torch.arange(extra, device=tokens.device).expand(len(dropped), -1)
        kept = torch.cat([special, stay], 1)[..., None].expand(-1, -1, tokens.shape[-1])
        return tokens.expand(len(dropped), -1, -1).gather(1, kept), *inputs[1:]

    return hook
