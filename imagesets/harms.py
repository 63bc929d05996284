"""What makes a picture hard to read: each takes (rows, columns, 3) in 0..255 and a random generator, and gives the same shape."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Random = np.random.Generator


def noisy(picture: np.ndarray, random: Random) -> np.ndarray:
    """Coarse noise over every colour."""
    rows, cols, _ = picture.shape
    coarse = random.normal(0, 70, (rows // 2 + 1, cols // 2 + 1, 3))
    return picture + coarse.repeat(2, 0).repeat(2, 1)[:rows, :cols]


def covered(picture: np.ndarray, random: Random) -> np.ndarray:
    """Grey squares over about half of it."""
    rows, cols, _ = picture.shape
    shape = (rows // 16 + 1, cols // 16 + 1)
    mask = (random.random(shape) < 0.5).repeat(16, 0).repeat(16, 1)[:rows, :cols]
    return np.where(mask[..., None], 128, picture)


def upside_down(picture: np.ndarray, random: Random) -> np.ndarray:
    return picture[::-1]


def faint(picture: np.ndarray, random: Random) -> np.ndarray:
    """Hardly any contrast."""
    return picture.mean() + 0.12 * (picture - picture.mean())


def small(picture: np.ndarray, random: Random) -> np.ndarray:
    """Half its size, somewhere on a plain ground of its mean colour."""
    rows, cols, _ = picture.shape
    image = Image.fromarray(picture.astype(np.uint8)).resize((cols // 2, rows // 2))
    found = np.broadcast_to(picture.mean((0, 1)), picture.shape).copy()
    top, left = random.integers(0, rows - rows // 2), random.integers(0, cols - cols // 2)
    found[top : top + rows // 2, left : left + cols // 2] = np.asarray(image)
    return found


HARMS: dict[str, Callable[[np.ndarray, Random], np.ndarray]] = {
    "noisy": noisy,
    "covered": covered,
    "upside down": upside_down,
    "faint": faint,
    "small": small,
}


def harmed(image: Image.Image, kind: str, name: str) -> Image.Image:
    """A picture after one of HARMS; the same name gives the same chance."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    pixels = HARMS[kind](np.asarray(image.convert("RGB"), dtype=float), random)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def harm(picture: Path, kind: str, name: str) -> bytes:
    """A picture file after one of HARMS, as a PNG file."""
    file = io.BytesIO()
    with Image.open(picture) as image:
        harmed(image, kind, name).save(file, "PNG")
    return file.getvalue()
