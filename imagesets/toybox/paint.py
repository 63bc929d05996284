"""Colours and materials of the toybox, and how they cover an object.

Colours are linear light, (3,) or (3, n), from 0 to 1; `encode` makes them sRGB for the eye.
"""

import colorsys
from collections.abc import Sequence

import numpy as np

from imagesets.toybox.camera import Surface
from imagesets.toybox.patterns import pattern

COLOURS = {
    "red": (205, 28, 32),
    "green": (38, 150, 58),
    "blue": (32, 84, 205),
    "yellow": (246, 206, 38),
    "orange": (243, 122, 20),
    "purple": (124, 50, 166),
    "pink": (246, 140, 182),
    "brown": (122, 72, 38),
    "black": (30, 30, 32),
    "white": (240, 240, 238),
    "grey": (136, 138, 142),
}
MATERIALS = {
    "glass": (44, 58, 74),
    "rubber": (28, 28, 30),
    "steel": (176, 180, 186),
    "lamp": (255, 246, 205),
    "scarlet": (190, 16, 20),
    "coffee": (58, 34, 20),
    "black": (16, 15, 16),
    "pale": (228, 218, 202),
    "hoof": (44, 38, 34),
    "beak": (244, 140, 20),
    "mallard": (18, 84, 50),
}
GLOSS = {
    "glass": 1.0,
    "steel": 0.8,
    "black": 0.8,
    "lamp": 0.6,
    "rubber": 0.05,
    "coffee": 0.2,
    "pale": 0.02,
}
OWN = ("body", "trim")  # the paints that show the colour an object is named for
SKINS = ("body", "accent", "muzzle")  # the paints that carry its pattern


def decode(rgb: Sequence[float] | np.ndarray) -> np.ndarray:
    """sRGB (3,) from 0 to 255 -> linear light (3,)."""
    return (np.clip(np.asarray(rgb, np.float32), 0, 255) / 255) ** np.float32(2.2)


def encode(linear: np.ndarray) -> np.ndarray:
    """Linear light -> sRGB from 0 to 255, same shape."""
    return 255 * np.clip(linear, 0, 1) ** np.float32(1 / 2.2)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours (3,) or (3, n) mixed by the share (n,) of the second: (3, n)."""
    first = first[:, None] if first.ndim == 1 else first
    second = second[:, None] if second.ndim == 1 else second
    return first + (second - first) * share


def unlike(rng: np.random.Generator, avoid: np.ndarray, darkest: float = 0.25) -> np.ndarray:
    """A random muted colour, linear (3,), that stands apart from the colour to avoid."""
    for _ in range(30):
        hue, saturation, value = rng.random(), rng.uniform(0, 0.3), rng.uniform(darkest, 0.92)
        colour = decode(255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value)))
        if np.abs(encode(colour) - encode(avoid)).sum() > 190:
            break
    return colour


def palette(rng: np.random.Generator, colour: str, accents: Sequence[str]) -> dict[str, np.ndarray]:
    """Linear colour (3,) of every paint on an object of this colour.

    The accent is one of the colours in `accents`, or where there are none, a darker body.
    """

    def near(rgb: Sequence[float]) -> np.ndarray:
        return decode(np.array(rgb) * rng.uniform(0.94, 1.04))

    body = near(COLOURS[colour])
    others = [name for name in accents if name != colour]
    accent = near(COLOURS[str(rng.choice(others))]) if others else body * rng.uniform(0.4, 0.8)
    materials = {name: near(rgb) for name, rgb in MATERIALS.items()}
    return materials | {
        "body": body,
        "trim": body,
        "accent": accent.astype(np.float32),
        "muzzle": body + (1 - body) * np.float32(rng.uniform(0.05, 0.3)),
        "dark": body * np.float32(0.2),
        "crown": materials["mallard"] if colour == "brown" else body,
        "collar": near(COLOURS[str(rng.choice(["red", "blue", "green", "yellow"]))]),
    }


def albedo(
    rng: np.random.Generator, surface: Surface, paints: dict[str, np.ndarray], kind: str
) -> np.ndarray:
    """Colour (3, k) of the surface itself: the paint of each part, its pattern and its marks."""
    brightness, share = pattern(rng, kind)
    parts, points = surface.parts, surface.points
    colour = np.stack([paints[part.paint] for part in parts], axis=1)[:, surface.part]
    body = np.array([part.paint == "body" for part in parts])[surface.part]
    skin = np.array([part.paint in SKINS for part in parts])[surface.part]
    colour = mix(colour, paints["accent"], share(points) * body)
    for index, part in enumerate(parts):
        if part.mark:
            marked = part.mark(points) * (surface.part == index)
            colour = mix(colour, paints[part.mark_paint], marked.astype(np.float32))
    return colour * np.where(skin, brightness(points), np.float32(1))
