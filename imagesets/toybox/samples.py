"""One picture of one thing in one condition, made from a seed alone.

What several conditions share, the object, its view and its traced surface, is worked out once and
kept for the next call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from imagesets.toybox.camera import FINER, Surface, View, frame, see
from imagesets.toybox.paint import GLOSS, OWN, albedo, encode, palette, unlike
from imagesets.toybox.scenes import CLASHES, lit, scene, surroundings
from imagesets.toybox.shapes import Parts
from imagesets.toybox.things import THINGS

CATEGORIES = tuple(THINGS)
CONDITIONS = ("realistic", "geons", "silhouettes", "blurred", "features")
TRAINING_SEED = 1_000_000  # training renders start here; the shipped set has seeds 0 to 7


@dataclass(frozen=True)
class Sample:
    """One picture, its ground-truth mask (255 = object) and what it shows."""

    image: Image.Image  # RGB
    mask: Image.Image  # L, 0 or 255
    colour: str  # of the main body; "" where it is not visible
    caption: str
    category: str
    condition: str
    scene: str  # one of SCENES, where it stands or flies; "" where that is not visible


@dataclass(frozen=True)
class Stage:
    """One object, its colour, where it is, and the view of it."""

    parts: Parts
    colour: str
    scene: str
    view: View


def render(category: str, condition: str, seed: int, size: int = 128) -> Sample:
    """One picture of `size` x `size` pixels; the same seed always gives the same pixels."""
    if category not in CATEGORIES or condition not in CONDITIONS:
        raise ValueError(
            f"The toybox has no {condition} {category}: choose one of {', '.join(CATEGORIES)} "
            f"in one of {', '.join(CONDITIONS)}."
        )
    surface = _surface(category, seed, size, _variant(condition))
    image = _IMAGES[condition](category, seed, size).copy()  # the original stays in the cache
    mask = np.where(surface.coverage(size) >= 0.5, 255, 0).astype(np.uint8)
    shows = condition in ("realistic", "blurred") or (
        condition == "features" and any(part.paint in OWN for part in surface.parts)
    )
    stage = _stage(category, seed, size)
    colour = stage.colour if shows else ""
    place = stage.scene if condition in ("realistic", "blurred") else ""
    words = _caption(category, condition, colour)
    return Sample(image, Image.fromarray(mask), colour, words, category, condition, place)


def render_all(category: str, seed: int, size: int = 128) -> dict[str, Sample]:
    """The same object from the same side in every condition, faster than one by one."""
    return {condition: render(category, condition, seed, size) for condition in CONDITIONS}


def _generator(category: str, seed: int, use: str) -> np.random.Generator:
    """Random numbers of their own for each use, so that a change in one leaves the others alone."""
    uses = ("object", "camera", "look", "condition")
    return np.random.default_rng([seed, CATEGORIES.index(category), uses.index(use)])


def _variant(condition: str) -> str:
    """Which geometry a condition shows."""
    return condition if condition in ("geons", "features") else "whole"


@lru_cache(maxsize=2)
def _stage(category: str, seed: int, size: int) -> Stage:
    thing, rng = THINGS[category], _generator(category, seed, "object")
    colour = thing.colours[(seed + 3 * CATEGORIES.index(category)) % len(thing.colours)]
    place = str(rng.choice([kind for kind in thing.scenes if CLASHES.get(kind) != colour]))
    parts = thing.build(rng, place)
    rng = _generator(category, seed, "camera")
    side, flies = 1 if rng.random() < 0.5 else -1, place == "sky"
    azimuth = side * rng.uniform(*thing.azimuths)
    elevation = rng.uniform(-18 if flies else thing.elevations[0], thing.elevations[1])
    tilt = rng.uniform(-15, 15) if flies else rng.uniform(-2, 2)
    view = frame(parts, azimuth, elevation, tilt, size, rng)
    return Stage(parts, colour, place, view)


@lru_cache(maxsize=6)
def _surface(category: str, seed: int, size: int, variant: str) -> Surface:
    """The object whole ("whole"), as bare primitives ("geons") or in telling parts ("features")."""
    stage = _stage(category, seed, size)
    parts = {
        "whole": stage.parts,
        "geons": tuple(part for part in stage.parts if not part.detail),
        "features": tuple(part for part in stage.parts if part.telling),
    }[variant]
    return see(parts, stage.view, smooth=variant == "whole")


@lru_cache(maxsize=2)
def _photo(category: str, seed: int, size: int, variant: str = "whole") -> Image.Image:
    """The object in its surroundings, or its telling parts alone before a plain ground."""
    stage, surface = _stage(category, seed, size), _surface(category, seed, size, variant)
    rng = _generator(category, seed, "look")
    paints = palette(rng, stage.colour, THINGS[category].accents)
    place = scene(rng, stage.scene, paints["body"])
    skin = albedo(rng, surface, paints, str(rng.choice(THINGS[category].patterns)))
    if variant == "features":
        plain = unlike(_generator(category, seed, "condition"), paints["body"], darkest=0.6)
        colours = np.repeat(plain[:, None], surface.hit.size, axis=1)
    else:
        colours = surroundings(place, stage.view, surface.distance)
    gloss = [GLOSS.get(part.paint, THINGS[category].gloss) for part in surface.parts]
    gloss = np.array(gloss, np.float32)[surface.part]
    colours[:, surface.hit] = lit(place, surface, stage.view, skin, gloss)
    return _picture(colours, size)


def _features(category: str, seed: int, size: int) -> Image.Image:
    return _photo(category, seed, size, "features")


def _blurred(category: str, seed: int, size: int) -> Image.Image:
    strength = _generator(category, seed, "condition").uniform(0.035, 0.055)
    return _photo(category, seed, size).filter(ImageFilter.GaussianBlur(size * strength))


def _geons(category: str, seed: int, size: int) -> Image.Image:
    """Grey primitives before a plain ground."""
    surface = _surface(category, seed, size, "geons")
    rng = _generator(category, seed, "condition")
    ground, solid = rng.uniform(0.55, 0.9), rng.uniform(0.2, 0.35)
    place = scene(rng, "studio", np.full(3, solid, np.float32))
    colours = np.full((3, surface.hit.size), ground, np.float32)
    grey = np.full(surface.points.shape, solid, np.float32)
    light = lit(place, surface, _stage(category, seed, size).view, grey, np.zeros(len(grey[0])))
    colours[:, surface.hit] = light.mean(0)
    return _picture(colours, size)


def _silhouette(category: str, seed: int, size: int) -> Image.Image:
    light = 1 - _surface(category, seed, size, "whole").coverage(size)
    return Image.fromarray(np.rint(255 * light).astype(np.uint8)).convert("RGB")


_IMAGES: dict[str, Callable[[str, int, int], Image.Image]] = {
    "realistic": _photo,
    "geons": _geons,
    "silhouettes": _silhouette,
    "blurred": _blurred,
    "features": _features,
}


def _picture(colours: np.ndarray, size: int) -> Image.Image:
    """Linear colours (3, n) of all rays -> the picture, averaged over the rays of each pixel."""
    mean = colours.reshape(3, size, FINER, size, FINER).mean((2, 4))
    return Image.fromarray(np.rint(encode(mean)).astype(np.uint8).transpose(1, 2, 0))


def _caption(category: str, condition: str, colour: str) -> str:
    words = f"{colour} {category}" if colour else category
    thing = f"an {words}" if words[0] in "aeiou" else f"a {words}"
    return {
        "realistic": f"a photo of {thing}",
        "geons": f"{thing} made of geons",
        "silhouettes": f"a silhouette of {thing}",
        "blurred": f"a blurred photo of {thing}",
        "features": f"parts of {thing}",
    }[condition]
