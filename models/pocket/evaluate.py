"""Measure the exported models as their users load them: from the float16 files, in float32, with their preprocessors.

Writes models/pocket/<name>/metrics.json, from which the model cards take every figure.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import open_clip
import skimage
import torch
from PIL import Image
from safetensors import safe_open
from transformers import Swinv2ForImageClassification, ViTForImageClassification, ViTImageProcessor

from imagesets.harms import HARMS, harmed
from imagesets.toybox.paint import COLOURS
from models.catalogue import CATEGORIES
from models.pocket.export import HERE
from models.pocket.pictures import CIFAR_CATEGORIES, Pictures
from models.pocket.words import DEFAULT, article

TOYBOX = HERE.parent.parent / "assets" / "toybox"
SHOWN = {
    "chelsea.png": "cat",
    "coffee.png": "cup",
    "rocket.jpg": "rocket",
    "astronaut.png": "person",
}
CONDITIONS = {
    "realistic": "a photo of {}",
    "geons": "{} made of geons",
    "silhouettes": "a silhouette of {}",
    "blurred": "a blurred photo of {}",
    "features": "parts of {}",
}
MATCHED = {  # how a picture was made hard → the template that says so
    "noisy": "a noisy photo of {}",
    "covered": "a partly covered photo of {}",
    "upside down": "an upside-down photo of {}",
    "faint": "a faint photo of {}",
    "small": "a small photo of {}",
}
HARD = 500  # held-out photos of each hard condition
BINS = 15  # of the expected calibration error
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


def shown_photos() -> dict[str, Image.Image]:
    """The page's own four photos, by the category that is right; scikit-image's, never trained on."""
    folder = Path(skimage.__file__).parent / "data"
    return {name: Image.open(folder / file).convert("RGB") for file, name in SHOWN.items()}


def load_classifier(name: str) -> Classify:
    """pocket-vit or pocket-swin through transformers: images → logits (n, categories)."""
    kind = {"vit": ViTForImageClassification, "swin": Swinv2ForImageClassification}[name]
    network = kind.from_pretrained(HERE / name, dtype=torch.float32).eval()
    processor = ViTImageProcessor.from_pretrained(HERE / name)

    @torch.inference_mode()
    def classify(images: Sequence[Image.Image]) -> torch.Tensor:
        return network(**processor(list(images), return_tensors="pt")).logits

    return classify


def load_clip() -> tuple[Callable, Callable, float]:
    """pocket-clip through open_clip: images → embeddings, texts → embeddings, each of length one; its logit scale."""
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

    return embed_images, embed_texts, network.logit_scale.exp().item()


def in_chunks(classify: Classify, images: Sequence[Image.Image], size: int = 250) -> torch.Tensor:
    return torch.cat([classify(images[at : at + size]) for at in range(0, len(images), size)])


def right(logits: torch.Tensor, wanted: list[str], names: Sequence[str] = CATEGORIES) -> dict:
    """How often the highest logit is the wanted name."""
    found = [names[index] for index in logits.argmax(1).tolist()]
    return {
        "accuracy": sum(a == b for a, b in zip(found, wanted, strict=True)) / len(wanted),
        "n": len(wanted),
    }


def calibration_error(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Expected calibration error in BINS equal bins (Guo et al. 2017, arXiv 1706.04599), as a share."""
    sure, answers = logits.softmax(1).max(1)
    bins = (sure * BINS).long().clamp(max=BINS - 1)
    gap = torch.zeros(BINS).index_add_(0, bins, sure - (answers == labels).float())
    return gap.abs().sum().item() / len(labels)


