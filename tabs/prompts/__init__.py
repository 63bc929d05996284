"""The Prompts tab: edit a template, watch zero-shot accuracy move. A question carries all it needs; nothing is a person's.

As in the Explain tab, hidden widgets are the lines between the browser and Python: one for each kind of question, so that
typing never waits for pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import gradio as gr

from explain.classes.prompts import class_lines
from imagesets import FILES
from tabs.prompts import pictures, presets, scores
from tabs.prompts.tries import Asked, asked
from tabs.sets import EmbeddedSet, clip_set
from tabs.sets.asks import DRAWS
from tabs.wiring.inputs import UploadButton
from tabs.wiring.lines import Line, connect, replies, reply, reply_while_wanted
from tabs.wiring.slowly import Progress
from tabs.wiring.widget import Widget

TITLE = "Prompts"


# Callbacks. raw: what the script sends; file: an uploaded set; photo: an uploaded picture.


def prepare(raw: Any, file: str | None) -> Iterator[dict[str, Any]]:
    """Load and embed a set, then read the prompts: {"done", "doing"} while it runs, then what is worth knowing of the set."""

    def work(progress: Progress) -> dict[str, Any]:
        question = asked(raw, file)
        found = clip_set(question.source, question.limit, question.wording.model, progress)
        with suppress(ValueError):  # what is wrong with the words, `attempt` says beside their box
            scores.read(found, question.wording, progress)
        return about(found)

    yield from replies(raw, work)


def about(found: EmbeddedSet) -> dict[str, Any]:
    """A set as the page describes it."""
    return {
        "title": found.images.title,
        "pictures": len(found.items),
        "total": found.images.total,
        "classes": found.images.classes,
        "class_lines": class_lines(found.images.classes),
        "conditions": found.images.conditions,
        "skipped": found.skipped,
        "note": found.encoded.note,
    }


def attempt(raw: Any, file: str | None) -> dict[str, Any]:
    """Score what stands in the boxes."""
    return reply_while_wanted(raw, lambda progress: scores.answered(asked(raw, file), progress))


def pick(raw: Any, file: str | None) -> dict[str, Any]:
    """Small pictures: of places, or of a cell of the confusion matrix."""
    return reply_while_wanted(raw, lambda progress: pictures.wanted(asked(raw, file), progress))


def compare(raw: Any, file: str | None, photo: str | None) -> dict[str, Any]:
    """One picture under several templates."""
    question, own = _one(raw, file, photo)
    return reply_while_wanted(raw, lambda progress: pictures.compared(question(), own, progress))


def send(raw: Any, file: str | None, photo: str | None) -> dict[str, Any]:
    """The picture itself, for the Explain tab."""
    question, own = _one(raw, file, photo)
    return reply(lambda: pictures.original(question(), own), raw)


def preset(raw: Any) -> dict[str, Any]:
    """A preset's templates as text."""
    return reply(
        lambda: {"templates": presets.templates(raw.get("key") if isinstance(raw, dict) else None)},
        raw,
    )


def _one(raw: Any, file: str | None, photo: str | None) -> tuple[Callable[[], Asked], str | None]:
    own = photo if isinstance(raw, dict) and raw.get("photo") else None
    return lambda: asked(raw, file), own


# Layout.


def build() -> None:
    """Draw the tab inside the Blocks that is open, and wire it."""
    with gr.Row(elem_classes="hl-bench"):
        with gr.Column(elem_classes="hl-rail"):
            file = UploadButton(file_types=list(FILES), elem_id="prompts-file")
            photo = UploadButton(file_types=["image"], elem_id="prompts-photo")
            Widget("prompts", "asks")
        with gr.Column(elem_classes="hl-stage"):
            Widget("prompts", "headline")
            Widget("prompts", "bars")
            Widget("prompts", "change")
            Widget("prompts", "confusion")
            Widget("prompts", "board")
            Widget("prompts", "image")
            Widget("prompts", "lesson")
    connect("prompts", _LINES, {"file": file, "photo": photo})


def told() -> dict[str, dict[str, Any]]:
    """What the parts of the tab are told: part → options."""
    offers = [
        {"key": each.key, "group": each.group, "title": each.title, "told": each.told}
        for each in presets.PRESETS
    ]
    return {
        "asks": {"draws": DRAWS},
        "headline": {"presets": offers},
        "image": {"compared": presets.TEACHING},
        "lesson": {"lesson": presets.LESSON},
    }


# Wiring.

_LINES = {
    "prepare": Line(prepare, ("file",), 6, stops=True),
    "attempt": Line(attempt, ("file",), 8, stops=True),
    "confirm": Line(attempt, ("file",), 8, stops=True),
    "pick": Line(pick, ("file",), stops=True),
    "flips": Line(pick, ("file",), stops=True),
    "some": Line(pick, ("file",), stops=True),
    "compare": Line(compare, ("file", "photo"), stops=True),
    "send": Line(send, ("file", "photo")),
    "preset": Line(preset),
}
