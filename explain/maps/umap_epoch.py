"""One epoch of UMAP's stochastic descent, compiled (about a second, once); the interpreter is free while it runs."""

from __future__ import annotations

import numba
import numpy as np

PUSHES = 5  # random others for each link, umap-learn's negative_sample_rate
STEP = np.float32(4)  # the longest along an axis, at the full rate
NEAR = np.float32(1e-3)  # keeps the push between points that touch finite


@numba.njit(fastmath=True)
def clip(value):
    return min(max(value, -STEP), STEP)


@numba.njit(fastmath=True, nogil=True)
def epoch(points, heads, tails, period, turn, pushed, state, a, b, rate, number):
    """Move points (n, 2) float32 by the links whose turn it is in epoch `number`.

    heads, tails: (links,) places of what each joins, every link once in each direction. period: (links,) epochs from
    one of its turns to the next; turn, pushed: (links,) when it is next and up to when it has pushed. state: (1,)
    uint64, of Knuth's linear congruential generator. a, b: of the curve; rate: of the step. points, turn, pushed
    and state change.
    """
    for link in range(len(heads)):
        if turn[link] > number:
            continue
        turn[link] += period[link]
        head, tail = heads[link], tails[link]
        x, y = points[head, 0], points[head, 1]
        dx, dy = x - points[tail, 0], y - points[tail, 1]
        square = dx * dx + dy * dy
        if square > 0:
            pull = -2 * a * b * square ** (b - 1) / (1 + a * square**b)
            dx, dy = rate * clip(pull * dx), rate * clip(pull * dy)
            x, y = x + dx, y + dy
            points[tail, 0] -= dx
            points[tail, 1] -= dy
        pushes = int((number - pushed[link]) / period[link] * PUSHES)
        pushed[link] += pushes * period[link] / PUSHES
        for _ in range(pushes):
            state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            other = np.int64((state[0] >> np.uint64(33)) % np.uint64(len(points)))
            if other == head:
                continue
            dx, dy = x - points[other, 0], y - points[other, 1]
            square = dx * dx + dy * dy
            if square > 0:
                push = 2 * b / ((NEAR + square) * (1 + a * square**b))
                x, y = x + rate * clip(push * dx), y + rate * clip(push * dy)
        points[head, 0], points[head, 1] = x, y
