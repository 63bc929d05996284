"""What the Prompts tab asks, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limits import DRAWN, NAME_LETTERS, PICTURES_SHOWN, TEMPLATES_COMPARED
from tabs.sets.asks import DRAWS, named, text, uploaded, whole_numbers
from tabs.wiring.lines import serial

HALVES = ("all", "choose", "confirm")


@dataclass(frozen=True)
class Wording:
    """One CLIP and what it is told, as typed; no classes are the set's own."""

    model: str
    classes: str
    templates: str


@dataclass(frozen=True)
class Asked:
    """One question of the Prompts tab.

    source: a set's name, Hub id, or the path of an uploaded file. half: which pictures count. pinned: what the try is
    compared with. places: pictures asked for; cell: (true class, answer) whose pictures are asked for. serial counts
    the page's questions, so that it knows the newest.
    """

    source: str | Path
    limit: int
    wording: Wording
    half: str = "all"
    pinned: Wording | None = None
    leave_out: bool = False
    places: tuple[int, ...] = ()
    cell: tuple[int, int] | None = None
    compared: tuple[str, ...] = ()
    serial: int = 0


def asked(raw: Any, file: str | None) -> Asked:
    """The browser's JSON, and its uploaded file, as a question; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    pinned = raw.get("pinned")
    return Asked(
        uploaded(file) if raw.get("file") else named(raw.get("set")),
        raw["limit"] if raw.get("limit") in DRAWS else DRAWN,
        _wording(raw),
        raw["half"] if raw.get("half") in HALVES else "all",
        _wording(pinned) if isinstance(pinned, dict) else None,
        raw.get("leave_out") is True,
        whole_numbers(raw.get("places"), PICTURES_SHOWN),
        _cell(raw.get("cell")),
        _texts(raw.get("compared")),
        serial(raw),
    )


def _wording(raw: dict) -> Wording:
    model = raw.get("model")
    if not isinstance(model, str) or not 0 < len(model.strip()) <= NAME_LETTERS:
        raise ValueError("Choose a CLIP, or type a Hub id such as openai/clip-vit-base-patch32.")
    return Wording(
        model.strip(), text(raw.get("classes"), "classes"), text(raw.get("templates"), "templates")
    )


def _cell(value: Any) -> tuple[int, int] | None:
    found = whole_numbers(value, 2)
    return (found[0], found[1]) if len(found) == 2 else None


def _texts(value: Any) -> tuple[str, ...]:
    value = value if isinstance(value, list) else []
    return tuple(each[:1000] for each in value[:TEMPLATES_COMPARED] if isinstance(each, str))
