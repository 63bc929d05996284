"""What looking costs, beside a bare forward pass and beside captum and pytorch-grad-cam.

    python -m bench.cost

Real sizes with random weights, saved as checkpoints and loaded as users load them. Every call takes
its turn in every round, so that whatever else the machine does falls on all of them; the table
shows medians, as multiples of the bare forward pass.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from captum.attr import LayerGradCam
from einops import rearrange
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from explain import explain
from explain.attribution.attention import every_head
from models import CATEGORIES, load
from models.model import Model

PAGE_BAR, GRADIENTS_BAR, RELEVANCE_BAR = 1.3, 2.3, 2.2
CLASSES = {index: f"class {index}" for index in range(1000)}


@dataclass(frozen=True)
class Case:
    """One model: how to save it, and how other people's tools run it.

    bare: (module, pixels) -> what a user of the library calls, with its default attention; for CLIP
    the image tower. layer: the module Grad-CAM reads; extra: its tokens before the patches.
    """

    title: str
    save: Callable[[Path], None]
    bare: Callable[[Any, Tensor], Any]
    layer: Callable[[Any], nn.Module]
    extra: int


def save_vit(folder: Path) -> None:
    """As google/vit-base-patch16-224."""
    config = transformers.ViTConfig(id2label=CLASSES)
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    transformers.ViTImageProcessor().save_pretrained(folder)


def save_swin(folder: Path) -> None:
    """As microsoft/swinv2-tiny-patch4-window8-256."""
    config = transformers.Swinv2Config(image_size=256, window_size=8, id2label=CLASSES)
    transformers.Swinv2ForImageClassification(config).save_pretrained(folder)
    size = {"height": 256, "width": 256}
    transformers.ViTImageProcessor(size=size).save_pretrained(folder)


def save_clip(folder: Path) -> None:
    """As openai/clip-vit-base-patch32, with a vocabulary of single letters."""
    symbols = [chr(33 + place) for place in range(94)]
    symbols += [symbol + "</w>" for symbol in symbols] + ["<|startoftext|>", "<|endoftext|>"]
    words = transformers.CLIPTokenizer(
        vocab={symbol: place for place, symbol in enumerate(symbols)}, merges=[]
    )
    text = {"eos_token_id": words.eos_token_id, "bos_token_id": words.bos_token_id}
    transformers.CLIPModel(transformers.CLIPConfig(text_config=text)).save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    words.save_pretrained(folder)


CASES = (
    Case(
        "ViT-B/16",
        save_vit,
        lambda module, pixels: module(pixel_values=pixels),
        lambda module: module.vit.layers[-1].layernorm_before,
        1,
    ),
    Case(
        "Swin-v2-tiny",
        save_swin,
        lambda module, pixels: module(pixel_values=pixels),
        lambda module: module.swinv2.layernorm,
        0,
    ),
    Case(
        "CLIP ViT-B/32",
        save_clip,
        lambda module, pixels: module.get_image_features(pixel_values=pixels),
        lambda module: module.vision_model.encoder.layers[-1].layer_norm1,
        1,
    ),
)


def page(model: Model, photo: Image.Image, gradients: bool = False) -> None:
    """What the page asks of a photo: top-5, every head of every layer, rollout, Grad-CAM."""
    trace = model.trace(photo, gradients=gradients)
    trace.top(5)
    for layer in range(len(trace.attention_blocks)):
        every_head(trace, layer)
        explain(trace, "rollout", layer)
    explain(trace, "gradcam")


def relevance(model: Model, photo: Image.Image) -> None:
    """One target's relevance, from the photo on: one forward pass and one backward pass."""
    explain(model.trace(photo, gradients=False, backward="frozen"), "relevance")


class Logits(nn.Module):
    """A checkpoint as other tools want it: pixels to logits, with gradients for its weights.

    texts: CLIP's text features, computed before, (classes, dim); None for a classifier.
    """

    def __init__(self, case: Case, module: nn.Module, texts: Tensor | None):
        super().__init__()
        self.case, self.texts = case, texts
        self.module = copy.deepcopy(module).requires_grad_(True)

    def forward(self, pixels: Tensor) -> Tensor:
        found = self.case.bare(self.module, pixels)
        return found.logits if self.texts is None else found.pooler_output @ self.texts.T


