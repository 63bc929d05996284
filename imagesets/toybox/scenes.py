"""Light and surroundings: what turns a traced shape into something like a photograph.

Colours are linear light, see paint.py. The ground is y = 0; behind the object stands a wall, or the
sky.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imagesets.toybox.camera import Surface, View
from imagesets.toybox.paint import decode, mix, unlike
from imagesets.toybox.patterns import noise
from imagesets.toybox.shapes import Distance

Covering = Callable[[np.ndarray], np.ndarray]  # places (2, n) on a plane -> colours (3, n)

SCENES = ("sky", "grass", "road", "water", "room", "studio")
CLASHES = {"grass": "green", "road": "grey"}  # a thing of this colour would be lost there
SUN = np.array((1.0, 0.97, 0.9), np.float32) * np.float32(0.95)
SHADOW_STEPS = tuple(0.04 * 1.36**step for step in range(12))  # up to 1.2


@dataclass(frozen=True)
class Scene:
    """The surroundings of one picture."""

    ground: Covering | None  # over (x, z)
    wall: Covering  # over (across, up)
    wall_distance: float  # from the middle of the object
    sun: np.ndarray  # (3,) unit vector towards it
    above: np.ndarray  # (3,) light from the sky or the ceiling
    below: np.ndarray  # (3,) light thrown back by the ground


def scene(rng: np.random.Generator, kind: str, avoid: np.ndarray) -> Scene:
    """Surroundings of a kind in SCENES that a thing of the colour to avoid stands out from."""
    azimuth, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 1.8)
    sun = np.array((np.cos(azimuth), height, np.sin(azimuth)), np.float32)
    ground_colour = _ground_colour(rng, kind, avoid)
    wall, distance = _heavens(rng, trees=kind in ("grass", "road")), rng.uniform(5, 9)
    if kind == "studio":
        ground = wall = _sweep(rng, ground_colour)
    elif kind == "room":
        ground, wall = _patterned(rng, ground_colour), _patterned(rng, unlike(rng, avoid))
        distance = rng.uniform(1.3, 3)
    elif kind == "water":
        ground = _rippled(rng, ground_colour)
    else:
        ground = _speckled(rng, ground_colour, 0.35 if kind == "grass" else 0.12)
    strength = rng.uniform(0.4, 0.6)
    return Scene(
        None if kind == "sky" else ground,
        wall,
        distance,
        sun / np.linalg.norm(sun),
        np.array((0.9, 0.96, 1.0), np.float32) * np.float32(strength),
        (0.3 + 0.7 * ground_colour) * np.float32(strength * 0.6),
    )


def _ground_colour(rng: np.random.Generator, kind: str, avoid: np.ndarray) -> np.ndarray:
    if kind == "grass":
        return decode(rng.uniform((72, 105, 35), (125, 160, 70)))
    if kind == "road":
        return decode(rng.uniform(85, 165) + np.array((0, 0, 4)))
    if kind == "water":
        return decode(rng.uniform((45, 95, 120), (100, 150, 180)))
    return unlike(rng, avoid)


def _sweep(rng: np.random.Generator, colour: np.ndarray) -> Covering:
    """A photographer's seamless paper."""
    soft = noise(rng, 2, 0.35)
    return lambda places: colour[:, None] * (1 + 0.18 * soft(places))


def _speckled(rng: np.random.Generator, colour: np.ndarray, grain: float) -> Covering:
    fine, coarse = noise(rng, 2, 18, 2), noise(rng, 2, 1.5, 2)
    return lambda places: colour[:, None] * (1 + 0.2 * coarse(places) + grain * fine(places))


def _rippled(rng: np.random.Generator, colour: np.ndarray) -> Covering:
    ripple, stretch = noise(rng, 2, 1.3, 3), np.array([[1.0], [4.0]], np.float32)

    def paint(places: np.ndarray) -> np.ndarray:
        height = ripple(places * stretch)
        glint = np.clip(height - 0.55, 0, 1)
        return colour[:, None] * (1 + 0.4 * height) + glint * np.float32(0.6)

    return paint


def _heavens(rng: np.random.Generator, trees: bool) -> Covering:
    """A sky, clear or clouded, above a row of trees where there may be one."""
    top = decode(rng.uniform((55, 115, 190), (115, 170, 235)))
    bottom = decode(rng.uniform((165, 200, 225), (225, 232, 240)))
    wood = decode(np.array((48, 74, 38)) * rng.uniform(0.6, 1.3))
    cloud, leaves = noise(rng, 2, rng.uniform(0.3, 0.7), 4), noise(rng, 2, 1.3, 3)
    cover = rng.uniform(-0.9, 0.3)
    tree_height = rng.uniform(0.3, 1.2) if trees and rng.random() < 0.6 else -np.inf

    def paint(places: np.ndarray) -> np.ndarray:
        colour = mix(bottom, top, np.clip(places[1] / 5 + 0.4, 0, 1))
        white = np.full(3, 0.93, np.float32)
        colour = mix(colour, white, np.clip((cloud(places) + cover) * 1.6, 0, 0.95))
        leaf = leaves(places)
        foliage = wood[:, None] * (1 + 0.5 * leaf)
        return mix(colour, foliage, (places[1] < tree_height + 0.3 * leaf).astype(np.float32))

    return paint


