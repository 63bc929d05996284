"""Which class a model answers to a picture: the one with the highest score, or none where several share the highest.

A model that cannot tell classes apart, because their texts are the same after its tokenizer or its outputs the same by
weight, gives them equal scores; which of them comes out first is then rounding, not an answer. Every tab, endpoint,
report and table takes its answers from here, and counts a picture without one (NO_ANSWER) in these ways:

- It is not right. Where no picture of a group has an answer there is no rate at all (`explain.scores.metrics.Share`).
- It is in no column of a confusion matrix, but in its class's support, and so in recall; means are nan without an answer.
- Calibration leaves it out: there is no answer whose confidence could be too high.
- In cells, McNemar's and Cochran's tests and flips it is not right; two of them are not "the same answer". A model
  without any answer takes no part in these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NO_ANSWER = -1
NAMED = 4  # classes, in a sentence
# Scores this close, relative to `scale`, are equal. One text encoded in batches of other sizes and lengths moved by up to
# 2.7e-7 (pocket-clip) and 9.5e-7 (ViT-B/32) of its unit length in float32 on a CPU, and no cosine can differ by more than
# that; the products themselves differ by less. Five times that is allowed: at CLIP's usual scale of 100 it is 0.0005 of a
# logit, 25.00 and 25.01 % of four classes. A picture's own noise moves all its scores alike and does not enter.
TOLERANCE = 5e-6


def answered(scores: np.ndarray, scale: float | np.ndarray | None = None) -> np.ndarray:
    """(images, classes) scores → (images,) index of the class answered, NO_ANSWER where several share the highest.

    scores: logits, or what differs from them by one number an image, such as logarithms of probabilities. scale: what
    rounding is relative to, one number or (images,): 1 for cosines of unit vectors, a CLIP's logit scale for its logits;
    None for an image's largest score by magnitude, as logits of a linear layer have it.
    """
    shared = sharing_the_highest(scores, scale).sum(1) > 1
    return np.where(shared, NO_ANSWER, np.asarray(scores).argmax(1))


def sharing_the_highest(scores: np.ndarray, scale: float | np.ndarray | None = None) -> np.ndarray:
    """(images, classes) booleans, True where a class's score is the highest or equals it but for rounding."""
    scores = np.asarray(scores)
    if scale is None:
        scale = np.abs(scores).max(1)
    margin = TOLERANCE * np.broadcast_to(scale, len(scores))
    return scores >= (scores.max(1) - margin)[:, None]


def same_texts(weights: np.ndarray) -> list[list[int]]:
    """(classes, dim) unit vectors, a class each → groups of classes that no picture can tell apart, in order."""
    groups: list[list[int]] = []
    for place, weight in enumerate(weights):
        same = (
            group for group in groups if np.linalg.norm(weights[group[0]] - weight) <= TOLERANCE
        )
        group = next(same, None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups


def name_of(code: int, names: Sequence[str]) -> str | None:
    """The class answered, by its index; None for NO_ANSWER."""
    return None if code == NO_ANSWER else names[code]


def note_of(scores: np.ndarray, names: Sequence[str], scale: float | None = None) -> str:
    """Which classes share the highest of one picture's scores (classes,), in a sentence; "" where it has an answer."""
    (shared,) = sharing_the_highest(np.asarray(scores)[None], scale)
    places = np.flatnonzero(shared)
    if len(places) < 2:
        return ""
    shown = ", ".join(f"“{names[place][:60]}”" for place in places[:NAMED])
    more = f" and {len(places) - NAMED:,} more" if len(places) > NAMED else ""
    return f"No answer: {shown}{more} get the same score, so the model cannot tell them apart."


def unanswered_note(predicted: np.ndarray) -> str:
    """How many of some pictures (images,) have no answer, and why, in a sentence; "" where all have one."""
    count, total = int((np.asarray(predicted) == NO_ANSWER).sum()), len(predicted)
    if not count:
        return ""
    if count == total:
        return (
            "No answer: the model gives these classes the same score in every picture, so it cannot tell them apart. "
            "Use words that it knows."
        )
    return (
        f"{count:,} of {total:,} pictures have no answer, because classes that the model cannot tell apart share the "
        "highest score; they count as not right."
    )
