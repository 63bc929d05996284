"""Whether a model is as often right as it is sure: the reliability curve and the expected calibration error.

Guo et al. 2017 (arXiv 1706.04599), after Naeini et al. 2015 (doi 10.1609/aaai.v29i1.9602). The error depends on the bins,
and is too large on a small set (Roelofs et al. 2022, arXiv 2012.08668): a bin's accuracy strays by chance, and every gap
counts, whichever way. A perfectly calibrated model whose confidences are spread evenly comes to about 0.10 on 100 images, to 0.01 on 10,000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explain.scores.metrics import Share

BINS = 10
ROUNDING = 1e-6  # by which float32 shares may sum to more than one


@dataclass(frozen=True)
class Bin:
    """Images with a confidence in (low, high]: their mean confidence, and the share of them that is right."""

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

    Bins are equally wide, each without its lower and with its upper edge; a confidence of 0 is in the first. Raises
    ValueError for confidences outside [0, 1] or not of the same images.
    """
    confidence, correct = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=bool)
    if confidence.shape != correct.shape or bins < 1:
        raise ValueError("Give a confidence for every answer, and at least one bin.")
    if not ((confidence >= 0) & (confidence <= 1 + ROUNDING)).all():
        raise ValueError("A confidence is a fraction from 0 to 1.")
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
