"""Training pictures: photographs and toybox renders as uint8 arrays, and those held out of all training.

Three sources, each squashed to a square of its own size: photographs of 48 things (128 px), CIFAR-10 (Krizhevsky 2009,
32 px) and toybox renders (112 px). Decoded once, kept as .npy files in the work folder and read through memory maps, so
that several training runs share one copy and no image file is opened while training.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from models.catalogue import CATEGORIES
from models.pocket.captions import facts_of

SIDE = 112  # pixels, of every bundled model's input
EARLY = 64  # pixels, while most of the training runs
SIDES = {"photos": 128, "cifar": 32, "renders": SIDE}
CIFAR_CLASSES = "airplane car bird cat deer dog frog horse boat truck".split()  # boat: its "ship"
CIFAR_CATEGORIES = torch.tensor([CATEGORIES.index(name) for name in CIFAR_CLASSES])
HUB_CIFAR = "uoft-cs/cifar10"
OF_IMAGENET = ("imagenet", "imagenette", "split_minidataset")  # Tiny ImageNet is "imagenet"
SPLIT_SEED = 20_240
RENDERS_EACH = 150  # objects a category, each in every condition


@dataclass(frozen=True)
class Pictures:
    """images (all, side, side, 3) uint8, of which `rows` (n,) are meant; labels (n,) into CATEGORIES; facts (n, FACTS) bool."""

    images: torch.Tensor
    rows: torch.Tensor
    labels: torch.Tensor
    facts: torch.Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: torch.Tensor) -> torch.Tensor:
        """(len(index), 3, side, side) uint8."""
        return self.images[self.rows[index]].permute(0, 3, 1, 2)

    def subset(self, index: torch.Tensor) -> Pictures:
        return replace(
            self, rows=self.rows[index], labels=self.labels[index], facts=self.facts[index]
        )


def load(
    photos: Path, cifar: Path | None, work: Path
) -> tuple[dict[str, Pictures], dict[str, Pictures]]:
    """(training, held out), by name: photos and cifar; for training alone renders.

    Of what is held out, "elsewhere" are the photos whose source is no part of ImageNet, which the teacher learned from.
    """
    photographs, photos_held = load_photos(photos, work)
    small, cifar_held = load_cifar(cifar, work)
    training = {"photos": photographs, "cifar": small, "renders": load_renders(work)}
    elsewhere = ~np.isin(_sources(work)[photos_held.rows.numpy()], OF_IMAGENET)
    held = {"photos": photos_held, "cifar": cifar_held}
    return training, held | {"elsewhere": photos_held.subset(torch.from_numpy(elsewhere))}


def load_photos(parquet: Path, work: Path) -> tuple[Pictures, Pictures]:
    """(training, held out): a tenth of every source of every category is held out, the same one every time."""
    if not (work / "photos.npz").exists():
        names, labels = [], []

        def pictures() -> Iterator[Image.Image]:
            for file, path, label in _rows(parquet, "image"):
                names.append(str(path).partition("/")[0])
                labels.append(CATEGORIES.index(label))
                yield Image.open(io.BytesIO(file)).convert("RGB")

        _save_images(work / "photos.npy", pictures(), SIDES["photos"])
        _save_arrays(work / "photos.npz", labels=np.array(labels), sources=np.array(names))
    labels = torch.from_numpy(np.load(work / "photos.npz")["labels"])
    groups = [f"{source} {label}" for source, label in zip(_sources(work), labels, strict=True)]
    return _parted(work / "photos.npy", labels, _photo_facts(labels), groups)


def _sources(work: Path) -> np.ndarray:
    """The source of each photo, (photos,), once they are decoded."""
    return np.load(work / "photos.npz")["sources"]


def load_cifar(parquet: Path | None, work: Path) -> tuple[Pictures, Pictures]:
    """CIFAR-10's 50,000 training photos as (training, held out), from a parquet file or from the Hub."""
    if not (work / "cifar.npz").exists():
        labels = []

        def pictures() -> Iterator[Image.Image]:
            for image, label in _cifar_rows(parquet):
                labels.append(label)
                yield image

        _save_images(work / "cifar.npy", pictures(), SIDES["cifar"])
        _save_arrays(work / "cifar.npz", labels=np.array(labels))
    labels = CIFAR_CATEGORIES[torch.from_numpy(np.load(work / "cifar.npz")["labels"])]
    return _parted(work / "cifar.npy", labels, _photo_facts(labels), labels.tolist())


