"""Every figure of a comparison, as the page, the report and the API show it: rates are fractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from explain.classes.answers import NO_ANSWER
from explain.classes.prompts import prompts_of
from explain.scores.calibration import calibration
from explain.scores.comparison import cochrans_q, pairwise
from explain.scores.metrics import ClassScores, Share, class_scores, macro_f1_interval, share
from tabs.compare import cells
from tabs.compare.asks import CompareQuestion
from tabs.compare.comparison import Comparison, compared, left_out
from tabs.sets.prompt_notes import notes
from tabs.sets.shares import bar
from tabs.wiring.slowly import Progress

CLASSES = 100  # listed; of more, those that the models differ most on
CONDITIONS = 100
ENOUGH = 10  # pictures a class, on average, for macro F1's interval


def answered(asked: CompareQuestion, progress: Progress) -> dict[str, Any]:
    """All that the page shows of a comparison, but pictures; progress may raise to stop."""
    return figures(compared(asked.source, asked.limit, asked.models, progress))


def figures(found: Comparison) -> dict[str, Any]:
    """A comparison in numbers and words."""
    right, shown = found.right, cells.listed_cells(found)
    return {
        "pictures": len(found.places),
        "choices": len(found.classes),
        "class_count": len(np.unique(found.truth)),
        "models": {
            **{key: _model(found, key, right[row]) for row, key in enumerate(found.answers)},
            **{key: {"error": why} for key, why in (found.unable | found.silent).items()},
        },
        "left_out": left_out(found),
        "pairs": _pairs(found, right),
        "cochran": _cochran(right),
        "per_class": _per_class(found, right),
        "per_condition": _per_condition(found, right),
        "cells": shown,
        "first": cells.first(shown),
        "labels": {
            key: _mapped(found, key) for key, each in found.models.items() if each.label_map
        },
    }


def scores(found: Comparison, key: str) -> ClassScores:
    """A model's precision, recall and F1, over the classes that are compared."""
    return class_scores(*_among(found, key), len(found.classes))


def _model(found: Comparison, key: str, right: np.ndarray) -> dict[str, Any]:
    model, answers, counted = found.models[key].model, found.answers[key], scores(found, key)
    given = answers.predicted != NO_ANSWER
    curve = calibration(answers.confidence[given], right[given])
    return {
        "name": model.name,
        "overall": bar(share(right, answers.predicted)),
        "macro": {**_means(counted, "macro"), "interval": _interval(found, key)},
        "weighted": _means(counted, "weighted"),
        "free": None if answers.unrestricted is None else bar(share(answers.unrestricted)),
        "outputs": None if model.reads_texts else len(model.labels),
        "parameters": model.parameters,
        "confidence": float(answers.confidence[given].mean()),
        "ece": curve.ece,
        "calibration": [
            {"from": b.low, "to": b.high, "confidence": b.confidence, **bar(b.share)}
            for b in curve.bins
        ],
        "notes": _notes(found, key),
    }


def _among(found: Comparison, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Truth and answers as indices into the classes that are compared."""
    truth, predicted = found.truth, found.answers[key].predicted
    places = np.searchsorted(found.classes, predicted)
    places = np.where(predicted == NO_ANSWER, NO_ANSWER, places)
    return np.searchsorted(found.classes, truth), places


def _means(counted: ClassScores, kind: str) -> dict[str, float]:
    return {name: getattr(counted, f"{kind}_{name}") for name in ("precision", "recall", "f1")}


def _interval(found: Comparison, key: str) -> tuple[float, float] | None:
    """Macro F1's interval; None where classes have too few pictures for it to hold, or there are very many."""
    present = len(np.unique(found.truth))
    if present > CLASSES or len(found.truth) < ENOUGH * present:
        return None
    return macro_f1_interval(*_among(found, key), len(found.classes))


def _notes(found: Comparison, key: str) -> list[str]:
    """What a CLIP makes of its prompts that a person would not expect."""
    each = found.models[key]
    if each.label_map is not None:
        return []
    template = each.choice.template
    prompts = prompts_of(found.names, template)
    return [note["text"] for note in notes(each.embedded.clip, prompts, template)]


def _pairs(found: Comparison, right: np.ndarray) -> list[dict[str, Any]]:
    pairs = [dict(vars(pair)) for pair in pairwise(right, list(found.answers))]
    for pair in pairs:
        pair["low"], pair["high"] = pair.pop("interval")
    return pairs


def _cochran(right: np.ndarray) -> dict[str, float] | None:
    found = cochrans_q(right)
    return found and {"q": found[0], "p": found[1]}


def _per_class(found: Comparison, right: np.ndarray) -> list[dict[str, Any]]:
    """Every class with a picture in the comparison, in the set's order; of very many, those that differ most."""
    classes, count = len(found.names), len(found.answers)
    totals = np.bincount(found.truth, minlength=classes)
    hits = np.stack([np.bincount(found.truth[row], minlength=classes) for row in right])
    none = found.predicted == NO_ANSWER
    unanswered = np.stack([np.bincount(found.truth[row], minlength=classes) for row in none])
    shown = np.flatnonzero(totals)
    if len(shown) > CLASSES:
        spread = np.ptp(hits[:, shown] / totals[shown], axis=0)
        shown = np.sort(shown[np.argsort(-spread, kind="stable")[:CLASSES]])

    def shares(code: int) -> dict[str, Any]:
        each = (
            Share(int(hits[row, code]), int(totals[code]), int(unanswered[row, code]))
            for row in range(count)
        )
        return dict(zip(found.answers, map(bar, each), strict=True))

    return [{"name": found.names[code], "shares": shares(code)} for code in shown.tolist()]


def _per_condition(found: Comparison, right: np.ndarray) -> list[dict[str, Any]]:
    """Every condition, in the set's order."""
    shown = []
    for name in found.labelled.images.conditions[:CONDITIONS]:
        chosen = found.conditions == name
        shares = (
            bar(share(row[chosen], each.predicted[chosen]))
            for row, each in zip(right, found.answers.values(), strict=True)
        )
        if chosen.any():
            shown.append({"name": name, "shares": dict(zip(found.answers, shares, strict=True))})
    return shown


def _mapped(found: Comparison, key: str) -> dict[str, Any]:
    """What the editor of a label map says while it is closed."""
    classes = len(found.names)
    return {"classes": classes, "mapped": classes - len(found.models[key].unmapped)}
