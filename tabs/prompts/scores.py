"""What one try of prompts on a set comes to, counted every way the Prompts tab shows it.

Nothing here belongs to a person: a question carries all it needs, what it is compared with too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from explain.classes.prompts import (
    Pairing,
    Prompts,
    Scored,
    class_weights,
    leave_one_out,
    pair,
    prompts_of,
    read_prompts,
    score,
)
from explain.scores.metrics import Share, mcnemar
from explain.scores.scoreboard import Scoreboard, scoreboard
from imagesets.labelled import draw
from tabs.prompts.tries import Asked, Wording
from tabs.sets import EmbeddedSet, clip_set
from tabs.sets.prompt_notes import notes
from tabs.sets.shares import bar, number
from tabs.sets.templates import template_sums
from tabs.wiring.listening import attentive
from tabs.wiring.slowly import Progress, Step

if TYPE_CHECKING:
    from torch import Tensor

    from imagesets import ImageSet


SEED = 0  # of the two halves
FLIPPED = 24  # pictures named in each direction


@dataclass(frozen=True)
class Try:
    """Prompts scored on a set. per_template: (templates, classes, dim) sums.

    counted: (pictures,) whether each counts: in the half asked for, and of a class that a line stands for. truth:
    (pictures,) line of each picture's class, 0 where there is none. scored: over all pictures, counted or not.
    """

    set: EmbeddedSet
    prompts: Prompts
    pairing: Pairing
    per_template: Tensor
    weights: Tensor
    counted: np.ndarray
    truth: np.ndarray
    scored: Scored

    @property
    def board(self) -> Scoreboard:
        chosen = slice(None) if self.counted.all() else self.counted
        return scoreboard(
            self.truth[chosen],
            self.scored.predicted[chosen],
            self.prompts.classes,
            self.set.conditions[chosen],
        )


def tried(
    found: EmbeddedSet,
    classes: str,
    templates: str,
    half: str = "all",
    progress: Progress | None = None,
) -> Try:
    """The prompts as typed, scored on a set; no classes are the set's own. progress may raise to stop. PromptError or
    ValueError are for people.
    """
    prompts = asked_prompts(found.images, classes, templates)
    pairing = pair(found.images.classes, prompts)
    lines = np.array([pairing.lines.get(name, -1) for name in found.images.classes])
    truth = lines[found.codes]
    counted = truth >= 0
    if half != "all":
        counted &= halves(found) == (half == "confirm")
    if not counted.any():
        names = ", ".join(found.images.classes[:8])
        raise ValueError(
            f"No line stands for a class of this set ({names}). Name at least one, as in the set or as a synonym after |."
        )
    truth = np.maximum(truth, 0)
    per_template = template_sums(found.clip, prompts, progress)
    weights = class_weights(per_template)
    scored = score(found.encoded.features, weights, truth)
    return Try(found, prompts, pairing, per_template, weights, counted, truth, scored)


def read(found: EmbeddedSet, wording: Wording, progress: Progress) -> None:
    """Have the CLIP read the prompts, which are then kept for `tried`. PromptError or ValueError are for people."""
    template_sums(
        found.clip, asked_prompts(found.images, wording.classes, wording.templates), progress
    )


def asked_prompts(images: ImageSet, classes: str, templates: str) -> Prompts:
    """As typed; without classes, the set's own."""
    if classes.strip():
        return read_prompts(classes, templates)
    return prompts_of(images.classes, templates)


def halves(found: EmbeddedSet) -> np.ndarray:
    """(pictures,) booleans, True in the half to confirm on: every other picture of each class and condition, shuffled."""
    groups = [f"{code} {name}" for code, name in zip(found.codes, found.conditions, strict=True)]
    order: dict[str, int] = {}
    second = np.zeros(len(groups), dtype=bool)
    for place in draw(groups, len(groups), SEED):
        order[groups[place]] = order.get(groups[place], -1) + 1
        second[place] = order[groups[place]] % 2 == 1
    return second


def answered(asked: Asked, progress: Progress) -> dict[str, Any]:
    """All that the page shows of a try, and what changed since the pinned one; progress may raise to stop."""
    start = time.perf_counter()
    found = clip_set(asked.source, asked.limit, asked.wording.model, progress)
    return {**answer_of(found, asked, progress), "seconds": time.perf_counter() - start}


def answer_of(found: EmbeddedSet, asked: Asked, progress: Progress | None = None) -> dict[str, Any]:
    """As `answered`, of a set that is ready."""
    heard = progress or attentive()
    now = tried(found, asked.wording.classes, asked.wording.templates, asked.half, heard)
    board = now.board
    said = [{"field": "classes", "text": board.note}] if board.note else []
    return {
        **figures(board),
        "half": asked.half,
        "templates": now.prompts.templates,
        "notes": [
            *said,
            *notes(found.clip, now.prompts, asked.wording.templates),
            *_left_out(now),
        ],
        "change": _change(now, board, asked, asked.pinned, heard) if asked.pinned else None,
        "leave_out": _leave_out(now, heard) if asked.leave_out else None,
    }


