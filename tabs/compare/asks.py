"""What the Compare tab asks, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limits import DRAWN
from models import FAMILIES, TEMPLATE
from tabs.sets.asks import DRAWS, model_name, named, text, uploaded, whole_numbers
from tabs.wiring.lines import serial

CELL = 40  # characters of a cell's key


@dataclass(frozen=True)
class ModelChoice:
    """One model as it is to be compared.

    template: what a CLIP is asked with, one or more lines. label_map: for others, as typed; None for the one that the
    names suggest.
    """

    name: str
    template: str = TEMPLATE
    label_map: str | None = None


@dataclass(frozen=True)
class CompareQuestion:
    """One question of the Compare tab.

    models: family → model, in the page's order. family: whose maps or labels are asked for. cell: the agreement cell
    whose pictures are asked for, from the one numbered `start` in it. place: the picture asked for, among the set's
    items, None for none. held: the `base` of the maps that the browser has, whose attention need not travel again.
    """

    source: str | Path
    limit: int
    models: dict[str, ModelChoice] = field(default_factory=dict)
    family: str = ""
    cell: str = ""
    start: int = 0
    place: int | None = None
    held: str = ""
    serial: int = 0


def compare_question(raw: Any, file: str | None) -> CompareQuestion:
    """The browser's JSON, and its uploaded set, as a question; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    cell, family, held = raw.get("cell"), raw.get("family"), raw.get("held")
    return CompareQuestion(
        source=uploaded(file) if raw.get("file") else named(raw.get("set")),
        limit=raw["limit"] if raw.get("limit") in DRAWS else DRAWN,
        models=_models(raw),
        family=family if isinstance(family, str) and family in FAMILIES else "",
        cell=cell if isinstance(cell, str) and len(cell) <= CELL else "",
        start=_whole_number(raw.get("start")) or 0,
        place=_whole_number(raw.get("place")),
        held=held if isinstance(held, str) else "",
        serial=serial(raw),
    )


def _models(raw: dict) -> dict[str, ModelChoice]:
    names, label_maps = (_by_family(raw.get(key)) for key in ("models", "labels"))
    template = text(raw.get("template"), "templates")
    return {
        family: ModelChoice(model_name(names[family]), template, _typed(label_maps.get(family)))
        for family in FAMILIES
        if names.get(family)
    }


def _by_family(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _typed(value: Any) -> str | None:
    return None if value is None else text(value, "lines of a label map")


def _whole_number(value: Any) -> int | None:
    return next(iter(whole_numbers([value], 1)), None)
