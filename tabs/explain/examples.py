"""The example photos: photographs that scikit-image installs, and toybox pictures. Nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from tabs.wiring.packing import jpeg

TOYBOX = Path(__file__).parents[2] / "assets" / "toybox" / "realistic"
THUMBNAIL = 96  # pixels on the longer side


@dataclass(frozen=True)
class Example:
    """A photo to start from; title says what it shows."""

    path: Path
    title: str


@cache
def examples() -> tuple[Example, ...]:
    """Every example whose file is there, photographs first."""
    photographs = _scikit_image()
    found = [
        Example(photographs / "chelsea.png", "a cat"),
        Example(photographs / "coffee.png", "a cup of coffee"),
        Example(photographs / "rocket.jpg", "a rocket, on which the bundled models do not agree"),
        Example(photographs / "astronaut.png", "an astronaut"),
    ]
    found += [
        Example(path, f"{path.stem.removesuffix('_00')}, from the toybox")
        for path in sorted(TOYBOX.glob("*_00.png"))
    ]
    return tuple(example for example in found if example.path.is_file())


def thumbnail(example: Example) -> bytes:
    """A small square JPEG of an example."""
    with Image.open(example.path) as file:
        image = file.convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return jpeg(image.crop((left, top, left + side, top + side)).resize((THUMBNAIL, THUMBNAIL)))


def _scikit_image() -> Path:
    """The folder of scikit-image's pictures, found without importing it."""
    spec = find_spec("skimage")
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) / "data" if folders else Path("missing")
