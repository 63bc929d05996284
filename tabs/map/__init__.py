"""The Map tab: a labelled set as each model arranges it, three maps of the same pictures side by side.

As in the Prompts tab, a question carries all it needs (tabs/map/asks.py), and hidden lines carry questions and answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from explain.maps.projection import PROJECTIONS
from explain.maps.workers import warm
from imagesets import FILES
from models import FAMILIES
from tabs.map import answers
from tabs.map.asks import DRAWS, map_asked
from tabs.wiring.inputs import UploadButton
from tabs.wiring.lines import Line, connect, replies, reply, reply_while_wanted
from tabs.wiring.shipped import shipped_or
from tabs.wiring.slowly import Progress
from tabs.wiring.widget import Widget

__all__ = ["TITLE", "build", "warm"]

TITLE = "Map"


# Callbacks. raw: what the script sends; file: an uploaded set; photo: an uploaded picture.


def prepare(raw: Any, file: str | None) -> Iterator[dict[str, Any]]:
    """Load a set and show it to each model: {"done", "doing"} meanwhile, then the set and every model's answers."""

    def answer(progress: Progress) -> dict[str, Any]:
        asked = map_asked(raw, file)
        return shipped_or("map_prepare", asked, lambda: answers.prepared(asked, progress))

    yield from replies(raw, answer)


def arrange(raw: Any, file: str | None, family: str) -> Iterator[dict[str, Any]]:
    """One model's map: {"done", "doing"} meanwhile, then its points."""

    def answer(progress: Progress) -> dict[str, Any]:
        asked = replace(map_asked(raw, file), family=family)
        return shipped_or("map_arrange", asked, lambda: answers.arranged(asked, family, progress))

    yield from replies(raw, answer)


def thumbs(raw: Any, file: str | None) -> dict[str, Any]:
    """A sheet of the pictures at the asked places."""
    return reply_while_wanted(
        raw, lambda progress: answers.thumbnails(map_asked(raw, file), progress)
    )


def look(raw: Any, file: str | None) -> dict[str, Any]:
    """One picture, large."""
    return reply(lambda: answers.large(map_asked(raw, file)), raw)


def near(raw: Any, file: str | None) -> dict[str, Any]:
    """The pictures nearest to one of them, to each model."""
    return reply(lambda: answers.neighbours(map_asked(raw, file)), raw)


def prompts(raw: Any, file: str | None) -> dict[str, Any]:
    """CLIP's prompts on its map, and what it answers with them."""
    return reply_while_wanted(
        raw, lambda progress: answers.prompted(map_asked(raw, file), progress)
    )


def place(raw: Any, file: str | None, photo: str | None) -> dict[str, Any]:
    """An uploaded photo on every map."""
    return reply_while_wanted(
        raw, lambda progress: answers.placed(map_asked(raw, file), photo, progress)
    )


def send(raw: Any, file: str | None) -> dict[str, Any]:
    """A picture itself, for the Explain tab."""
    return reply(lambda: answers.original(map_asked(raw, file)), raw)


# Layout.


def build() -> None:
    """Draw the tab inside the Blocks that is open, and wire it."""
    with gr.Row(elem_classes="hl-bench hl-mapping"):
        with gr.Column(elem_classes="hl-rail"):
            file = UploadButton(file_types=list(FILES), elem_id="map-file")
            photo = UploadButton(file_types=["image"], elem_id="map-photo")
            Widget("map", "asks")
        with gr.Column(elem_classes="hl-stage"):
            with gr.Row(elem_classes="hl-columns"):
                for family in FAMILIES:
                    Widget("map", "column", family=family)
            Widget("map", "chosen")
            Widget("map", "notes")
    connect("map", _LINES, {"file": file, "photo": photo})


def told() -> dict[str, dict[str, Any]]:
    """What the parts of the tab are told: part → options."""
    methods = [
        {
            "key": method.key,
            "title": method.title,
            "takes": sorted(method.takes),
            "means": method.means,
            "cannot": method.cannot,
            "paper": method.paper,
        }
        for method in PROJECTIONS.values()
    ]
    return {"asks": {"draws": DRAWS, "methods": methods}, "notes": {"methods": methods}}


# Wiring.

_LINES = {
    "prepare": Line(prepare, ("file",), 6, stops=True),
    **{
        f"arrange_{family}": Line(partial(arrange, family=family), ("file",), 3, stops=True)
        for family in FAMILIES
    },
    "thumbs": Line(thumbs, ("file",), 6, stops=True),
    "look": Line(look, ("file",), 8),
    "near": Line(near, ("file",), 6),
    "prompts": Line(prompts, ("file",), 6, stops=True),
    "place": Line(place, ("file", "photo"), 4, stops=True),
    "send": Line(send, ("file",), 4),
}
