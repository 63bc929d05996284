"""The airplane and the car, described by primitives; see things.py for the conventions."""

import numpy as np

from imagesets.toybox.shapes import (
    Part,
    Parts,
    box,
    capsule,
    carve,
    cone,
    details,
    ellipsoid,
    frustum,
    pairs,
    telling,
    turn,
)


def airplane(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    girth, span, sweep, tail = u(0.15, 0.2), u(0.95, 1.2), u(0.25, 0.6), u(0.34, 0.46)
    propeller = rng.random() < 0.35
    sweep *= 0.15 if propeller else 1
    chord, tip_chord = (0.22, 0.16) if propeller else (0.26, 0.09)
    lift = 0.64 if propeller and rng.random() < 0.5 else 0.46  # wings on the back or below
    root, tip = (0.12, lift, 0.05), (0.12 - sweep, lift + 0.05, span)
    hull = capsule((0.72, 0.52, 0), (-0.92, 0.6, 0), girth, girth * 0.45)
    wing = frustum(root, tip, (chord, 0.035), (tip_chord, 0.02), rounding=0.015)
    plane = frustum((-0.85, 0.6, 0), (-1.02, 0.64, tail), (0.15, 0.025), (0.08, 0.018))
    fin = frustum((-0.8, 0.6, 0), (-1.05, 0.62 + tail, 0), (0.19, 0.028), (0.09, 0.02))
    parts = [
        Part(hull, mark=_portholes, mark_paint="glass"),
        *details(Part(ellipsoid((0.76, 0.62, 0), (0.14, 0.08, girth * 0.8)), "glass")),
        *telling(
            *pairs(Part(wing, "accent", 0.05), Part(plane, "accent", 0.03)), Part(fin, blend=0.04)
        ),
    ]
    if propeller:
        nose = 0.72 + girth
        parts += telling(
            Part(cone((nose - 0.08, 0.52, 0), (nose + 0.1, 0.52, 0), 0.09, 0.02, 0.01), "steel"),
            Part(
                box((nose + 0.03, 0.52, 0), (0.015, 0.36, 0.035), 0.01, turn(u(0, 90), "x")),
                "rubber",
            ),
        )
    else:
        place = u(0.38, 0.5)
        x = 0.34 - place * sweep / span
        engine = cone((x, 0.37, place), (x - 0.32, 0.37, place), 0.09, 0.065, 0.02)
        parts += telling(*pairs(Part(engine, "steel")))
    if scene != "sky":
        legs = [((0.6, 0.35, 0), (0.6, 0.07, 0)), ((-0.15, 0.4, 0.2), (-0.15, 0.07, 0.25))]
        parts += details(*pairs(*(Part(capsule(*leg, 0.025), "steel") for leg in legs)))
        tyres = [
            cone((x, 0.1, z - 0.035), (x, 0.1, z + 0.035), 0.1)
            for x, z in ((0.6, 0), (-0.15, 0.25))
        ]
        parts += details(*pairs(*(Part(tyre, "rubber") for tyre in tyres)))
    return tuple(parts)


def _portholes(points: np.ndarray) -> np.ndarray:
    along, height = points[0], points[1]
    row = (np.abs(height - 0.585 + 0.04 * along) < 0.028) & (np.abs(along) < 0.6)
    return (row & (np.mod(along, 0.12) < 0.065)).astype(np.float32)


def car(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    wheel, width, axle = u(0.19, 0.23), u(0.4, 0.46), u(0.56, 0.64)
    front, rake, back, drop, roof = {
        "saloon": (u(0.25, 0.4), u(0.3, 0.4), u(-0.75, -0.6), u(0.2, 0.3), u(0.9, 1.0)),
        "hatchback": (u(0.3, 0.45), u(0.25, 0.4), u(-0.97, -0.9), u(0.05, 0.3), u(0.95, 1.1)),
        "van": (u(0.6, 0.75), u(0.25, 0.35), -0.98, 0.06, u(1.1, 1.25)),
    }[str(rng.choice(["saloon", "saloon", "hatchback", "van"]))]
    ahead, behind = front - rake, back + drop
    foot, head = ((front + back) / 2, 0.58, 0), ((ahead + behind) / 2, roof, 0)
    low, high = ((front - back) / 2, width * 0.92), ((ahead - behind) / 2, width * 0.76)
    arch = cone((axle, wheel, -1), (axle, wheel, 1), wheel * 1.22)
    hull = carve(box((0, 0.42, 0), (1.02, 0.21, width), 0.1), arch)
    tyre = cone((axle, wheel, width - 0.12), (axle, wheel, width + 0.02), wheel, rounding=0.03)
    hub = cone((axle, wheel, width), (axle, wheel, width + 0.035), wheel * 0.55)
    bumper = box((1, 0.29, 0), (0.05, 0.05, width * 0.96), 0.03)
    posts = [(front - 0.01, ahead), (foot[0], head[0]), (back + 0.01, behind)]
    pillars = [capsule((x, 0.57, low[1]), (y, roof - 0.02, high[1]), 0.03) for x, y in posts]
    lamp = ellipsoid((1.0, 0.47, width - 0.12), (0.05, 0.06, 0.09))
    tail_lamp = box((-1.0, 0.47, width - 0.1), (0.04, 0.06, 0.07), 0.02)

    def doors(points: np.ndarray) -> np.ndarray:
        gap = np.minimum(np.abs(points[0] - foot[0]), np.abs(points[0] - front + 0.06))
        return 0.7 * (gap < 0.012) * (np.abs(points[2]) > width * 0.9)

    return (
        Part(hull, mirror="x", mark=doors, mark_paint="rubber"),
        *telling(Part(frustum(foot, head, low, high), "glass")),
        Part(box((head[0], roof, 0), (high[0] + 0.02, 0.03, high[1] + 0.01), 0.025), blend=0.02),
        *details(*pairs(*(Part(pillar, blend=0.02) for pillar in pillars))),
        *telling(Part(tyre, "rubber", mirror="xz"), *details(Part(hub, "steel", mirror="xz"))),
        *telling(*details(*pairs(Part(lamp, "lamp"), Part(tail_lamp, "scarlet")))),
        *details(Part(bumper, "steel", mirror="x")),
        *details(Part(box((1.01, 0.45, 0), (0.025, 0.05, width * 0.5), 0.01), "rubber")),
    )
