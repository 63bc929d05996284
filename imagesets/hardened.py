"""The toybox made hard: its realistic renders noisy, covered, upside down, faint or small.

Models that are all but perfect on the renders themselves part here, so there is something to compare without internet.
The kinds of harm follow Hendrycks and Dietterich 2019 (arXiv 1903.12261); the pictures are made when the set is loaded,
the same ones every time.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from imagesets.catalogue import Entry
from imagesets.folder import load_folder
from imagesets.labelled import ImageSet, Item, Progress, draw, image_set

PLAIN = "realistic"
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


def load_hardened(entry: Entry, limit: int, seed: int, progress: Progress) -> ImageSet:
    """Every realistic picture of the set in a folder, harmed in each way; at most `limit` of them."""
    whole = load_folder(replace(entry, kind="folder"), 10_000, seed, progress)
    plain = [item for item in whole.items if item.condition == PLAIN]
    asked = [(item, condition) for condition in HARMS for item in plain]
    places = sorted(draw([item.label for item, _ in asked], limit, seed))
    items = []
    for done, place in enumerate(places):
        progress(done / len(places), "Making the pictures")
        items.append(_harmed(*asked[place]))
    return image_set(entry.name, entry.title, [item.label for item, _ in asked], items, {})


def _harmed(item: Item, condition: str) -> Item:
    name = f"{condition}/{item.name.rpartition('/')[2]}"
    with Image.open(item.content) as image:
        picture = np.asarray(image.convert("RGB"), dtype=float)
    random = np.random.default_rng(zlib.crc32(name.encode()))
    pixels = np.clip(HARMS[condition](picture, random), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return Item(file.getvalue(), item.label, condition, name, f"a {item.label}, {condition}")