def load_renders(work: Path, each: int = RENDERS_EACH) -> Pictures:
    """Toybox renders made for training, `each` objects a category in all conditions; none of the shipped pictures."""
    if not (work / "renders.npz").exists():
        from imagesets import toybox

        known = []

        def pictures() -> Iterator[Image.Image]:
            for seed in range(toybox.TRAINING_SEED, toybox.TRAINING_SEED + each):
                for category in toybox.CATEGORIES:
                    for sample in toybox.render_all(category, seed, SIDES["renders"]).values():
                        known.append(
                            (sample.category, sample.condition, sample.colour, sample.scene)
                        )
                        yield sample.image

        _save_images(work / "renders.npy", pictures(), SIDES["renders"])
        _save_arrays(work / "renders.npz", known=np.array(known))
    known = np.load(work / "renders.npz")["known"].tolist()
    labels = torch.tensor([CATEGORIES.index(words[0]) for words in known])
    facts = torch.stack([facts_of(*words) for words in known])
    return Pictures(_opened(work / "renders.npy"), torch.arange(len(labels)), labels, facts)


def tenth(groups: Sequence, seed: int = SPLIT_SEED) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices (training, held out): of every group a tenth is held out, rounded up; the same every time."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(groups), generator=generator).tolist()
    members: dict = {}
    for index in order:
        members.setdefault(groups[index], []).append(index)
    held = torch.tensor(
        sorted(i for found in members.values() for i in found[: -(-len(found) // 10)])
    )
    kept = torch.ones(len(groups), dtype=torch.bool)
    kept[held] = False
    return kept.nonzero().squeeze(1), held


def batches(count: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Shuffled indices for ever, `size` at a time; the incomplete last batch of a pass is left out."""
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order[: count - count % size].split(size)


def _parted(
    file: Path, labels: torch.Tensor, facts: torch.Tensor, groups: Sequence
) -> tuple[Pictures, Pictures]:
    whole = Pictures(_opened(file), torch.arange(len(labels)), labels, facts)
    kept, held = tenth(groups)
    return whole.subset(kept), whole.subset(held)


def _photo_facts(labels: torch.Tensor) -> torch.Tensor:
    return torch.stack([facts_of(name, "photo") for name in CATEGORIES])[labels]


def _rows(parquet: Path, column: str) -> Iterator[tuple[bytes, str, object]]:
    """(file, path, label) of every row of a parquet file in the datasets layout, a batch at a time."""
    import pyarrow.parquet

    for batch in pyarrow.parquet.ParquetFile(parquet).iter_batches(1000, columns=[column, "label"]):
        for image, label in zip(batch[column].to_pylist(), batch["label"].to_pylist(), strict=True):
            yield image["bytes"], image["path"], label


def _cifar_rows(parquet: Path | None) -> Iterator[tuple[Image.Image, int]]:
    if parquet:
        for file, _, label in _rows(parquet, "img"):
            yield Image.open(io.BytesIO(file)).convert("RGB"), label
        return
    from datasets import load_dataset

    for row in load_dataset(HUB_CIFAR, split="train"):
        yield row["img"].convert("RGB"), row["label"]


def _opened(file: Path) -> torch.Tensor:
    """(n, side, side, 3) uint8, read from disk where it is touched; never written to."""
    return torch.from_numpy(np.load(file, mmap_mode="c"))


def _save_images(file: Path, images: Iterable[Image.Image], side: int) -> None:
    squares = [np.asarray(image.resize((side, side), Image.BICUBIC)) for image in images]
    partial = file.with_suffix(".partial.npy")
    np.save(partial, np.stack(squares))
    os.replace(partial, file)


def _save_arrays(file: Path, **arrays: np.ndarray) -> None:
    """Write an npz so that an interrupted run never leaves half a file."""
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    os.replace(partial, file)
