"""The Compare tab: three models on one labelled set, and where each looked when only one was right.

As in the Prompts tab, a question carries all it needs (tabs/compare/asks.py), and hidden lines carry questions and answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from imagesets import FILES
from models import FAMILIES
from tabs.compare import figures, label_maps, maps, pictures, preparing, report
from tabs.compare.asks import CompareQuestion, compare_question
from tabs.sets.asks import DRAWS
from tabs.wiring.inputs import UploadButton
from tabs.wiring.lines import Line, connect, replies, reply, reply_while_wanted
from tabs.wiring.shipped import shipped_or
from tabs.wiring.slowly import Progress
from tabs.wiring.widget import Widget

TITLE = "Compare"


# Callbacks. raw: what the script sends; file: an uploaded set.


def prepare(raw: Any, file: str | None) -> Iterator[dict[str, Any]]:
    """Load a set and show it to each model: {"done", "doing"} meanwhile, then the set and what keeps a model out."""

    def answer(progress: Progress) -> dict[str, Any]:
        asked = compare_question(raw, file)
        return shipped_or("compare_prepare", asked, lambda: preparing.prepared(asked, progress))

    yield from replies(raw, answer)


def _answering(
    answer: Callable[[CompareQuestion], dict[str, Any]],
) -> Callable[..., dict[str, Any]]:
    """The callback of a line that is answered at once."""
    return lambda raw, file: reply(lambda: answer(compare_question(raw, file)), raw)


def _working(
    answer: Callable[[CompareQuestion, Progress], dict[str, Any]],
) -> Callable[..., dict[str, Any]]:
    """The callback of a line whose answer may take long."""
    return lambda raw, file: reply_while_wanted(
        raw, lambda progress: answer(compare_question(raw, file), progress)
    )


attempt = _working(  # every figure of the comparison
    lambda asked, progress: shipped_or(
        "compare_attempt", asked, lambda: figures.answered(asked, progress)
    )
)
pick = _working(pictures.of_cell)  # the pictures of a cell
write = _working(lambda asked, progress: {"html": report.written(asked, progress)})
look = _answering(pictures.large_picture)  # one picture, and what each model answers to it
look_inside = _answering(maps.maps)  # where one model looked in it
labels = _answering(label_maps.label_map)  # one model's label map
send = _answering(pictures.original)  # the picture itself, for the Explain tab
tabulate = _answering(lambda asked: {"rows": report.rows(asked)})


# Layout.


def build() -> None:
    """Draw the tab inside the Blocks that is open, and wire it."""
    with gr.Row(elem_classes="hl-bench hl-comparing"):
        with gr.Column(elem_classes="hl-rail"):
            file = UploadButton(file_types=list(FILES), elem_id="compare-file")
            Widget("compare", "asks")
        with gr.Column(elem_classes="hl-stage"):
            Widget("compare", "headline")
            Widget("compare", "cells")
            Widget("compare", "differences")
            Widget("compare", "bars")
            Widget("compare", "calibration")
            Widget("compare", "labels")
    connect("compare", _LINES, {"file": file})


def told() -> dict[str, dict[str, Any]]:
    """What the parts of the tab are told: part → options."""
    return {"asks": {"draws": DRAWS}}


# Wiring.

_READS = ("file",)
_LINES = {
    "prepare": Line(prepare, _READS, 6, stops=True),
    "attempt": Line(attempt, _READS, 8, stops=True),
    "pick": Line(pick, _READS, 6, stops=True),
    "look": Line(look, _READS, 8),
    **{f"maps_{family}": Line(look_inside, _READS, 6) for family in FAMILIES},
    **{f"labels_{family}": Line(labels, _READS) for family in FAMILIES},
    "send": Line(send, _READS),
    "report": Line(write, _READS, 2, stops=True),
    "table": Line(tabulate, _READS, 2),
}
