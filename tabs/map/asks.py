"""What the Map tab asks, checked: everything here was typed or sent by a stranger."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explain.maps.projection import PROJECTIONS
from limits import DRAWN, MOST_DRAWN, MOST_MAPPED, SHEET_PICTURES
from models import FAMILIES, TEMPLATE
from tabs.sets.asks import model_name, named, text, uploaded, whole_numbers
from tabs.wiring.lines import serial

DRAWS = (500, DRAWN, MOST_DRAWN, MOST_MAPPED)
POOLS = ("answer", "readout", "mean")
RANGES = {  # option → (least, most, what it is unless asked for)
    "perplexity": (2, 200, 30),
    "neighbors": (2, 200, 15),
    "min_dist": (0, 1, 0.1),
}
SEEDS = 2**31
USUAL = {name: usual for name, (_, _, usual) in RANGES.items()}


@dataclass(frozen=True)
class MapAsked:
    """One question of the Map tab.

    models: family → name. pool: "answer" is where each model's answer is told from, CLIP's joint space and the others'
    readout; depth: 0 is the first layer, 1 the last. options: the method's own. places: pictures asked for.
    """

    source: str | Path
    limit: int
    models: dict[str, str]
    pool: str = "answer"
    depth: float = 1.0
    method: str = "tsne"
    seed: int = 0
    options: dict[str, float] = field(default_factory=lambda: dict(USUAL))
    template: str = TEMPLATE
    family: str = ""
    places: tuple[int, ...] = ()
    serial: int = 0


def map_asked(raw: Any, file: str | None) -> MapAsked:
    """The browser's JSON, and its uploaded set, as a question; ValueError, in one sentence, for what does not fit."""
    raw = raw if isinstance(raw, dict) else {}
    models = raw.get("models") if isinstance(raw.get("models"), dict) else {}
    return MapAsked(
        uploaded(file) if raw.get("file") else named(raw.get("set")),
        raw["limit"] if raw.get("limit") in DRAWS else DRAWN,
        {family: model_name(models[family]) for family in FAMILIES if models.get(family)},
        _one_of(raw.get("pool"), POOLS, "answer"),
        _within(raw.get("depth"), 0, 1, 1.0),
        _one_of(raw.get("method"), tuple(PROJECTIONS), "tsne"),
        int(_within(raw.get("seed"), 0, SEEDS, 0)),
        {name: _within(raw.get(name), *limits) for name, limits in RANGES.items()},
        text(raw.get("template"), "templates"),
        _one_of(raw.get("family"), FAMILIES, ""),
        whole_numbers(raw.get("places"), SHEET_PICTURES),
        serial(raw),
    )


def _one_of(value: Any, known: Container[str], usual: str) -> str:
    return value if isinstance(value, str) and value in known else usual


def _within(value: Any, least: float, most: float, usual: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return min(max(value, least), most) if number and value == value else usual  # NaN is not
