"""The image sets Headlight offers by name. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOYBOX = Path(__file__).parent.parent / "assets" / "toybox"


@dataclass(frozen=True)
class Entry:
    """One set people can pick. source: a path for the kinds folder, hardened, zip and parquet, an id for the kind hub.

    config and split: which part of a Hub set to read, "" for the only one and for the one best suited to scoring.
    """

    name: str
    title: str
    kind: str  # a key of LOADERS in imagesets/__init__.py
    source: Path | str
    note: str = ""
    licence: str = "unknown"
    config: str = ""
    split: str = ""


_ENTRIES = (
    Entry(
        "toybox",
        "Toybox, bundled",
        "folder",
        TOYBOX,
        "8 things rendered in 5 conditions",
        "Apache-2.0",
    ),
    Entry(
        "toybox-hard",
        "Toybox made hard, bundled",
        "hardened",
        TOYBOX,
        "the 8 things noisy, covered, upside down, faint or small",
        "Apache-2.0",
    ),
    Entry(
        "cifar10",
        "CIFAR-10",
        "hub",
        "uoft-cs/cifar10",
        "10 classes, 10,000 test photos of 32 pixels",
        config="plain_text",
        split="test",
    ),
    Entry(
        "food101",
        "Food-101",
        "hub",
        "ethz/food101",
        "101 dishes, 25,250 validation photos, a download of 1.3 GB",
        config="default",
        split="validation",
    ),
    Entry(
        "imagenette",
        "Imagenette",
        "hub",
        "frgfm/imagenette",
        "10 easy classes of ImageNet, 3,925 validation photos of 320 pixels",
        "Apache-2.0",
        config="320px",
        split="validation",
    ),
    Entry(
        "pets",
        "Oxford-IIIT Pets",
        "hub",
        "timm/oxford-iiit-pet",
        "37 breeds of cats and dogs, 3,669 test photos, a download of 0.4 GB",
        "CC BY-SA 4.0",
        config="default",
        split="test",
    ),
    Entry(
        "brain-mri",
        "Brain MRI",
        "hub",
        "sartajbhuvaji/Brain-Tumor-Classification",
        "3 tumours and none, 394 test slices; for teaching, not for diagnosis",
        "MIT",
        config="default",
        split="Testing",
    ),
)
CATALOGUE: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
