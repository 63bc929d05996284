"""Measure the exported models as their users load them: from the float16 files, in float32, with their preprocessors.

Writes models/pocket/<name>/metrics.json, from which the model cards take every figure.
"""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import open_clip
import torch
from PIL import Image
from safetensors import safe_open
from transformers import Swinv2ForImageClassification, ViTForImageClassification, ViTImageProcessor

from models.catalogue import CATEGORIES
from models.pocket.captions import COLOURS, DEFAULT, article
from models.pocket.export import HERE
from models.pocket.pictures import Pictures

TOYBOX = HERE.parent.parent / "assets" / "toybox"
CONDITIONS = {
    "realistic": "a photo of {}",
    "geons": "{} made of geons",
    "silhouettes": "a silhouette of {}",
    "blurred": "a blurred photo of {}",
    "features": "parts of {}",
}
Classify = Callable[[Sequence[Image.Image]], torch.Tensor]


@dataclass(frozen=True)
class Shipped:
    """One picture of the bundled toybox: evaluation only."""

    image: Image.Image
    category: str
    condition: str
    colour: str


def shipped_pictures() -> list[Shipped]:
    with (TOYBOX / "toybox.csv").open(newline="") as rows:
        return [
            Shipped(
                Image.open(TOYBOX / row["file"]).convert("RGB"),
                *(row[name] for name in ("category", "condition", "colour")),
            )
            for row in csv.DictReader(rows)
        ]


def load_classifier(name: str) -> Classify:
    """pocket-vit or pocket-swin through transformers: images → logits (n, 15)."""
    kind = {"vit": ViTForImageClassification, "swin": Swinv2ForImageClassification}[name]
    network = kind.from_pretrained(HERE / name, dtype=torch.float32).eval()
    processor = ViTImageProcessor.from_pretrained(HERE / name)

    @torch.inference_mode()
    def classify(images: Sequence[Image.Image]) -> torch.Tensor:
        return network(**processor(list(images), return_tensors="pt")).logits

    return classify


def load_clip() -> tuple[Callable, Callable]:
    """pocket-clip through open_clip: images → embeddings, texts → embeddings, each of length one."""
    source = f"local-dir:{HERE / 'clip'}"
    network, _, prepare = open_clip.create_model_and_transforms(source)
    tokenize = open_clip.get_tokenizer(source)
    network.eval()

    @torch.inference_mode()
    def embed_images(images: Sequence[Image.Image]) -> torch.Tensor:
        return network.encode_image(torch.stack([prepare(image) for image in images]), True)

    @torch.inference_mode()
    def embed_texts(texts: list[str]) -> torch.Tensor:
        return network.encode_text(tokenize(texts), True)

    return embed_images, embed_texts


def in_chunks(classify: Classify, images: Sequence[Image.Image], size: int = 250) -> torch.Tensor:
    return torch.cat([classify(images[at : at + size]) for at in range(0, len(images), size)])


def right(logits: torch.Tensor, wanted: list[str], names: Sequence[str] = CATEGORIES) -> dict:
    """How often the highest logit is the wanted name."""
    found = [names[index] for index in logits.argmax(1).tolist()]
    return {
        "accuracy": sum(a == b for a, b in zip(found, wanted, strict=True)) / len(wanted),
        "n": len(wanted),
    }


def measure(classify: Classify, held: Pictures, shipped: list[Shipped]) -> dict:
    """Accuracy over all fifteen categories on held-out photos and on each toybox condition."""
    photos = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in held.images]
    wanted = [CATEGORIES[label] for label in held.labels.tolist()]
    found: dict = {"photos": right(in_chunks(classify, photos), wanted), "toybox": {}}
    for condition in CONDITIONS:
        chosen = [picture for picture in shipped if picture.condition == condition]
        logits = in_chunks(classify, [picture.image for picture in chosen])
        found["toybox"][condition] = right(logits, [picture.category for picture in chosen])
    return found


def measure_wording(embed_images: Callable, embed_texts: Callable, shipped: list[Shipped]) -> dict:
    """Whether the words that differ pick the right picture: the five conditions, the eleven colours."""
    coloured = [item for item in shipped if item.colour and item.condition == "realistic"]

    def choose(pictures: list[Shipped], texts_of: Callable[[str], list[str]]) -> torch.Tensor:
        images = in_chunks(embed_images, [picture.image for picture in pictures])
        texts = {name: embed_texts(texts_of(name)) for name in CATEGORIES}
        known = torch.stack([texts[picture.category] for picture in pictures])
        return torch.einsum("pc,ptc->pt", images, known)

    def styles(name: str) -> list[str]:
        return [words.format(article(name)) for words in CONDITIONS.values()]

    def colours(name: str) -> list[str]:
        return [f"a photo of {article(f'{colour} {name}')}" for colour in COLOURS]

    return {
        "condition": right(
            choose(shipped, styles), [picture.condition for picture in shipped], list(CONDITIONS)
        ),
        "colour": right(
            choose(coloured, colours), [picture.colour for picture in coloured], list(COLOURS)
        ),
    }


def evaluate(name: str, held: Pictures, trained: dict) -> dict:
    """Measure one exported model and write its metrics.json. trained: how the weights came about."""
    shipped = shipped_pictures()
    found = {"parameters": parameters(name), "trained": trained}
    if name == "clip":
        embed_images, embed_texts = load_clip()
        names = embed_texts([DEFAULT.format(category) for category in CATEGORIES])
        found |= measure(lambda images: embed_images(images) @ names.T, held, shipped)
        found["wording"] = measure_wording(embed_images, embed_texts, shipped)
    else:
        found |= measure(load_classifier(name), held, shipped)
    (HERE / name / "metrics.json").write_text(json.dumps(found, indent=2) + "\n")
    return found


def weights_file(name: str) -> Path:
    return HERE / name / ("open_clip_model.safetensors" if name == "clip" else "model.safetensors")


def parameters(name: str) -> int:
    with safe_open(weights_file(name), "pt") as weights:
        return sum(weights.get_tensor(key).numel() for key in weights.keys())  # noqa: SIM118
