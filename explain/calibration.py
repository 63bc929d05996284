"""Whether a model is as often right as it is sure: the reliability curve and the expected calibration error.

Guo et al. 2017 (arXiv 1706.04599), after Naeini et al. 2015 (doi 10.1609/aaai.v29i1.9602). With few images in a bin its
accuracy strays by chance, which can only add: the error of a perfectly calibrated model is not 0 on a small set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explain.metrics import Share

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Images whose confidence lies in (low, high]; confidence: their mean; share: how many of them are right."""

    low: float
    high: float
    confidence: float
    share: Share


@dataclass(frozen=True)
class Calibration:
    """The bins that hold an image, in order; ece: mean gap of confidence and accuracy, weighted by images; nan for none."""

    bins: tuple[Bin, ...]
    ece: float


def calibration(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> Calibration:
    """confidence (images,) fractions of the answer given, correct (images,) booleans → their Calibration.

    Bins are equally wide, each without its lower and with its upper edge; a confidence of 0 is in the first.
    """
    confidence = np.asarray(confidence, dtype=np.float64)
    if not len(confidence):
        return Calibration((), float("nan"))
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found = []
    for place in np.unique(places):
        inside = places == place
        share = Share(int(correct[inside].sum()), int(inside.sum()))
        found.append(
            Bin(
                float(edges[place]),
                float(edges[place + 1]),
                float(confidence[inside].mean()),
                share,
            )
        )
    gaps = [each.share.total * abs(each.share.accuracy - each.confidence) for each in found]
    return Calibration(tuple(found), sum(gaps) / len(confidence))
