"""The arguments of the API's endpoints, checked before a model sees them; what is wrong is one sentence.

Gradio enforces neither types nor lengths of what is sent straight to an endpoint. What it takes a
model to judge (is there such a layer, such a label?) the engine refuses itself, in sentences too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limits import LABEL_LETTERS, MODELS_AT_ONCE, PHOTO_CLASSES, REMOVED_AT_ONCE
from tabs.sets.asks import model_name, text
from tabs.wiring.lines import whole


def model_names(value: Any) -> list[str]:
    """One to MODELS_AT_ONCE names, each once."""
    if not isinstance(value, list) or not 0 < len(value) <= MODELS_AT_ONCE:
        raise ValueError(
            f'Models is a list of 1 to {MODELS_AT_ONCE} names, such as ["pocket-vit"].'
        )
    return list(dict.fromkeys(model_name(name) for name in value))


def label_maps(value: Any, names: list[str]) -> dict[str, str]:
    """{model: its label map as lines}, of some of the models asked about."""
    value = {} if value is None else value
    if not isinstance(value, dict) or not set(value) <= set(names):
        raise ValueError(
            'Label maps are texts by model, one of those asked about, such as {"pocket-vit": "puppy: dog"}.'
        )
    return {name: text(lines, "lines of a label map") for name, lines in value.items()}


def label_lines(value: Any) -> tuple[str, ...] | None:
    """CLIP's texts, verbatim, one per line; None, for the default ones, where there are none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise ValueError("Labels are one text, with one label per line.")
    labels = whole(value, "labels").replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(labels) > PHOTO_CLASSES:
        raise ValueError(f"There are {len(labels):,} labels; give at most {PHOTO_CLASSES:,}.")
    seen: set[str] = set()
    for line, label in enumerate(labels, start=1):
        if not label.strip():
            raise ValueError(f"Line {line} of the labels is empty; give one label per line.")
        if len(label) > LABEL_LETTERS:
            raise ValueError(
                f"Line {line} of the labels is {len(label):,} characters long; "
                f"a label has at most {LABEL_LETTERS}."
            )
        if label in seen:
            raise ValueError(f"Line {line} repeats an earlier label; give each one once.")
        seen.add(label)
    return tuple(labels)


def method_key(value: Any) -> str:
    """A method's name; whether there is such a method, `explain` says."""
    if not isinstance(value, str):
        raise ValueError("A method is a name, such as rollout.")
    return value


def one_of(value: Any, known: Sequence[str], name: str) -> str:
    """One of the names there are."""
    if value not in known:
        raise ValueError(f"There is no {name} {str(value)[:40]!r}; there are {', '.join(known)}.")
    return value


def target(value: Any) -> str | int | None:
    """A label, its index, or None for the top answer; whether it is there, the model says."""
    if _is_class(value):
        return value
    raise ValueError("The target is a label, its index counted from 0, or null for the top answer.")


def versus(value: Any) -> str | int | None:
    """A label or index of the class that the target is explained against, or None; the model says whether it is there."""
    if _is_class(value):
        return value
    raise ValueError("Versus is a label, its index counted from 0, or null for the target alone.")


def index(value: Any, name: str) -> int | None:
    """A layer or a head, counted from 0, or None; whether it is there, `explain` says."""
    if value is None or _is_whole(value):
        return value
    raise ValueError(f"The {name} is a whole number, counted from 0, or null.")


def patch(value: Any) -> tuple[int, int] | None:
    """[row, col], counted from 0, or None; whether it is on the grid, `explain` says."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_whole, value)):
        raise ValueError("The patch is [row, col], counted from 0 on the layer's grid, or null.")
    return value[0], value[1]


def pairs(value: Any, name: str, what: str) -> tuple[tuple[int, int], ...]:
    """A list of pairs of whole numbers, such as heads or patches; none for null. Whether they are there, `explain` says."""
    rows = _list(value, name, what)
    if any(
        not isinstance(row, list) or len(row) != 2 or not all(map(_is_whole, row)) for row in rows
    ):
        raise ValueError(f"{name} are a list of {what}, whole numbers counted from 0.")
    return tuple(dict.fromkeys((row[0], row[1]) for row in rows))


def wholes(value: Any, name: str) -> tuple[int, ...]:
    """A list of whole numbers; none for null."""
    found = _list(value, name, "whole numbers")
    if not all(map(_is_whole, found)):
        raise ValueError(f"{name} are a list of whole numbers, counted from 0.")
    return tuple(dict.fromkeys(found))


def _list(value: Any, name: str, what: str) -> list:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > REMOVED_AT_ONCE:
        raise ValueError(f"{name} are a list of at most {REMOVED_AT_ONCE:,} {what}.")
    return value


def _is_class(value: Any) -> bool:
    return (
        value is None
        or _is_whole(value)
        or (isinstance(value, str) and len(value) <= LABEL_LETTERS)
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
