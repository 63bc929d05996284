"""What the Compare tab asks, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models import FAMILIES, TEMPLATE
from tabs.sets import LIMIT
from tabs.sets.asks import DRAWS, model_name, named, text, uploaded, whole_numbers
from tabs.wiring.lines import serial

CELL = 40  # characters of a cell's key


@dataclass(frozen=True)
class Entrant:
    """One model as it is compared. template: what a CLIP is asked with; labels: a typed label map, None for the derived."""

    name: str
    template: str = TEMPLATE
    labels: str | None = None


@dataclass(frozen=True)
class CompareAsked:
    """One question of the Compare tab.

    entrants: family → model, in the page's order. family: whose maps or labels are asked for. cell: the agreement cell
    whose pictures are asked for, from the one numbered `start` in it; place: the picture asked for, among the set's items.
    held: the `base` of the maps that the browser has, whose attention need not travel again.
    """

    source: str | Path
    limit: int
    entrants: dict[str, Entrant] = field(default_factory=dict)
    family: str = ""
    cell: str = ""
    start: int = 0
    place: int = 0
    held: str = ""
    serial: int = 0


def compare_asked(raw: Any, file: str | None) -> CompareAsked:
    """The browser's JSON, and its uploaded set, as a question; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    cell, family = raw.get("cell"), raw.get("family")
    return CompareAsked(
        uploaded(file) if raw.get("file") else named(raw.get("set")),
        raw["limit"] if raw.get("limit") in DRAWS else LIMIT,
        _entrants(raw),
        family if isinstance(family, str) and family in FAMILIES else "",
        cell if isinstance(cell, str) and len(cell) <= CELL else "",
        *((whole_numbers([raw.get(name)], 1) or (0,))[0] for name in ("start", "place")),
        raw["held"] if isinstance(raw.get("held"), str) else "",
        serial(raw),
    )


def _entrants(raw: dict) -> dict[str, Entrant]:
    models, labels = (_by_family(raw.get(name)) for name in ("models", "labels"))
    template = text(raw.get("template"), "templates")
    return {
        family: Entrant(model_name(models[family]), template, _typed(labels.get(family)))
        for family in FAMILIES
        if models.get(family)
    }


def _by_family(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _typed(value: Any) -> str | None:
    return None if value is None else text(value, "lines of a label map")
