"""The dog, the donkey and the duck, described by primitives; see things.py for the conventions."""

from collections.abc import Callable

import numpy as np

from imagesets.toybox.shapes import (
    Distance,
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
    torus,
    turn,
)


def _legs(
    hips: tuple[float, float, float],
    thickness: tuple[float, float],
    foot: Callable[[tuple[float, float, float]], Distance],
    paint: str,
    stride: float,
    x: float,
) -> Parts:
    """A left and a right leg from hips to ground, one ahead of the other, each with a foot."""
    parts: Parts = ()
    for side in (1, -1):
        top, end = (hips[0], hips[1], side * hips[2]), (x + stride * side, 0.07, side * hips[2])
        parts += (Part(capsule(top, end, *thickness), blend=0.06), *telling(Part(foot(end), paint)))
    return parts


def dog(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    leg, girth, back, stride = u(0.32, 0.62), u(0.22, 0.28), u(0.42, 0.58), u(-0.14, 0.14)
    spine = leg + girth * 0.8
    head = np.array((back + u(0.28, 0.4), spine + u(0.38, 0.5), 0))
    nose, throat = head + (u(0.32, 0.43), -0.1, 0), np.array((back, spine + 0.08, 0))
    rump, wag = np.array((-back - 0.14, spine + 0.1, 0)), (-u(0.15, 0.45), u(0.2, 0.5), 0)
    if rng.random() < 0.65:  # hanging ears
        hung = head + (-0.08, -u(0.15, 0.26), 0.23)
        ear = frustum(head + (-0.04, 0.13, 0.15), hung, (0.07, 0.035), (0.11, 0.04), rounding=0.03)
    else:  # pricked ears
        ear = cone(head + (-0.05, 0.1, 0.1), head + (-0.06, 0.38, 0.14), 0.11, 0.02, 0.015)

    def paw(at: tuple[float, float, float]) -> Distance:
        return ellipsoid((at[0] + 0.05, 0.06, at[2]), (0.12, 0.065, 0.085))

    along = (head - throat) / np.linalg.norm(head - throat)
    return (
        Part(capsule((-back, spine + 0.02, 0), (back, spine, 0), girth * 0.85, girth)),
        Part(capsule(throat, head, girth * 0.72, 0.15), blend=0.12),
        *_legs((back - 0.02, spine, 0.14), (0.11, 0.075), paw, "muzzle", stride, back),
        *_legs((-back, spine, 0.14), (0.15, 0.075), paw, "muzzle", -stride, -back - 0.06),
        *pairs(Part(ellipsoid((-back - 0.02, spine - 0.08, 0.13), (0.17, 0.21, 0.1)), blend=0.08)),
        *details(Part(torus(throat + along * 0.2, along, girth * 0.66, 0.04), "collar")),
        *telling(
            Part(ellipsoid(head, (0.22, 0.2, 0.2)), blend=0.08),
            Part(capsule(head + (0.1, -0.06, 0), nose, 0.13, 0.085), "muzzle", 0.05),
            Part(ellipsoid(nose + (0.07, 0.05, 0), (0.05, 0.045, 0.06)), "black"),
            Part(ear, "accent", mirror="z"),
            *details(
                *pairs(Part(ellipsoid(head + (0.16, 0.09, 0.1), (0.04, 0.045, 0.04)), "black"))
            ),
            Part(capsule(rump, rump + wag, 0.07, 0.03), blend=0.05),
        ),
    )


def donkey(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    leg, girth, back, stride = u(0.58, 0.7), u(0.26, 0.32), u(0.45, 0.55), u(-0.13, 0.13)
    spine, long = leg + girth * 0.75, u(0.24, 0.3)
    poll = np.array((back + u(0.28, 0.4), spine + u(0.42, 0.56), 0))  # top of the head
    chin, crest = poll + (u(0.3, 0.38), -u(0.3, 0.4), 0), (back - 0.2, spine + girth * 0.9, 0)
    lean = turn(u(12, 28), "x") @ turn(u(-5, 25), "z")
    ear, inner = poll + (-0.04, 0.08, 0.07), (0.035, 0.0, 0.0)
    middle = ear + lean @ (0, long, 0)
    rump = np.array((-back - girth * 0.85, spine + 0.1, 0))
    tuft = np.array((rump[0] - u(0.05, 0.15), leg * 0.75, 0))

    def hoof(at: tuple[float, float, float]) -> Distance:
        return cone((at[0] + 0.02, 0, at[2]), (at[0], 0.13, at[2]), 0.085, 0.065)

    def belly(points: np.ndarray) -> np.ndarray:
        return 0.8 * np.clip((spine - girth * 0.45 - points[1]) * 9, 0, 1)

    parts = [
        Part(
            capsule((-back, spine, 0), (back, spine, 0), girth, girth * 0.95),
            mark=belly,
            mark_paint="pale",
        ),
        Part(capsule((back, spine + 0.08, 0), poll, girth * 0.75, 0.15), blend=0.12),
        *_legs((back, spine, 0.16), (0.1, 0.055), hoof, "hoof", stride, back + 0.02),
        *_legs((-back, spine, 0.16), (0.14, 0.055), hoof, "hoof", -stride, -back - 0.05),
        *telling(
            Part(capsule(poll, chin, 0.17, 0.11), blend=0.06),
            Part(ellipsoid(chin + (0.03, -0.03, 0), (0.14, 0.14, 0.135)), "pale"),
            *pairs(Part(ellipsoid(middle, (0.085, long * 1.15, 0.055), lean), blend=0.03)),
            Part(
                frustum(
                    poll + (-0.04, 0.16, 0), crest, (0.035, 0.09), (0.03, 0.06), (0, 0, 1), 0.02
                ),
                "dark",
            ),
            Part(capsule(rump, tuft, 0.035, 0.025)),
            Part(ellipsoid(tuft, (0.06, 0.15, 0.06)), "dark"),
            *details(
                *pairs(
                    Part(ellipsoid(middle + lean @ inner, (0.06, long * 0.95, 0.04), lean), "pale"),
                    Part(ellipsoid(poll + (0.14, -0.04, 0.12), (0.045, 0.05, 0.04)), "black"),
                    Part(ellipsoid(chin + (0.14, 0.02, 0.06), (0.03, 0.03, 0.025)), "black"),
                )
            ),
        ),
    ]
    if rng.random() < 0.4:
        x = u(-0.2, 0.1)
        cloth = cone((x - 0.22, spine, 0), (x + 0.22, spine, 0), girth + 0.03)
        under = box((x, spine - girth, 0), (1, girth * 0.9, 1))
        parts += details(Part(carve(cloth, under), "collar"))
    return tuple(parts)


def duck(rng: np.random.Generator, scene: str) -> Parts:
    u = rng.uniform
    body, size, length = u(0.33, 0.4), u(0.2, 0.25), u(0.24, 0.34)
    lift = -0.14 if scene == "water" else u(0.2, 0.26)
    chest = np.array((0.0, lift + body, 0))
    head = chest + (u(0.42, 0.54), u(0.55, 0.72), 0)
    beak = head + (size * 0.7, -0.04, 0)
    bill = frustum(beak, beak + (length, -0.04, 0), (0.13, 0.06), (0.13, 0.025), (0, 0, 1), 0.025)
    tail = capsule(chest + (-0.48, 0.1, 0), chest + (-u(0.8, 0.92), u(0.25, 0.36), 0), 0.2, 0.04)
    wing = ellipsoid(chest + (-0.1, 0.08, 0.35), (0.42, 0.2, 0.1), turn(-14, "z"))
    eye = ellipsoid(head + (size * 0.62, 0.07, size * 0.72), (0.045, 0.05, 0.04))
    wild = rng.random() < 0.7  # a brown duck is mostly a mallard
    parts = [
        Part(ellipsoid(chest, (0.62, body, 0.4))),
        Part(capsule(chest + (0.34, 0.1, 0), head, 0.22, 0.13), blend=0.12),
        *telling(
            Part(ellipsoid(head, (size * 1.1, size, size)), "crown" if wild else "body", 0.05),
            Part(bill, "beak"),
            Part(tail, blend=0.1),
            *pairs(Part(wing, "accent"), *details(Part(eye, "black"))),
        ),
    ]
    if scene != "water":
        shin = capsule((0.05, lift + 0.1, 0.16), (0.05, 0.03, 0.16), 0.04)
        web = frustum((0, 0.03, 0.16), (0.24, 0.03, 0.18), (0.05, 0.025), (0.13, 0.02), (0, 0, 1))
        parts += telling(*pairs(Part(shin, "beak"), Part(web, "beak")))
    return tuple(parts)
