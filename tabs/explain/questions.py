"""What a column asks its model, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from explain.classes.prompts import Prompts, read_prompts
from limits import PHOTO_CLASSES, WORD_LETTERS
from models import TEMPLATE
from tabs.wiring.lines import serial, whole


@dataclass(frozen=True)
class Question:
    """One column's question about the photo.

    target: a class name, an index, or None for the model's own answer. names, templates: what CLIP chooses from, as typed
    and as on the Prompts tab (explain/classes/prompts.py). among:
    the classes of a set that a model with fixed outputs may answer, empty for all it knows; label_map: which outputs
    stand for them, as typed, None for what the names tell.
    point: (x, y), fractions of the upright photo. method: the slow one that is asked for. held: the `base` of the answer the browser has already, whose
    attention need not travel again. serial: counts the column's questions, so that the browser knows the newest.
    """

    model: str
    target: str | int | None = None
    names: str = ""
    templates: str = TEMPLATE
    among: tuple[str, ...] = ()
    label_map: str | None = None
    point: tuple[float, float] | None = None
    method: str = ""
    held: str = ""
    serial: int = 0

    @cached_property
    def prompts(self) -> Prompts:
        """What CLIP is asked; ValueError, in one sentence, for lines that cannot be used."""
        prompts = read_prompts(self.names, self.templates)
        if len(prompts.names) > PHOTO_CLASSES:
            raise ValueError(
                f"These are {len(prompts.names):,} classes; give at most {PHOTO_CLASSES:,} here."
            )
        return prompts


def question(raw: Any) -> Question:
    """The browser's JSON as a Question; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    return Question(
        model=_text(raw, "model").strip(),
        target=_target(raw.get("target")),
        names=_text(raw, "names", WORD_LETTERS * 20),
        templates=_text(raw, "templates", WORD_LETTERS * 20) or TEMPLATE,
        among=_names(_text(raw, "among", WORD_LETTERS * 20)),
        label_map=_text(raw, "label_map", WORD_LETTERS * 20) or None,
        point=_point(raw.get("point")),
        method=_text(raw, "method"),
        held=_text(raw, "held"),
        serial=serial(raw),
    )


def _text(raw: dict, key: str, longest: int = WORD_LETTERS) -> str:
    value = raw.get(key) or ""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError(f"The {key} must be a text of at most {longest:,} characters.")
    return whole(value, key)


def _target(value: Any) -> str | int | None:
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int | None)
        or (isinstance(value, str) and len(value) > WORD_LETTERS)
    ):
        raise ValueError("The target must be the name of a class.")
    return value


def _names(text: str) -> tuple[str, ...]:
    """One class name a line; empty lines and repetitions fall away."""
    names = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(names) > PHOTO_CLASSES:
        raise ValueError(f"These are {len(names):,} class names; give at most {PHOTO_CLASSES:,}.")
    return names


def _point(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    fits = (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(v, int | float) for v in value)
    )
    if not fits or not all(0 <= v <= 1 for v in value):
        raise ValueError("A point is two fractions of the photo, from 0 to 1.")
    return float(value[0]), float(value[1])
