"""Every figure of a comparison, as the page, the report and the API show it: rates are fractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from explain.classes.prompts import prompts_of
from explain.scores.calibration import calibration
from explain.scores.comparison import cochrans_q, pairwise
from explain.scores.metrics import ClassScores, Share, class_scores, macro_f1_interval, share
from tabs.compare.asks import CompareAsked
from tabs.compare.contest import Contest, contest
from tabs.compare.patterns import first, left_out, patterns
from tabs.prompts.tries import Wording
from tabs.prompts.wordings import notes

CLASSES = 100  # listed; of more, those that the models differ most on
CONDITIONS = 100
NOTED = 1000  # class names that are looked over for words a CLIP never saw
ENOUGH = 10  # pictures a class, on average, for macro F1's interval


def answered(asked: CompareAsked) -> dict[str, Any]:
    """All that the page shows of a comparison, but pictures."""
    return figures(contest(asked.source, asked.limit, asked.entrants))


def figures(found: Contest) -> dict[str, Any]:
    """A contest in numbers and words."""
    right, cells = found.right, patterns(found)
    return {
        "pictures": len(found.places),
        "choices": len(found.classes),
        "class_count": len(np.unique(found.truth)),
        "models": {
            **{key: _model(found, key, right[row]) for row, key in enumerate(found.answers)},
            **{key: {"error": why} for key, why in found.unable.items()},
        },
        "left_out": left_out(found),
        "pairs": _pairs(found, right),
        "cochran": _cochran(right),
        "per_class": _per_class(found, right),
        "per_condition": _per_condition(found, right),
        "cells": cells,
        "first": first(cells),
        "labels": {key: _mapped(found, key) for key, seat in found.seats.items() if seat.labels},
    }


def scores(found: Contest, key: str) -> ClassScores:
    """A model's precision, recall and F1, over the classes that are compared."""
    return class_scores(*_among(found, key), len(found.classes))


def _model(found: Contest, key: str, right: np.ndarray) -> dict[str, Any]:
    seat, answers, counted = found.seats[key], found.answers[key], scores(found, key)
    curve = calibration(answers.confidence, right)
    return {
        "name": seat.model.name,
        "overall": _rate(share(right)),
        "macro": {**_means(counted, "macro"), "interval": _interval(found, key)},
        "weighted": _means(counted, "weighted"),
        "free": None if answers.free is None else _rate(share(answers.free)),
        "outputs": None if seat.labels is None else len(seat.model.labels),
        "parameters": seat.model.parameters,
        "confidence": float(answers.confidence.mean()),
        "ece": curve.ece,
        "calibration": [
            {"from": b.low, "to": b.high, "confidence": b.confidence, **_rate(b.share)}
            for b in curve.bins
        ],
        "notes": _notes(found, key),
    }


def _rate(found: Share) -> dict[str, Any]:
    """A share as the browser draws it."""
    low, high = found.interval
    rate = found.accuracy if found.total else None
    return {"rate": rate, "correct": found.correct, "total": found.total, "low": low, "high": high}


def _among(found: Contest, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Truth and answers as indices into the classes that are compared."""
    truth, predicted = found.truth, found.answers[key].predicted
    return np.searchsorted(found.classes, truth), np.searchsorted(found.classes, predicted)


def _means(counted: ClassScores, kind: str) -> dict[str, float]:
    return {name: getattr(counted, f"{kind}_{name}") for name in ("precision", "recall", "f1")}


def _interval(found: Contest, key: str) -> tuple[float, float] | None:
    """Macro F1's interval; None where classes have too few pictures for it to hold, or there are very many."""
    present = len(np.unique(found.truth))
    if present > CLASSES or len(found.truth) < ENOUGH * present:
        return None
    return macro_f1_interval(*_among(found, key), len(found.classes))


def _notes(found: Contest, key: str) -> list[str]:
    """What a CLIP makes of its prompts that a person would not expect."""
    seat = found.seats[key]
    if seat.labels is not None:
        return []
    template = seat.entrant.template
    prompts = prompts_of(found.names[:NOTED], template)
    said = notes(seat.model, prompts, Wording(seat.model.name, "", template))
    return [note["text"] for note in said]


def _pairs(found: Contest, right: np.ndarray) -> list[dict[str, Any]]:
    pairs = [dict(vars(pair)) for pair in pairwise(right, list(found.answers))]
    for pair in pairs:
        pair["low"], pair["high"] = pair.pop("interval")
    return pairs


def _cochran(right: np.ndarray) -> dict[str, float] | None:
    found = cochrans_q(right)
    return found and {"q": found[0], "p": found[1]}


def _per_class(found: Contest, right: np.ndarray) -> list[dict[str, Any]]:
    """Every class with a picture in the comparison, in the set's order; of very many, those that differ most."""
    classes, count = len(found.names), len(found.answers)
    totals = np.bincount(found.truth, minlength=classes)
    hits = np.stack([np.bincount(found.truth[row], minlength=classes) for row in right])
    shown = np.flatnonzero(totals)
    if len(shown) > CLASSES:
        spread = np.ptp(hits[:, shown] / totals[shown], axis=0)
        shown = np.sort(shown[np.argsort(-spread, kind="stable")[:CLASSES]])

    def shares(code: int) -> dict[str, Any]:
        each = (Share(int(hits[row, code]), int(totals[code])) for row in range(count))
        return dict(zip(found.answers, map(_rate, each), strict=True))

    return [{"name": found.names[code], "shares": shares(code)} for code in shown]


def _per_condition(found: Contest, right: np.ndarray) -> list[dict[str, Any]]:
    """Every condition, in the set's order."""
    shown = []
    for name in found.labelled.images.conditions[:CONDITIONS]:
        chosen = found.conditions == name
        shares = (_rate(share(row[chosen])) for row in right)
        if chosen.any():
            shown.append({"name": name, "shares": dict(zip(found.answers, shares, strict=True))})
    return shown


def _mapped(found: Contest, key: str) -> dict[str, Any]:
    """What the editor of a label map says while it is closed."""
    classes = len(found.names)
    return {"classes": classes, "mapped": classes - len(found.seats[key].missing)}
