"""The few likeliest classes of an image, and of many at once."""

from __future__ import annotations

import numpy as np

TOP = 5


def likeliest(probabilities: np.ndarray, count: int = TOP) -> tuple[np.ndarray, np.ndarray]:
    """(images, classes) → (images, count) class indices and their probabilities, the highest first.

    Of equal ones the first class leads, as `argmax` has it; fewer than `count` where there are fewer classes.
    """
    import torch

    best = torch.from_numpy(probabilities).topk(min(count, probabilities.shape[1])).indices.numpy()
    first = probabilities.argmax(1)
    for row in np.flatnonzero(best[:, 0] != first):  # topk breaks ties as it likes
        best[row] = [first[row], *best[row][best[row] != first[row]]][: best.shape[1]]
    return best, np.take_along_axis(probabilities, best, axis=1)
