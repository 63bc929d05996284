"""Write the bundled models: float16 safetensors in their libraries' own layouts, each replaced in one move."""

import json
import math
import os
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import ViTImageProcessor

from models.pocket import vocabulary
from models.pocket.augmentation import MEAN, STD
from models.pocket.networks import CLIP_CONFIG
from models.pocket.pictures import SIDE

HERE = Path(__file__).parent


@contextmanager
def _arriving(folder: Path):
    """A scratch folder whose files move into `folder` once all are written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as scratch:
        yield Path(scratch)
        for file in Path(scratch).iterdir():
            file.chmod(0o644)  # save_file lets nobody else read it
            os.replace(file, folder / file.name)


def export_classifier(network: nn.Module, folder: Path) -> None:
    """transformers' layout: config.json, model.safetensors, preprocessor_config.json."""
    with _arriving(folder) as scratch:
        deepcopy(network).half().save_pretrained(scratch)
        processor = ViTImageProcessor(
            size={"height": SIDE, "width": SIDE}, resample=2, image_mean=MEAN, image_std=STD
        )
        processor.save_pretrained(scratch)


def export_clip(network: nn.Module, folder: Path) -> None:
    """open_clip's layout: open_clip_config.json, open_clip_model.safetensors, and the tokenizer's files."""
    settings = {
        "model_cfg": CLIP_CONFIG,
        "preprocess_cfg": {
            "mean": MEAN,
            "std": STD,
            "interpolation": "bilinear",
            "resize_mode": "squash",
        },
    }
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    with _arriving(folder) as scratch:
        save_file(weights, scratch / "open_clip_model.safetensors", {"format": "pt"})
        (scratch / "open_clip_config.json").write_text(json.dumps(settings, indent=2) + "\n")
        vocabulary.save(scratch)


@torch.no_grad()
def sharpen(network: nn.Module, temperature: float) -> None:
    """Divide a model's logits by `temperature` for good (Guo et al. 2017, arXiv 1706.04599), in the weights."""
    if hasattr(network, "logit_scale"):
        network.logit_scale -= math.log(temperature)
    else:
        network.classifier.weight /= temperature
        network.classifier.bias /= temperature


EXPORTS: dict[str, Callable[[nn.Module], None]] = {
    "vit": lambda network: export_classifier(network, HERE / "vit"),
    "swin": lambda network: export_classifier(network, HERE / "swin"),
    "clip": lambda network: export_clip(network, HERE / "clip"),
}
