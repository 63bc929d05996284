"""Swin and Swin-v2 classifiers of transformers: every block, with the window and shift it really used.

Liu et al. 2021, arXiv 2103.14030 and 2111.09883. Tokens lie row by row on the grid of their stage. Window and shift
are read after the forward pass, because transformers clamps them in it when a grid is smaller than the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import SwinForImageClassification, Swinv2ForImageClassification
from transformers.models.swin.modeling_swin import SwinLayer
from transformers.models.swinv2.modeling_swinv2 import Swinv2Layer

from models.checkpoint import Eager, class_names, from_folder
from models.folder import CheckpointError
from models.model import Model, Record, TraceParts
from models.pixels import HubProcessor
from models.trace import Block, Merge, patch_grid

NO_OWN_SCORES = (
    "LeGrad reads a score from every layer with the last one's head; Swin's earlier stages have fewer channels, which "
    "that head cannot read. Choose another method."
)


@dataclass(frozen=True)
class WindowGrid:
    """Where one block's windows lay: its grid, window side and cyclic shift, in tokens."""

    rows: int
    cols: int
    window: int
    shift: int

    @property
    def tokens(self) -> Tensor:
        """(windows, window × window) token ids, -1 where the grid was padded to whole windows."""
        rows, cols = (-(-side // self.window) * self.window for side in (self.rows, self.cols))
        grid = torch.full((rows, cols), -1)
        grid[: self.rows, : self.cols] = patch_grid(self.rows, self.cols)
        if self.shift:
            grid = grid.roll((-self.shift, -self.shift), (0, 1))
        windows = grid.view(rows // self.window, self.window, cols // self.window, self.window)
        return windows.transpose(1, 2).reshape(-1, self.window * self.window)


class Swin(Model):
    family = "swin"
    own_scores_refused = NO_OWN_SCORES
    drop_refused = "Swin's windows need every patch in its place; removed patches can only be painted over: choose the fill mean."

    def __init__(self, name: str, module: Any, pixels_of: HubProcessor, device: str):
        super().__init__(name, module, pixels_of, class_names(module.config), device)

    def _answer(self, pixels: Tensor, labels: Sequence[str] | None) -> tuple[Tensor, Tensor]:
        embedding = self.module.base_model(pixel_values=pixels).pooler_output
        return self._head(embedding, labels), embedding

    def _layers(self) -> list[Any]:
        return [
            module
            for module in self.module.modules()
            if isinstance(module, (SwinLayer, Swinv2Layer))
        ]

    def joined_heads(self, layer: Any) -> tuple[nn.Module, int]:
        if isinstance(layer, Swinv2Layer):
            return layer.attention.output, layer.attention.self.num_attention_heads
        return layer.attention.o_proj, layer.attention.num_attention_heads

    def _branches(self, layer: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
        if isinstance(layer, Swinv2Layer):
            return layer.attention, layer.intermediate, layer.output
        return layer.attention, layer.mlp, layer.mlp

    def _head(self, normed: Tensor, labels: Sequence[str] | None) -> Tensor:
        return self.module.classifier(normed)

    def _features_module(self) -> nn.Module:
        return self.module.base_model.layernorm

    def _hooks(self, record: Record) -> Iterator:
        yield Eager(self.module)

        def ask(_module, inputs, named):
            return inputs, named | {"output_attentions": True}

        def keep_grid(layer, inputs, _output):
            rows, cols = inputs[1]
            record.grids.append(
                WindowGrid(rows, cols, int(layer.window_size), int(layer.shift_size))
            )

        for layer in self._layers():
            if isinstance(layer, Swinv2Layer):
                yield layer.attention.register_forward_pre_hook(ask, with_kwargs=True)
            yield layer.attention.register_forward_hook(
                lambda _m, _i, output: record.weights.append(output[1])
            )
            yield layer.register_forward_hook(keep_grid)

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        last = record.grids[-1]
        count = last.rows * last.cols
        return TraceParts(
            blocks=tuple(_blocks(record, gradients)),
            readout=torch.full((count,), 1 / count),
            features=record.features[0],
            features_gradient=features_gradient[0],
            features_grid=(last.rows, last.cols),
        )

    def _final_norm(self, hidden: Tensor) -> Tensor:
        return self.module.base_model.layernorm(hidden)

    def _pool(self, hidden: Tensor, pool: str) -> Tensor:
        return hidden.mean(1)


def _blocks(record: Record, gradients: list[Tensor | None]) -> Iterator[Block | Merge]:
    before: WindowGrid | None = None
    for weights, gradient, grid in zip(record.weights, gradients, record.grids, strict=True):
        if before and (before.rows, before.cols) != (grid.rows, grid.cols):
            yield Merge(_children(before.rows, before.cols))
        yield Block(weights, gradient, grid.tokens, grid.tokens, patch_grid(grid.rows, grid.cols))
        before = grid


def _children(rows: int, cols: int) -> Tensor:
    """(parents, 4): the 2 × 2 tokens each parent is merged from; -1 beyond an odd edge."""
    grid = torch.full((rows + rows % 2, cols + cols % 2), -1)
    grid[:rows, :cols] = patch_grid(rows, cols)
    squares = grid.view(grid.shape[0] // 2, 2, grid.shape[1] // 2, 2)
    return squares.transpose(1, 2).reshape(-1, 4)


def load(folder: Path, name: str, device: str, config: dict) -> Swin:
    """The classifier in a checkpoint folder whose config.json is `config`."""
    kind = {"swin": SwinForImageClassification, "swinv2": Swinv2ForImageClassification}[
        config["model_type"]
    ]
    module = from_folder(kind, folder, config)
    if kind is SwinForImageClassification:
        _check_grids(module.config)
    return Swin(name, module, HubProcessor(folder, module.config.image_size), device)


def _check_grids(config) -> None:
    """transformers' Swin cannot run when a stage's grid is smaller than the window its position table was made for."""
    sides = (
        config.image_size if isinstance(config.image_size, (tuple, list)) else (config.image_size,)
    )
    smallest = -(-(min(sides) // config.patch_size) // 2 ** (len(config.depths) - 1))
    if smallest < config.window_size:
        raise CheckpointError(
            f"This Swin ends on a {smallest} × {smallest} grid, smaller than its window of {config.window_size}; "
            "transformers cannot run it. Use a checkpoint made for its image size."
        )