def calls(case: Case, model: Model, photo: Image.Image) -> dict[str, Callable[[], object]]:
    """Column of the table -> what to time. Other people's tools start from pixels, ours from the photo."""
    pixels = model.pixels([photo])
    texts = model.embed_texts(model.labels) if "joint" in model.pools else None
    other = Logits(case, model.module, texts)
    layer = case.layer(other.module)
    rows, cols = model.trace(photo, gradients=False).features_grid

    def bare() -> object:
        with torch.inference_mode():
            return case.bare(model.module, pixels)

    def spread(tokens: Tensor) -> Tensor:
        patches = tokens[:, case.extra :]
        return rearrange(patches, "b (rows cols) c -> b c rows cols", rows=rows, cols=cols)

    def gradcam() -> object:
        with GradCAM(other, [layer], spread) as cam:
            return cam(pixels, [ClassifierOutputTarget(0)])

    return {
        "bare forward": bare,
        "preprocessing": lambda: model.pixels([photo]),
        "page": lambda: page(model, photo),
        "page, attention gradients": lambda: page(model, photo, gradients=True),
        "relevance": lambda: relevance(model, photo),
        "captum LayerGradCam": lambda: LayerGradCam(other, layer).attribute(pixels, target=0),
        "pytorch-grad-cam": gradcam,
    }


def medians(
    timed: dict[str, Callable], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Median seconds of each call, the calls taking turns; the first turn of each does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for turn in range(rounds + 1):
        for name, call in timed.items():
            start = clock()
            call()
            if turn:
                seconds[name].append(clock() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def first_texts(model: Model, rounds: int, clock: Callable[[], float]) -> float:
    """Median seconds to encode fifteen labels that CLIP has not read before."""
    seconds = []
    for turn in range(rounds + 1):
        start = clock()
        model.embed_texts([f"a photo of a {name}, take {turn}" for name in CATEGORIES])
        seconds.append(clock() - start)
    return statistics.median(seconds[1:])


def measured(case: Case, rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Column -> seconds for one model, from a checkpoint in a folder of its own."""
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        case.save(Path(folder))
        model = load(folder, device="cpu")
    seconds = medians(calls(case, model, photo), rounds, clock)
    if "joint" in model.pools:
        seconds["15 new texts"] = first_texts(model, rounds, clock)
    return seconds


def table(found: dict[str, dict[str, float]]) -> str:
    """Markdown: the bare forward in milliseconds, all else as multiples of it."""
    columns = list(dict.fromkeys(name for seconds in found.values() for name in seconds))
    lines = ["| model | " + " | ".join(columns) + " |", "|---" + "|---:" * len(columns) + "|"]
    for title, seconds in found.items():
        bare = seconds["bare forward"]
        ratios = [f"{seconds[name] / bare:.2f}" if name in seconds else "" for name in columns[1:]]
        cells = [f"{bare * 1000:.0f} ms", *ratios]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict(found: dict[str, dict[str, float]]) -> str:
    """Whether the bars are met, by how much at worst."""
    words = []
    bars = {
        "page": PAGE_BAR,
        "page, attention gradients": GRADIENTS_BAR,
        "relevance": RELEVANCE_BAR,
    }
    for name, bar in bars.items():
        title, worst = max(
            ((title, seconds[name] / seconds["bare forward"]) for title, seconds in found.items()),
            key=lambda pair: pair[1],
        )
        words.append(
            f"{name}: at most {bar}, {'met' if worst <= bar else 'MISSED'} ({title}: {worst:.2f})"
        )
    return "; ".join(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="1 counts processor time, which a busy machine does not change; more count wall-clock",
    )
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    transformers.utils.logging.disable_progress_bar()
    clock = time.process_time if chosen.threads == 1 else time.perf_counter
    found = {case.title: measured(case, chosen.rounds, clock) for case in CASES}
    print(
        f"torch {torch.__version__}, transformers {transformers.__version__}, "
        f"threads: {chosen.threads}, medians of {chosen.rounds} "
        f"{'processor' if chosen.threads == 1 else 'wall-clock'} times, load {os.getloadavg()[0]:.1f}\n"
    )
    print(table(found), verdict(found), sep="\n\n")


if __name__ == "__main__":
    main()
