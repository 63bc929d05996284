"""The chair, the cup and the hat, described by primitives; see things.py for the conventions."""

import numpy as np

from imagesets.toybox.shapes import (
    Part,
    Parts,
    bent,
    box,
    capsule,
    carve,
    cone,
    details,
    ellipsoid,
    pairs,
    telling,
    torus,
    turn,
)


def chair(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    half, deep, seat, thick = u(0.36, 0.45), u(0.34, 0.42), u(0.72, 0.9), u(0.035, 0.055)
    top, lean, splay = seat + u(0.75, 1.0), u(0.05, 0.2), u(0, 0.1)
    foot, side = deep - 0.05 + splay, half - 0.05
    leg = capsule((deep - 0.05, seat, side), (foot, 0.03, side + splay), thick, thick * 0.7)
    low, high = np.array((-deep + 0.04, seat, side)), np.array((-deep - lean, top, side))
    back = [Part(capsule(low, high, thick), mirror="z")]
    if rng.random() < 0.4:  # a solid back
        tilt = turn(np.degrees(np.arctan2(lean + 0.04, top - seat)), "z")
        middle = low + (high - low) * 0.64 - (0, 0, side)
        back.append(Part(box(middle, (0.03, (top - seat) * 0.36, side), 0.03, tilt)))
    else:
        for share in np.linspace(0.35, 1, rng.integers(2, 5)):
            x, y, _ = low + (high - low) * share
            back.append(Part(box((x, y - 0.04, 0), (0.025, 0.06, side), 0.02)))
    parts = [
        Part(box((0, seat, 0), (deep, 0.05, half), 0.04), str(rng.choice(["accent", "body"]))),
        *telling(Part(leg, mirror="xz"), *back),
    ]
    if rng.random() < 0.3:
        arm = (-deep, seat + 0.36, half), (deep - 0.08, seat + 0.34, half)
        support = capsule((deep - 0.1, seat, half), arm[1], 0.035)
        parts += pairs(Part(capsule(*arm, 0.04)), Part(support))
    return tuple(parts)


def cup(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    height, foot, mouth, wall = u(0.8, 1.25), u(0.34, 0.5), u(0.46, 0.62), 0.05
    ring, thick = height * u(0.24, 0.31), u(0.055, 0.08)
    grip = (mouth + foot) / 2 + ring * 0.3
    inside = cone((0, 0.08, 0), (0, height + 0.1, 0), foot - wall, mouth - wall)
    solid = cone((0, 0, 0), (0, height, 0), foot, mouth)
    handle = torus((grip, height * 0.52, 0), (0, 0, 1), ring, thick)
    parts = [
        Part(carve(cone((0, 0, 0), (0, height, 0), foot, mouth, 0.03), inside)),
        *telling(
            Part(carve(handle, inside), "trim", 0.05),
            Part(torus((0, height, 0), (0, 1, 0), mouth - 0.025, 0.04), "trim"),
        ),
    ]
    if rng.random() < 0.5:
        drink = cone((0, height * 0.5, 0), (0, height * 0.84, 0), foot - 0.03, mouth - wall - 0.02)
        parts += details(Part(drink, "coffee"))
    if rng.random() < 0.35:
        saucer = cone((0, 0, 0), (0, 0.05, 0), mouth * 1.55, rounding=0.02)
        parts.append(Part(carve(saucer, solid), "trim"))
    return tuple(parts)


def hat(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    brim, radius, height, curl = u(0.75, 1.0), u(0.4, 0.48), u(0.46, 0.64), u(0.04, 0.18)
    style = str(rng.choice(["fedora", "bowler", "top hat", "cowboy"]))
    dent = ellipsoid((0, height + 0.1, 0), (radius * 0.95, 0.22, 0.14))
    if style == "top hat":
        brim, height = u(0.66, 0.76), u(0.75, 0.95)
        crown = cone((0, 0, 0), (0, height, 0), radius, radius * u(0.95, 1.12), 0.02)
    elif style == "bowler":
        dome = ellipsoid((0, 0.1, 0), (radius, height, radius))
        crown = carve(dome, box((0, -0.5, 0), (2, 0.5, 2)))
    else:
        crown = carve(cone((0, 0, 0), (0, height, 0), radius, radius * 0.76, 0.1), dent)
    if style == "cowboy":
        brim, curl = u(0.9, 1.0), u(0.22, 0.36)
    hole = cone((0, -1, 0), (0, 2, 0), radius - 0.03)
    flat = carve(cone((0, 0, 0), (0, 0.05, 0), brim, rounding=0.024), hole)
    band = carve(cone((0, 0.03, 0), (0, 0.18, 0), radius + 0.018, radius + 0.008), hole)
    return (Part(crown), *telling(Part(bent(flat, curl), blend=0.05), Part(band, "accent")))
