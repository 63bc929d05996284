"""Training pictures: real photographs and toybox renders as uint8 arrays, and the photos held out.

Photos: CIFAR-10 (Krizhevsky 2009), 32 px, ten of the fifteen categories. Renders: imagesets.toybox, 64 px, eight.
Decoded once, cached in the work folder, kept in memory: no image file is opened while training.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from models.catalogue import CATEGORIES
from models.pocket.captions import facts_of

RENDERED_ONLY = ("chair", "cup", "donkey", "duck", "hat")
PHOTO_CLASSES = "airplane car bird cat deer dog frog horse ship truck".split()
PHOTO_CATEGORIES = torch.tensor([CATEGORIES.index(name) for name in PHOTO_CLASSES])
HUB_SET = "uoft-cs/cifar10"
HELD_OUT = 5_000
SPLIT_SEED = 20_240
RENDERS_EACH = 300  # objects a category, each in every condition
SIDE = 64  # of every bundled model's input


@dataclass(frozen=True)
class Pictures:
    """images (n, 3, side, side) uint8; labels (n,) into CATEGORIES; facts (n,) as in captions.py."""

    images: torch.Tensor
    labels: torch.Tensor
    facts: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, index: torch.Tensor) -> "Pictures":
        return Pictures(self.images[index], self.labels[index], self.facts[index])


def load_photos(parquet: Path | None, cache: Path) -> Pictures:
    """All 50,000 training photos, from a parquet file of the Hub's layout or, without one, from the Hub."""
    if not cache.exists():
        rows = _parquet_rows(parquet) if parquet else _hub_rows()
        images, labels = zip(*rows, strict=True)
        save_arrays(cache, images=np.stack(images), labels=np.array(labels))
    stored = np.load(cache)
    labels = PHOTO_CATEGORIES[torch.from_numpy(stored["labels"])]
    return Pictures(_channels_first(stored["images"]), labels, _facts(labels))


def _facts(labels: torch.Tensor) -> torch.Tensor:
    return torch.tensor([facts_of(name, "photo") for name in CATEGORIES])[labels]


def load_renders(cache: Path, each: int = RENDERS_EACH) -> Pictures:
    """Toybox renders made for training, `each` objects a category in all conditions; none of the shipped pictures."""
    if not cache.exists():
        from imagesets import toybox

        samples = [
            sample
            for seed in range(toybox.TRAINING_SEED, toybox.TRAINING_SEED + each)
            for category in toybox.CATEGORIES
            for sample in toybox.render_all(category, seed, SIDE).values()
        ]
        save_arrays(
            cache,
            images=np.stack([np.asarray(sample.image) for sample in samples]),
            category=np.array([sample.category for sample in samples]),
            condition=np.array([sample.condition for sample in samples]),
            colour=np.array([sample.colour for sample in samples]),
        )
    stored = np.load(cache)
    known = [stored[name].tolist() for name in ("category", "condition", "colour")]
    labels = torch.tensor([CATEGORIES.index(name) for name in known[0]])
    facts = torch.tensor([facts_of(*words) for words in zip(*known, strict=True)])
    return Pictures(_channels_first(stored["images"]), labels, facts)


def _parquet_rows(parquet: Path) -> Iterator[tuple[np.ndarray, int]]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(parquet, columns=["img", "label"])
    files = table["img"].combine_chunks().field("bytes")
    for file, label in zip(files, table["label"].to_pylist(), strict=True):
        yield np.asarray(Image.open(io.BytesIO(file.as_py())).convert("RGB")), label


def _hub_rows() -> Iterator[tuple[np.ndarray, int]]:
    from datasets import load_dataset

    for row in load_dataset(HUB_SET, split="train"):
        yield np.asarray(row["img"].convert("RGB")), row["label"]


def _channels_first(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an npz so that an interrupted run never leaves half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    os.replace(partial, path)


def split(
    labels: torch.Tensor, held_out: int = HELD_OUT, seed: int = SPLIT_SEED
) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices (train, held out): the same every time, disjoint, as many of each class held out."""
    generator = torch.Generator().manual_seed(seed)
    classes = labels.unique()
    order = torch.randperm(len(labels), generator=generator)
    each = held_out // len(classes)
    held = torch.cat([order[labels[order] == label][:each] for label in classes])
    kept = torch.ones(len(labels), dtype=torch.bool)
    kept[held] = False
    return kept.nonzero().squeeze(1), held.sort().values


def batches(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Shuffled indices, `size` at a time; the incomplete last batch is left out."""
    yield from torch.randperm(count, generator=generator)[: count - count % size].split(size)