def _patterned(rng: np.random.Generator, colour: np.ndarray) -> Covering:
    """A plain, tiled, planked, cloudy or blotched surface in shades of one colour."""
    other = np.clip(colour * rng.uniform(0.6, 1.35) + rng.normal(0, 0.012, 3), 0.01, 1)
    other, pitch = other.astype(np.float32), np.float32(rng.uniform(0.3, 0.7))
    soft, fine, blob = noise(rng, 2, 0.7), noise(rng, 2, 12, 2), noise(rng, 2, rng.uniform(1, 3))
    share = {
        "plain": lambda p: np.zeros(p.shape[1], np.float32),
        "tiles": lambda p: np.mod(np.floor(p / pitch).sum(0), 2),
        "planks": lambda p: 0.5 + 0.5 * np.sin(12.9 * np.floor(p[1] / pitch)),
        "cloudy": lambda p: 0.5 + 0.5 * blob(p),
        "blotches": lambda p: np.clip(blob(p) * 5, 0, 1),
    }
    chosen = share[str(rng.choice(list(share)))]
    return lambda p: mix(colour, other, chosen(p)) * (1 + 0.12 * soft(p) + 0.05 * fine(p))


def surroundings(place: Scene, view: View, distance: Distance) -> np.ndarray:
    """Colour (3, n) that the rays bring from ground and wall, the object's shadow included."""
    ahead = view.rays.mean(1)[[0, 2]]
    ahead /= np.linalg.norm(ahead)
    flat, start = view.rays[[0, 2]], view.origin[[0, 2]]
    reach = (place.wall_distance - start @ ahead) / np.maximum(ahead @ flat, 1e-3)
    sideways = np.array((-ahead[1], ahead[0]), np.float32)
    on_wall = np.stack([sideways @ flat * reach, view.origin[1] + view.rays[1] * reach])
    colour = place.wall(on_wall.astype(np.float32)).astype(np.float32)
    if place.ground is None:
        return colour
    fall = -view.origin[1] / np.minimum(view.rays[1], -1e-4)
    seen = (view.rays[1] < -1e-4) & (fall < reach)
    points = view.origin[:, None] + view.rays[:, seen] * fall[seen]
    colour[:, seen] = place.ground(points[[0, 2]]) * _ground_light(place, distance, points)
    return colour


def _ground_light(place: Scene, distance: Distance, points: np.ndarray) -> np.ndarray:
    """Share (n,) of the light that reaches the ground at points (3, n) near the object."""
    gap = distance(points)
    light = np.clip(0.3 + gap / 0.5, 0, 1)
    near = np.flatnonzero(gap < SHADOW_STEPS[-1] * 1.3)  # no shadow falls further
    light[near] *= 0.38 + 0.62 * _sunlit(place, distance, points[:, near])
    return light


def _sunlit(place: Scene, distance: Distance, points: np.ndarray) -> np.ndarray:
    """Share (n,) of the sun that points (3, n) see, soft at the edge of the object's shadow."""
    share, sun = np.ones(points.shape[1], np.float32), place.sun[:, None]
    for step in SHADOW_STEPS:
        share = np.minimum(share, 0.5 + distance(points + sun * np.float32(step)) / (0.55 * step))
    return np.clip(share, 0, 1)


def lit(
    place: Scene, surface: Surface, view: View, albedo: np.ndarray, gloss: np.ndarray
) -> np.ndarray:
    """Colour (3, k) of a surface of this albedo (3, k) and gloss (k,) as the camera sees it."""
    normals, towards = surface.normals, view.rays[:, surface.hit]
    lifted = surface.points + normals * np.float32(0.03)
    facing = np.maximum(place.sun @ normals, 0) * _sunlit(place, surface.distance, lifted)
    around = mix(place.below, place.above, 0.5 + 0.5 * normals[1]) * _openness(surface)
    slant = np.einsum("in,in->n", towards, normals)
    mirrored = towards - 2 * slant * normals
    seen = mix(place.below * 0.7, place.above * 1.6, np.clip(mirrored[1] * 2.5 + 0.3, 0, 1))
    fresnel = gloss * (0.06 + 0.6 * np.clip(1 + slant, 0, 1) ** 4)
    spark = gloss * np.maximum(place.sun @ mirrored, 0) ** 50 * (facing > 0)
    diffuse = albedo * (around + SUN[:, None] * facing)
    return mix(diffuse, seen, fresnel) + spark


def _openness(surface: Surface) -> np.ndarray:
    """Ambient occlusion (k,): 1 on an open surface, less in corners and close to the ground."""
    hidden = np.zeros(surface.points.shape[1], np.float32)
    for step in (0.08, 0.2):
        gap = surface.distance(surface.points + surface.normals * np.float32(step))
        hidden += np.maximum(step - gap, 0) / step
    return np.clip(1 - 0.4 * hidden, 0.25, 1) * np.clip(0.55 + 1.5 * surface.points[1], 0, 1)
