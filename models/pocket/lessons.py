"""What the students learn from: batches of photos and renders with the teacher's opinion, and the losses."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from models.catalogue import CATEGORIES
from models.pocket import augmentation as augment
from models.pocket.captions import BIT, LOOKS
from models.pocket.networks import Teacher
from models.pocket.pictures import PHOTO_CATEGORIES, Pictures, batches

RENDERS = 0.25  # renders to a photo in every batch
TEMPERATURE = 2.0


@dataclass(frozen=True)
class Material:
    """What every step learns from, and where."""

    photos: Pictures
    held: Pictures
    renders: Pictures | None
    work: Path
    device: str


@dataclass
class Batch:
    """Photos first, then renders. pixels (n, 3, 64, 64) normalised; soft (photos, 15) the teacher's probabilities."""

    pixels: torch.Tensor
    labels: torch.Tensor
    facts: torch.Tensor
    soft: torch.Tensor
    maps: dict[int, torch.Tensor]


def endless(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    while True:
        yield from batches(count, size, generator)


def autocast(device: str) -> torch.autocast:
    return torch.autocast(torch.device(device).type, torch.bfloat16)


def mixed_batches(
    material: Material,
    teacher: Teacher,
    batch: int,
    altered: float,
    seed: int,
    paste: bool = False,
) -> Iterator[Batch]:
    """Photos with the teacher's opinion of them, and renders; cropped, mirrored, enlarged and altered.

    seed: the steps done so far, so that a resumed run draws pictures anew.
    """
    generator = torch.Generator().manual_seed(seed)
    choose = random.Random(seed)
    photos, renders, device = material.photos, material.renders, material.device
    count = round(RENDERS * batch)
    some = endless(len(renders), count, generator)
    for index in endless(len(photos), batch, generator):
        drawn = next(some)
        small = augment.unit(augment.crop_and_flip(photos.images[index], 3, generator).to(device))
        if paste:
            small = augment.cut_and_paste(small, generator, choose)
        with torch.no_grad(), autocast(device):
            opinion, maps = teacher(augment.normalise(small))
        soft = torch.zeros(len(index), len(CATEGORIES), device=device)
        soft[:, PHOTO_CATEGORIES.to(device)] = (opinion.float() / TEMPERATURE).softmax(1)
        large = augment.enlarge(small, choose.choice(augment.ENLARGEMENTS))
        rendered = augment.unit(
            augment.crop_and_flip(renders.images[drawn], 5, generator).to(device)
        )
        facts = torch.cat([photos.facts[index], renders.facts[drawn]])
        pixels, facts = augment.alter(
            torch.cat([large, rendered]), facts, altered, list(LOOKS), choose
        )
        maps = turned(maps, (facts[: len(index)] & BIT["inverted"]).bool().to(device))
        labels = torch.cat([photos.labels[index], renders.labels[drawn]]).to(device)
        yield Batch(augment.normalise(pixels), labels, facts.to(device), soft, maps)


def turned(maps: dict[int, torch.Tensor], which: torch.Tensor) -> dict[int, torch.Tensor]:
    """The teacher's maps of upright photos, upside down where the student sees the photo so."""
    return {
        side: torch.where(which.view(-1, 1, 1, 1), found.flip(2), found)
        for side, found in maps.items()
    }


def classification_loss(logits: torch.Tensor, batch: Batch, labelled: bool = True) -> torch.Tensor:
    """The teacher's opinion of the photos (Hinton et al. 2015, arXiv 1503.02531), and the labels."""
    logits, photos = logits.float(), len(batch.soft)
    log_soft = F.log_softmax(logits[:photos] / TEMPERATURE, 1)
    opinion = F.kl_div(log_soft, batch.soft, reduction="batchmean") * TEMPERATURE**2
    rendered = F.cross_entropy(logits[photos:], batch.labels[photos:], label_smoothing=0.05)
    if not labelled:  # pasted photos have no one label
        return opinion + RENDERS * rendered
    stated = F.cross_entropy(logits[:photos], batch.labels[:photos])
    return 0.7 * opinion + 0.3 * stated + RENDERS * rendered


def kept_share(progress: float) -> float:
    """What part of its patches a ViT sees: fewer early, when more pictures in the same time count for more."""
    return 0.4 if progress < 0.4 else 0.6 if progress < 0.75 else 1.0


def contrastive_loss(similarity: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Each picture among its captions and each caption among its pictures, the true ones sharing the probability.

    similarity (pictures, captions), scaled; true, the same shape: whether the caption is true of the picture.
    """
    shares = true.float()
    rows = -(shares / shares.sum(1, keepdim=True) * similarity.log_softmax(1)).sum(1)
    columns = -(shares / shares.sum(0, keepdim=True) * similarity.log_softmax(0)).sum(0)
    return (rows.mean() + columns.mean()) / 2
