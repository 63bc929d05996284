"""Several models' answers to the same pictures, among the same classes, side by side.

Models of one set may have read different pictures and know different classes. What one of them cannot read or answer is left
out for all, so that no model has the easier task; who it was is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from explain.classes.answers import NO_ANSWER, unanswered_note
from explain.scores.comparison import Cells, cells
from models import FAMILIES
from tabs.compare.asks import ModelChoice
from tabs.compare.compared_model import Answers, ComparedModel, answers, compared_model
from tabs.sets import LabelledSet, labelled_set
from tabs.wiring.slowly import Progress

NO_MODEL = "Choose at least one model to compare."
NAMED = 6  # classes named in a sentence


@dataclass(frozen=True)
class Comparison:
    """Models by key, in order, on the pictures and among the classes that all of them can read and answer.

    models: every one; answers: of those that know a class and answer at all; unable: key → why not, of those that know
    none; silent: key → why, of those that have no answer to any picture (explain/classes/answers.py). classes:
    (classes,) indices into the set's. places: (pictures,) among the set's items; truth: (pictures,) indices into the
    set's classes. left_out: key → the classes a model has no output for; unread: pictures that some model could not read.
    """

    labelled: LabelledSet
    models: dict[str, ComparedModel]
    answers: dict[str, Answers]
    classes: np.ndarray
    places: np.ndarray
    truth: np.ndarray
    conditions: np.ndarray
    unable: dict[str, str]
    silent: dict[str, str]
    left_out: dict[str, tuple[str, ...]]
    unread: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the set's classes, compared or not."""
        return self.labelled.images.classes

    @property
    def predicted(self) -> np.ndarray:
        """(models, pictures) indices into the set's classes."""
        return np.stack([each.predicted for each in self.answers.values()])

    @property
    def right(self) -> np.ndarray:
        """(models, pictures) booleans."""
        return self.predicted == self.truth

    @property
    def margins(self) -> np.ndarray:
        """(models, pictures)"""
        return np.stack([each.margins for each in self.answers.values()])

    @property
    def cells(self) -> Cells:
        return cells(self.right, self.predicted)


def compared(
    source: str | Path,
    limit: int,
    choices: Mapping[str, ModelChoice],
    progress: Progress | None = None,
) -> Comparison:
    """As `gathered`; ValueError where none of the models answers any picture."""
    found = gathered(source, limit, choices, progress)
    if not found.answers:
        raise ValueError(next(iter(found.silent.values())))
    return found


def gathered(
    source: str | Path,
    limit: int,
    choices: Mapping[str, ModelChoice],
    progress: Progress | None = None,
) -> Comparison:
    """The comparison of some models on the set at `source`; progress may raise to stop. ValueError and OSError are for
    people.
    """
    if not choices:
        raise ValueError(NO_MODEL)
    models = {
        key: compared_model(source, limit, key, each, progress) for key, each in choices.items()
    }
    able = {key: each for key, each in models.items() if not each.knows_no_class}
    unable = {key: _why_unable(each) for key, each in models.items() if each.knows_no_class}
    if not able:
        raise ValueError(next(iter(unable.values())))
    return _on_shared_ground(labelled_set(source, limit), models, able, unable, progress)


def _on_shared_ground(
    labelled: LabelledSet,
    models: dict[str, ComparedModel],
    able: dict[str, ComparedModel],
    unable: dict[str, str],
    progress: Progress | None,
) -> Comparison:
    left_out = {key: each.unmapped for key, each in able.items()}
    lost = set().union(*left_out.values())
    classes = np.flatnonzero([name not in lost for name in labelled.images.classes])
    if not len(classes):
        raise ValueError(
            "There is no class of this set that all of these models can answer. Complete their label maps, or leave one out."
        )
    found = {key: answers(each, classes, progress) for key, each in able.items()}
    read = [each.places for each in found.values()]
    places = reduce(np.intersect1d, read)
    if not len(places):
        raise ValueError("No picture that was drawn is of a class that all of these models know.")
    shared = {key: each.at(places) for key, each in found.items()}
    answering = {key: each for key, each in shared.items() if (each.predicted != NO_ANSWER).any()}
    return Comparison(
        labelled=labelled,
        models=models,
        answers=answering,
        classes=classes,
        places=places,
        truth=labelled.codes[places],
        conditions=labelled.conditions[places],
        unable=unable,
        silent={
            key: unanswered_note(each.predicted)
            for key, each in shared.items()
            if key not in answering
        },
        left_out=left_out,
        unread=len(reduce(np.union1d, read)) - len(places),
    )


def _why_unable(compared: ComparedModel) -> str:
    return (
        f"None of {compared.model.name}'s {len(compared.model.labels):,} outputs is a class of this set by name. "
        "Say in its label map which stand for which class, or leave it out."
    )


def left_out(found: Comparison) -> list[str]:
    """What was left out, why and how to mend it, and which names were read in a sense that may not be meant, in sentences."""
    lacking: dict[tuple[str, ...], list[str]] = {}  # classes → the models without them
    for key, names in found.left_out.items():
        if names:
            lacking.setdefault(names, []).append(FAMILIES.get(key, key))
    said = [
        f"{listed(titles)} {'have' if len(titles) > 1 else 'has'} no output for {_named(names)} yet."
        for names, titles in lacking.items()
    ]
    if lacking:
        out = np.setdiff1d(np.arange(len(found.names)), found.classes)
        count = int(np.isin(found.labelled.codes, out).sum())
        said.append(
            f"So {count:,} pictures are left out for all models, and none may answer so: none has the easier task. "
            "Say in the label maps which outputs are meant, or leave a model out."
        )
    if found.unable:
        titles = [FAMILIES.get(key, key) for key in found.unable]
        said.append(
            f"{listed(titles)} {'do' if len(titles) > 1 else 'does'} not take part: no output is a class of this set by name. "
            "Say in the label map which stand for which class."
        )
    for key, note in found.silent.items():
        said.append(f"{FAMILIES.get(key, key)} does not take part. {note}")
    for key, each in found.answers.items():
        if note := unanswered_note(each.predicted):
            said.append(f"{FAMILIES.get(key, key)}: {note}")
    for key, compared in found.models.items():
        notes = compared.label_map.notes if compared.label_map else ()
        said += [f"{FAMILIES.get(key, key)}'s label map: {note}" for note in notes[:NAMED]]
    if found.unread:
        said.append(
            f"{found.unread:,} pictures that one of the models cannot read are left out for all."
        )
    if len(found.classes) == 1:
        said.append("There is one class only, so every answer is right: nothing can be compared.")
    return said


def listed(words: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C" """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _named(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:NAMED])
    return shown + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")