def best_temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature with the highest likelihood of the labels."""
    steps = torch.linspace(-1, 1, 201).exp()
    losses = [torch.nn.functional.cross_entropy(logits / t, labels).item() for t in steps]
    return steps[min(range(len(losses)), key=losses.__getitem__)].item()


def images_of(held: Pictures) -> list[Image.Image]:
    """The held-out photos as squares of the size they are kept at."""
    return [Image.fromarray(held.images[row].numpy()) for row in held.rows]


def measure(classify: Classify, held: dict[str, Pictures], shipped: list[Shipped]) -> dict:
    """Accuracy with every category open on held-out photos, among CIFAR-10's ten, on the toybox and the page's photos."""
    photos = in_chunks(classify, images_of(held["photos"]))
    labels = held["photos"].labels
    wanted = [CATEGORIES[label] for label in labels.tolist()]
    five = (photos.topk(5).indices == labels[:, None]).any(1).float().mean().item()
    ten = in_chunks(classify, images_of(held["cifar"]))[:, CIFAR_CATEGORIES]
    found: dict = {
        "photos": right(photos, wanted) | {"among_five": five},
        "elsewhere": right(
            in_chunks(classify, images_of(held["elsewhere"])),
            [CATEGORIES[label] for label in held["elsewhere"].labels.tolist()],
        ),
        "calibration_error": calibration_error(photos[1::2], labels[1::2]),  # the others set it
        "cifar_ten": right(
            ten,
            [CATEGORIES[label] for label in held["cifar"].labels.tolist()],
            [CATEGORIES[index] for index in CIFAR_CATEGORIES],
        ),
        "per_category": {
            name: right(photos[labels == index], [name] * int((labels == index).sum()))
            for index, name in enumerate(CATEGORIES)
            if (labels == index).any()
        },
        "toybox": {},
        "shown": {
            name: dict(zip(("answer", "probability"), _first(classify([image])), strict=True))
            for name, image in shown_photos().items()
        },
    }
    for condition in CONDITIONS:
        chosen = [picture for picture in shipped if picture.condition == condition]
        logits = in_chunks(classify, [picture.image for picture in chosen])
        found["toybox"][condition] = right(logits, [picture.category for picture in chosen])
    return found


def _first(logits: torch.Tensor) -> tuple[str, float]:
    sure, answer = logits.softmax(1)[0].max(0)
    return CATEGORIES[answer], round(sure.item(), 4)


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


def measure_templates(
    embed_images: Callable, embed_texts: Callable, held: Pictures, shipped: list[Shipped]
) -> dict:
    """Accuracy of every template of MATCHED, the default and one of unknown words, on every hard condition.

    {"toybox" | "photos": {condition: {template: {accuracy, n}}}}; toybox among its eight names, photos among all.
    """
    templates = [DEFAULT, *MATCHED.values(), "eine Fotografie von {}"]
    plain = [item for item in shipped if item.condition == "realistic"]
    order = torch.randperm(len(held), generator=torch.Generator().manual_seed(1))[:HARD]
    few = held.subset(order)
    sets = {
        "toybox": ([item.image for item in plain], [item.category for item in plain]),
        "photos": (images_of(few), [CATEGORIES[label] for label in few.labels.tolist()]),
    }
    found: dict = {}
    for title, (images, wanted) in sets.items():
        names = sorted(set(wanted)) if title == "toybox" else list(CATEGORIES)
        texts = {text: embed_texts([_fill(text, name) for name in names]) for text in templates}
        for condition in HARMS:
            made = [harmed(image, condition, str(at)) for at, image in enumerate(images)]
            features = in_chunks(embed_images, made)
            found.setdefault(title, {})[condition] = {
                text: right(features @ known.T, wanted, names) for text, known in texts.items()
            }
    return found


def _fill(template: str, name: str) -> str:
    """As the page's presets do: with "a {}" the bare name, else the name with its article."""
    return template.format(
        name if template in (DEFAULT, "eine Fotografie von {}") else article(name)
    )


def evaluate(name: str, held: dict[str, Pictures], trained: dict) -> dict:
    """Measure one exported model and write its metrics.json. trained: how the weights came about."""
    shipped = shipped_pictures()
    found = {"parameters": parameters(name), "trained": trained}
    if name == "clip":
        embed_images, embed_texts, scale = load_clip()
        names = embed_texts([DEFAULT.format(category) for category in CATEGORIES])
        found |= measure(lambda images: scale * embed_images(images) @ names.T, held, shipped)
        found["wording"] = measure_wording(embed_images, embed_texts, shipped)
        found["templates"] = measure_templates(embed_images, embed_texts, held["photos"], shipped)
    else:
        found |= measure(load_classifier(name), held, shipped)
    (HERE / name / "metrics.json").write_text(json.dumps(found, indent=2) + "\n")
    return found


def weights_file(name: str) -> Path:
    return HERE / name / ("open_clip_model.safetensors" if name == "clip" else "model.safetensors")


def parameters(name: str) -> int:
    with safe_open(weights_file(name), "pt") as weights:
        return sum(weights.get_tensor(key).numel() for key in weights.keys())  # noqa: SIM118
