"""Solid shapes as signed distance functions, and objects made of them.

A distance function takes points (3, n) and returns, for each, how far it is from the surface:
negative inside, and (but for a few per cent on ellipsoids) never more than the true distance.
Formulas after Inigo Quilez, "Distance functions" (iquilezles.org/articles/distfunctions).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

Distance = Callable[[np.ndarray], np.ndarray]
Vector = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Part:
    """One primitive of an object and how it is painted."""

    distance: Distance
    paint: str = "body"
    blend: float = 0.0  # radius of the smooth union with the parts before it; 0 = a hard edge
    mirror: str = ""  # axes of symmetry: "z" makes a pair, "xz" four
    telling: bool = False  # one of the few parts that give the object away
    detail: bool = False  # too small to be a geon
    mark: Callable[[np.ndarray], np.ndarray] | None = None  # points -> (n,) share of mark_paint
    mark_paint: str = "accent"


Parts = tuple[Part, ...]


def _column(vector: Vector) -> np.ndarray:
    return np.asarray(vector, np.float32)[:, None]


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("in,in->n", vectors, vectors))


def turn(degrees: float, axis: str) -> np.ndarray:
    """Rotation (3, 3) by an angle about the x, y or z axis, counter-clockwise seen from its tip."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    rotation = np.eye(3, dtype=np.float32)
    rotation[first, first] = rotation[second, second] = cosine
    rotation[first, second], rotation[second, first] = -sine, sine
    return rotation


def ellipsoid(centre: Vector, radii: Vector, rotation: np.ndarray | None = None) -> Distance:
    """Ellipsoid with three radii (a bound on the distance, not exact)."""
    middle, inverse = _column(centre), 1 / _column(radii)

    def distance(points: np.ndarray) -> np.ndarray:
        local = points - middle if rotation is None else rotation.T @ (points - middle)
        scaled = local * inverse
        reach = _length(scaled)
        return reach * (reach - 1) / np.maximum(_length(scaled * inverse), 1e-6)

    return distance


def capsule(start: Vector, end: Vector, radius: float, end_radius: float | None = None) -> Distance:
    """Round stick between two points, tapering from one radius to the other."""
    origin, axis = _column(start), _column(end) - _column(start)
    squared = float((axis * axis).sum())
    growth = 0 if end_radius is None else end_radius - radius

    def distance(points: np.ndarray) -> np.ndarray:
        local = points - origin
        along = np.clip((axis.T @ local)[0] / squared, 0, 1)
        return _length(local - axis * along) - (radius + growth * along)

    return distance


def cone(
    start: Vector, end: Vector, radius: float, end_radius: float | None = None, rounding: float = 0
) -> Distance:
    """Cylinder or cut cone with flat ends between two points."""
    origin, axis = _column(start), _column(end) - _column(start)
    height = float(np.sqrt((axis * axis).sum()))
    axis = axis / height
    growth = 0 if end_radius is None else (end_radius - radius) / height
    slope = 1 / np.sqrt(1 + growth * growth)

    def distance(points: np.ndarray) -> np.ndarray:
        local = points - origin
        along = (axis.T @ local)[0]
        across = np.sqrt(np.maximum(np.einsum("in,in->n", local, local) - along * along, 0))
        side = (across - radius - growth * along) * slope + rounding
        ends = np.abs(along - height / 2) - height / 2 + rounding
        outside = np.hypot(np.maximum(side, 0), np.maximum(ends, 0))
        return outside + np.minimum(np.maximum(side, ends), 0) - rounding

    return distance


def box(
    centre: Vector, half: Vector, rounding: float = 0, rotation: np.ndarray | None = None
) -> Distance:
    """Box with three half sizes and rounded edges."""
    middle, inner = _column(centre), _column(half) - rounding

    def distance(points: np.ndarray) -> np.ndarray:
        local = points - middle if rotation is None else rotation.T @ (points - middle)
        beyond = np.abs(local) - inner
        return _length(np.maximum(beyond, 0)) + np.minimum(beyond.max(0), 0) - rounding

    return distance


