"""Random patterns: smooth noise in any number of dimensions, and the skins that things may have.

Value noise: random values at the corners of a grid, smoothly interpolated, at several scales.
"""

from collections.abc import Callable
from itertools import product

import numpy as np

Values = Callable[[np.ndarray], np.ndarray]  # points (dimensions, n) -> (n,)

SIDE = 16  # the noise repeats after this many grid cells


def noise(rng: np.random.Generator, dimensions: int, frequency: float, octaves: int = 1) -> Values:
    """Smooth random values, about -1 to 1, varying `frequency` times per unit and faster."""
    table = rng.uniform(-1, 1, (SIDE,) * dimensions).astype(np.float32)
    shift = rng.uniform(0, SIDE, (dimensions, 1)).astype(np.float32)

    def at(points: np.ndarray) -> np.ndarray:
        total = np.zeros(points.shape[1], np.float32)
        for octave in range(octaves):
            place = points * np.float32(frequency * 2**octave) + shift * (octave + 1)
            cell = np.floor(place)
            share = place - cell
            share = share * share * (3 - 2 * share)
            cell = cell.astype(np.int64)
            for corner in product((0, 1), repeat=dimensions):
                weight = np.float32(0.5**octave)
                for far, part in zip(corner, share, strict=True):
                    weight = weight * (part if far else 1 - part)
                index = tuple((row + far) % SIDE for row, far in zip(cell, corner, strict=True))
                total += table[index] * weight
        return total

    return at


def pattern(rng: np.random.Generator, kind: str) -> tuple[Values, Values]:
    """How a skin varies over an object's points (3, n): its brightness, and its share of accent."""
    fine, coarse = noise(rng, 3, 24, 2), noise(rng, 3, 3)
    pitch = rng.uniform(0.14, 0.26)
    brightness = {
        "fur": lambda p: 1 + 0.22 * fine(p) + 0.08 * coarse(p),
        "wood": lambda p: 1 + 0.18 * np.sin(30 * p[2] + 9 * coarse(p)) + 0.1 * fine(p),
        "weave": lambda p: 1 + 0.22 * np.sin(p[0] * 40) * np.sin(p[1] * 40 + p[2] * 40),
    }.get(kind, lambda p: 1 + 0.03 * fine(p))
    accent = {
        "bands": lambda p: np.mod(p[1] / pitch, 2) < 0.7,
        "dots": lambda p: _dots(p, 1.3 * pitch),
        "patches": lambda p: coarse(p) > 0.25,
    }.get(kind, lambda p: np.zeros(p.shape[1]))
    return brightness, lambda points: accent(points).astype(np.float32)


def _dots(points: np.ndarray, pitch: float) -> np.ndarray:
    """Dots on a grid around the y axis and up along it."""
    around = np.arctan2(points[2], points[0]) * 0.5
    place = np.mod(np.stack([around, points[1]]) / pitch, 1) - 0.5
    return np.hypot(*place) < 0.25
