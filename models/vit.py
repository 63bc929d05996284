"""ViT and DeiT classifiers of transformers.

Dosovitskiy et al. 2020, arXiv 2010.11929; Touvron et al. 2020, arXiv 2012.12877. Tokens: [CLS], then DeiT's
distillation token where there is one, then the patches row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    ViTForImageClassification,
)
from transformers.models.deit.modeling_deit import DeiTLayer
from transformers.models.vit.modeling_vit import ViTLayer

from models.checkpoint import Eager, class_names, from_folder
from models.model import Model, Record, TraceParts
from models.pixels import HubProcessor
from models.trace import one_window, patch_grid


class Vit(Model):
    family = "vit"

    def __init__(self, name: str, module: Any, pixels_of: HubProcessor, device: str):
        super().__init__(name, module, pixels_of, class_names(module.config), device)
        self.extra_tokens = 1 if module.config.model_type == "vit" else 2
        self.two_heads = isinstance(module, DeiTForImageClassificationWithTeacher)

    def _answer(self, pixels: Tensor, labels: Sequence[str] | None) -> tuple[Tensor, Tensor]:
        hidden = self.module.base_model(pixel_values=pixels).last_hidden_state
        embedding = self._pool(hidden, "readout")
        if not self.two_heads:
            return self.module.classifier(embedding), embedding
        answers = (
            self.module.cls_classifier(hidden[:, 0]),
            self.module.distillation_classifier(hidden[:, 1]),
        )
        return torch.stack(answers).mean(0), embedding

    def _head(self, normed: Tensor, labels: Sequence[str] | None) -> Tensor:
        if not self.two_heads:
            return self.module.classifier(normed)
        heads = self.module.cls_classifier, self.module.distillation_classifier
        return torch.stack([head(normed) for head in heads]).mean(0)

    def _layers(self) -> list[Any]:
        return [
            module for module in self.module.modules() if isinstance(module, (ViTLayer, DeiTLayer))
        ]

    def joined_heads(self, layer: Any) -> tuple[nn.Module, int]:
        return layer.attention.o_proj, layer.attention.num_attention_heads

    def _branches(self, layer: Any) -> tuple[nn.Module, nn.Module, nn.Module]:
        return layer.attention, layer.mlp, layer.mlp

    def _features_module(self) -> nn.Module:
        # Patches of the last block's output never reach [CLS]: their gradient is zero there and at every later norm.
        return self._layers()[-1].layernorm_before

    def _hooks(self, record: Record) -> Iterator:
        yield Eager(self.module)
        for layer in self._layers():
            yield layer.attention.register_forward_hook(
                lambda _m, _i, output: record.weights.append(output[1])
            )

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        embeddings = self.module.base_model.embeddings.patch_embeddings
        rows, cols = (
            side // patch
            for side, patch in zip(embeddings.image_size, embeddings.patch_size, strict=True)
        )
        grid = patch_grid(rows, cols, self.extra_tokens)
        readout = torch.zeros(self.extra_tokens + rows * cols)
        readout[: 1 + self.two_heads] = 1 / (1 + self.two_heads)
        return TraceParts(
            blocks=tuple(
                one_window(w, g, grid) for w, g in zip(record.weights, gradients, strict=True)
            ),
            readout=readout,
            features=record.features[0, self.extra_tokens :],
            features_gradient=features_gradient[0, self.extra_tokens :],
            features_grid=(rows, cols),
            readout_name="[CLS] and the distillation token" if self.two_heads else "[CLS]",
        )

    def _final_norm(self, hidden: Tensor) -> Tensor:
        return self.module.base_model.layernorm(hidden)

    def _pool(self, hidden: Tensor, pool: str) -> Tensor:
        if pool == "mean":
            return hidden[:, self.extra_tokens :].mean(1)
        return hidden[:, : 1 + self.two_heads].mean(1)


def load(folder: Path, name: str, device: str, config: dict) -> Vit:
    """The classifier in a checkpoint folder whose config.json is `config`."""
    kinds = {
        kind.__name__: kind
        for kind in (DeiTForImageClassificationWithTeacher, DeiTForImageClassification)
    }
    architecture = (config.get("architectures") or [""])[0]
    kind: type = kinds.get(architecture, DeiTForImageClassification)
    if config["model_type"] == "vit":
        kind = ViTForImageClassification
    module = from_folder(kind, folder, config)
    return Vit(name, module, HubProcessor(folder, module.config.image_size), device)