def frustum(
    start: Vector,
    end: Vector,
    half: Vector,
    end_half: Vector,
    chord: Vector = (1, 0, 0),
    rounding: float = 0,
) -> Distance:
    """Tapered, slanted bar between two points: wings, fins, cabins.

    The cross-section is a rectangle with half sizes (along the chord, across it). Both ends stay
    parallel to the chord, as root and tip of a swept wing are.
    """
    origin, axis, first = _column(start), _column(end) - _column(start), _column(chord)
    sweep = float((axis * first).sum())
    span = axis - sweep * first
    height = float(np.sqrt((span * span).sum()))
    span = span / height
    frame = np.stack([span[:, 0], first[:, 0], np.cross(span[:, 0], first[:, 0])])  # (3, 3)
    widths = np.asarray(half, np.float32), np.asarray(end_half, np.float32)
    lean = max(abs(sweep) + abs(widths[1][0] - widths[0][0]), abs(widths[1][1] - widths[0][1]))
    slope = 1 / np.sqrt(1 + (lean / height) ** 2)

    def distance(points: np.ndarray) -> np.ndarray:
        along, over, across = frame @ (points - origin)
        share = np.clip(along / height, 0, 1)
        size = widths[0][:, None] + (widths[1] - widths[0])[:, None] * share
        ends = np.abs(along - height / 2) - height / 2
        sides = np.abs(over - sweep * share) - size[0], np.abs(across) - size[1]
        beyond = np.stack([ends, sides[0] * slope, sides[1] * slope]) + rounding
        return _length(np.maximum(beyond, 0)) + np.minimum(beyond.max(0), 0) - rounding

    return distance


def torus(centre: Vector, axis: Vector, radius: float, thickness: float) -> Distance:
    """Ring about an axis of unit length."""
    middle, normal = _column(centre), _column(axis)

    def distance(points: np.ndarray) -> np.ndarray:
        local = points - middle
        along = (normal.T @ local)[0]
        across = np.sqrt(np.maximum(np.einsum("in,in->n", local, local) - along * along, 0))
        return np.hypot(across - radius, along) - thickness

    return distance


def bent(shape: Distance, curl: float) -> Distance:
    """A shape whose sides curl upwards, by `curl` at one unit from the z = 0 plane."""

    def distance(points: np.ndarray) -> np.ndarray:
        flat = points.copy()
        flat[1] -= curl * points[2] ** 2
        return shape(flat) * np.float32(0.85)  # bending stretches space; stay on the safe side

    return distance


def carve(shape: Distance, *holes: Distance) -> Distance:
    """A shape with others cut out of it."""

    def distance(points: np.ndarray) -> np.ndarray:
        left = shape(points)
        for hole in holes:
            left = np.maximum(left, -hole(points))
        return left

    return distance


def pairs(*parts: Part) -> tuple[Part, ...]:
    """Parts that come twice, left and right."""
    return tuple(replace(part, mirror="z") for part in parts)


def telling(*parts: Part) -> tuple[Part, ...]:
    """The few parts that give the object away."""
    return tuple(replace(part, telling=True) for part in parts)


def details(*parts: Part) -> tuple[Part, ...]:
    """Parts too small to be a geon."""
    return tuple(replace(part, detail=True) for part in parts)


def part_distances(parts: Sequence[Part], points: np.ndarray) -> list[np.ndarray]:
    """Distance to each part, (n,) each, its mirror images included."""
    folded = {"": points}
    for axes in {part.mirror for part in parts} - {""}:
        folded[axes] = points.copy()
        for axis in axes:
            np.abs(folded[axes]["xyz".index(axis)], out=folded[axes]["xyz".index(axis)])
    return [part.distance(folded[part.mirror]) for part in parts]


def union(parts: Sequence[Part], points: np.ndarray, smooth: bool = True) -> np.ndarray:
    """Distance (n,) to the object, blended where parts ask for it unless `smooth` is off."""
    whole, *others = part_distances(parts, points)
    for part, other in zip(parts[1:], others, strict=True):
        joined = np.minimum(whole, other)
        if smooth and part.blend:
            overlap = np.maximum(part.blend - np.abs(whole - other), 0)
            joined -= overlap * overlap * (0.25 / part.blend)
        whole = joined
    return whole
