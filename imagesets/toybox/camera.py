"""The camera: where it stands, and which surface each of its rays meets.

Sphere tracing (Hart 1996): step along each ray by the distance to the nearest surface, until
that is nothing or the ray has left the object behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from imagesets.toybox.shapes import Distance, Part, part_distances, turn, union

STEPS = 48
PATIENCE = 36  # steps after which a ray that still creeps along a surface may count as a hit
NEAR_ENOUGH = 0.003  # a ray this close to the surface has met it; objects are about 2 units long
FINER = 2  # rays per pixel along each side
CELL = 0.11  # of the coarse grid that tells where the object is
HALF_DIAGONAL = np.float32(CELL * 0.75**0.5)  # of a cell
CORNERS = np.array(((-1.65, 0.0, -1.32), (1.65, 2.42, 1.32)), np.float32)  # of that grid


@dataclass(frozen=True)
class View:
    """A camera's rays, row by row from the top left, and where each could meet the object."""

    origin: np.ndarray  # (3,)
    rays: np.ndarray  # (3, n) unit vectors
    near: np.ndarray  # (n,) where the ray first comes close to the object; inf if it never does
    far: np.ndarray  # (n,) where it leaves the object's surroundings for good


@dataclass(frozen=True)
class Surface:
    """What the rays of a view met: k of the n rays hit the object."""

    parts: tuple[Part, ...]
    smooth: bool
    hit: np.ndarray  # (n,) bool
    points: np.ndarray  # (3, k)
    normals: np.ndarray  # (3, k) unit vectors
    part: np.ndarray  # (k,) index into parts

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Distance (n,) from points (3, n) to the object."""
        return union(self.parts, points, self.smooth)

    def coverage(self, size: int) -> np.ndarray:
        """Share (size, size) of each pixel that the object fills."""
        return self.hit.reshape(size, FINER, size, FINER).mean((1, 3))


def frame(
    parts: Sequence[Part],
    azimuth: float,
    elevation: float,
    tilt: float,
    size: int,
    rng: np.random.Generator,
) -> View:
    """A view (angles in degrees) of the whole object, at a random size and place in the frame."""
    grid, gaps = _coarse_grid(parts)
    touched = grid[:, gaps < HALF_DIAGONAL]  # cells that may hold some of the surface
    low, high = touched.min(1) - CELL / 2, touched.max(1) + CELL / 2
    axes = turn(tilt, "z").T @ _axes(azimuth, elevation)
    origin = ((low + high) / 2 - axes[2] * rng.uniform(4.5, 7)).astype(np.float32)
    across, up, depth = axes @ (grid[:, gaps < CELL / 2] - origin[:, None])
    seen = np.stack([across, up]) / depth  # (2, cells) on the image plane
    extent = seen.max(1) - seen.min(1) + 0.2 * CELL
    width = extent.max() / rng.uniform(0.68, 0.93)
    centre = (seen.max(1) + seen.min(1)) / 2 + (width - extent) / 2 * rng.uniform(-0.8, 0.8, 2)
    steps = (np.arange(size * FINER) + 0.5) / (size * FINER) - 0.5
    plane = np.meshgrid(centre[0] + width * steps, centre[1] - width * steps)
    rays = axes.T @ np.stack([plane[0].ravel(), plane[1].ravel(), np.ones(plane[0].size)])
    rays = (rays / np.linalg.norm(rays, axis=0)).astype(np.float32)
    box = View(origin, rays, *_crossing(origin, rays, low, high))
    return replace(box, near=_march(_lookup(gaps), box, close=0.02))


def _coarse_grid(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray]:
    """Points (3, cells) of a coarse grid around the object, and their distances (cells,) to it."""
    lines = [np.arange(low, high + CELL / 2, CELL) for low, high in CORNERS.T]
    grid = np.stack(np.meshgrid(*lines, indexing="ij")).reshape(3, -1).astype(np.float32)
    return grid, union(parts, grid)


def _lookup(gaps: np.ndarray) -> Distance:
    """A quick lower bound on the distance to the object, and to any selection of its parts."""
    counts = np.rint((CORNERS[1] - CORNERS[0]) / CELL).astype(np.int64) + 1
    safe = gaps - HALF_DIAGONAL  # no point is further from the middle of its cell

    def distance(points: np.ndarray) -> np.ndarray:
        index = np.rint((points - CORNERS[0][:, None]) / CELL).astype(np.int64)
        index = np.clip(index, 0, counts[:, None] - 1)
        return safe[np.ravel_multi_index(tuple(index), counts)]

    return distance


def _axes(azimuth: float, elevation: float) -> np.ndarray:
    """Right, up and forward unit vectors (3, 3) of a camera at these angles from the object."""
    side, rise = np.radians(azimuth), np.radians(elevation)
    forward = -np.array((np.cos(rise) * np.cos(side), np.sin(rise), np.cos(rise) * np.sin(side)))
    right = np.array((np.sin(side), 0, -np.cos(side)))
    return np.stack([right, np.cross(right, forward), forward])


def _crossing(
    origin: np.ndarray, rays: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where rays (3, n) enter and leave a box, (n,) each; (inf, 0) where they miss it."""
    inverse = 1 / np.where(np.abs(rays) < 1e-6, 1e-6, rays)
    first, second = (low - origin)[:, None] * inverse, (high - origin)[:, None] * inverse
    near, far = np.minimum(first, second).max(0), np.maximum(first, second).min(0)
    missed = near >= far
    near[missed], far[missed] = np.inf, 0
    return near.astype(np.float32), far.astype(np.float32)


def see(parts: tuple[Part, ...], view: View, smooth: bool) -> Surface:
    """The surface of an object from a view; what lies below the ground, y = 0, is not seen."""

    def distance(points: np.ndarray) -> np.ndarray:
        return union(parts, points, smooth)

    depth = _march(distance, view)
    points = view.origin[:, None] + view.rays * np.where(np.isfinite(depth), depth, 0)
    hit = np.isfinite(depth) & (points[1] > 0)
    points = points[:, hit]
    nearest = np.argmin(part_distances(parts, points), axis=0)
    return Surface(parts, smooth, hit, points, _normals(distance, points), nearest)


def _march(distance: Distance, view: View, close: float = NEAR_ENOUGH) -> np.ndarray:
    """How far along each ray the surface comes close, (n,); inf where it never does."""
    found = np.full(view.rays.shape[1], np.inf, np.float32)
    active, rays, travelled, far = np.arange(len(found)), view.rays, view.near, view.far
    for step in range(STEPS):
        onward = travelled < far
        active, rays = active[onward], rays[:, onward]
        travelled, far = travelled[onward], far[onward]
        if not len(active):
            break
        gap = distance(view.origin[:, None] + rays * travelled)
        met = gap < (close if step < PATIENCE else 8 * close)
        found[active[met]] = travelled[met]
        travelled = np.where(met, np.float32(np.inf), travelled + gap)
    return found


def _normals(distance: Distance, points: np.ndarray) -> np.ndarray:
    """Unit normals (3, n) of the surface at its points, from four nearby distances."""
    total = np.zeros_like(points)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        offset = np.array(corner, np.float32)[:, None]
        total += offset * distance(points + offset * np.float32(0.004))
    return total / np.maximum(np.linalg.norm(total, axis=0), 1e-6)