def figures(board: Scoreboard) -> dict[str, Any]:
    """The counts as the browser draws them: bars with intervals, the confusion matrix, and its commonest mistakes
    as [truth, answer, pictures]; no matrix for many classes."""
    scores, dense = board.scores, board.confusion
    return {
        "overall": bar(board.overall),
        "classes": board.classes,
        "per_class": [
            {
                "name": name,
                **bar(board.per_class.get(name, Share(0, 0))),
                "precision": float(scores.precision[line]),
                "recall": float(scores.recall[line]),
                "f1": float(scores.f1[line]),
            }
            for line, name in enumerate(board.classes)
        ],
        "per_condition": [
            {"name": name, **bar(each)} for name, each in board.per_condition.items()
        ],
        "confusion": None if dense is None else dense.tolist(),
        "mistakes": board.mistakes.tolist(),
        "no_answer": board.unanswered.tolist(),
        "note": board.note,
        "macro": {
            "precision": number(scores.macro_precision),
            "recall": number(scores.macro_recall),
            "f1": number(scores.macro_f1),
        },
        "weighted": {"f1": number(scores.weighted_f1)},
    }


def _left_out(now: Try) -> list[dict[str, Any]]:
    """What the pairing of lines and classes did that a person would not expect."""
    said = []
    if names := now.pairing.unasked:
        places = {name: place for place, name in enumerate(now.set.images.classes)}
        count = int(np.isin(now.set.codes, [places[name] for name in names]).sum())
        shown = ", ".join(f"“{name}”" for name in names[:6]) + (" …" if len(names) > 6 else "")
        said.append(
            f"No line stands for {shown} of this set: {count:,} pictures are left out. "
            "Add the name to a line, after a | if it is a synonym."
        )
    if pairs := now.pairing.by_order:
        shown = ", ".join(f"“{line}” for “{name}”" for name, line in pairs[:4])
        more = " …" if len(pairs) > 4 else ""
        said.append(f"Paired by their order in the list: {shown}{more}.")
    return [{"field": "classes", "text": text} for text in said]


def _leave_out(now: Try, progress: Progress) -> list[dict[str, Any]]:
    """Accuracy without each template in turn."""
    features, truth = now.set.encoded.features, now.truth
    if not now.counted.all():
        features, truth = features[now.counted], truth[now.counted]
    rates = leave_one_out(
        features,
        now.per_template,
        truth,
        lambda done: progress(Step(done, "Leaving one template out")),
    )
    return [
        {"template": template, "rate": number(rate)}
        for template, rate in zip(now.prompts.templates, rates, strict=False)
    ]


def _change(
    now: Try, board: Scoreboard, asked: Asked, pin: Wording, progress: Progress
) -> dict[str, Any]:
    """The pinned prompts on the same pictures: their bars, and the pictures that flipped; p None where one of the two
    answers none.
    """
    before = pinned(now, pin, asked, progress)
    then = before.board
    comparable = board.overall.counts and then.overall.counts
    both = now.counted & before.counted & comparable
    right, was_right = now.scored.correct, before.scored.correct
    difference = mcnemar(right[both], was_right[both])
    better, worse = both & right & ~was_right, both & ~right & was_right
    moved = now.scored.margins - before.scored.margins
    return {
        "overall": bar(then.overall),
        "note": then.note,
        "per_class": {name: number(each.accuracy) for name, each in then.per_class.items()},
        "per_condition": {name: number(each.accuracy) for name, each in then.per_condition.items()},
        "total": int(both.sum()),
        "better": {"count": difference.only_first, "places": _furthest(better, moved)},
        "worse": {"count": difference.only_second, "places": _furthest(worse, -moved)},
        "p": difference.p if comparable else None,
    }


def pinned(now: Try, wording: Wording, asked: Asked, progress: Progress | None = None) -> Try:
    """The pinned prompts on the set of `now`."""
    same = wording.model == now.set.model.name
    found = now.set if same else clip_set(asked.source, asked.limit, wording.model, progress)
    return tried(found, wording.classes, wording.templates, asked.half, progress)


def _furthest(chosen: np.ndarray, moved: np.ndarray) -> list[int]:
    """Places of the chosen pictures that moved furthest first."""
    places = np.flatnonzero(chosen)
    return places[np.argsort(-moved[places], kind="stable")][:FLIPPED].tolist()
