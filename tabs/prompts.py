"""The Prompts tab: edit a template, watch zero-shot accuracy move. A question carries all it needs; nothing is a person's.

As in the Explain tab, hidden widgets are the lines between a script and Python: one for each kind of question, so that
typing never waits for pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from explain.prompts import PromptError
from imagesets import CATALOGUE as SETS
from imagesets import FILES
from models import CATALOGUE as MODELS
from tabs import pictures, presets, scores
from tabs.explain import sentence
from tabs.sets import Ready, Step, ready
from tabs.slowly import stepwise
from tabs.tries import DRAWS, Asked, asked, serial
from tabs.widget import Widget

TITLE = "Prompts"


# Callbacks. raw: what the script sends; file: an uploaded set; photo: an uploaded picture.


def prepare(raw: Any, file: str | None) -> Iterator[dict[str, Any]]:
    """Load and embed a set: {"done", "doing"} while it runs, then what is worth knowing of the set."""
    try:
        question = asked(raw, file)
        work = stepwise(
            lambda told: ready(question.source, question.limit, question.wording.model, told)
        )
        for news in work:
            if isinstance(news, Step):
                yield {"done": news.done, "doing": news.doing, "serial": question.serial}
            else:
                yield {**about(*news), "serial": question.serial}
    except Exception as error:
        yield {"error": sentence(error), "serial": serial(raw)}


def about(found: Ready) -> dict[str, Any]:
    """A set as the page describes it."""
    return {
        "title": found.images.title,
        "pictures": len(found.items),
        "total": found.images.total,
        "classes": found.images.classes,
        "conditions": found.images.conditions,
        "skipped": found.skipped,
    }


def attempt(raw: Any, file: str | None) -> dict[str, Any]:
    """Score what stands in the boxes."""
    return _reply(lambda: scores.answered(asked(raw, file)), raw)


def pick(raw: Any, file: str | None) -> dict[str, Any]:
    """Small pictures: of places, or of a cell of the confusion matrix."""
    return _reply(lambda: pictures.wanted(asked(raw, file)), raw)


def compare(raw: Any, file: str | None, photo: str | None) -> dict[str, Any]:
    """One picture under several templates."""
    question, own = _one(raw, file, photo)
    return _reply(lambda: pictures.compared(question(), own), raw)


def send(raw: Any, file: str | None, photo: str | None) -> dict[str, Any]:
    """The picture itself, for the Explain tab."""
    question, own = _one(raw, file, photo)
    return _reply(lambda: pictures.original(question(), own), raw)


def preset(raw: Any) -> dict[str, Any]:
    """A preset's templates as text."""
    return _reply(lambda: {"templates": presets.templates(raw.get("key"))}, raw)


def _one(raw: Any, file: str | None, photo: str | None) -> tuple[Callable[[], Asked], str | None]:
    own = photo if isinstance(raw, dict) and raw.get("photo") else None
    return lambda: asked(raw, file), own


def _reply(answer: Callable[[], dict[str, Any]], raw: Any) -> dict[str, Any]:
    try:
        return {**answer(), "serial": serial(raw)}
    except PromptError as error:
        wrong = {"field": error.field, "line": error.line, "text": str(error)}
        return {"wrong": wrong, "serial": serial(raw)}
    except Exception as error:
        return {"error": sentence(error), "serial": serial(raw)}


# Layout.


def build() -> None:
    """Draw the tab inside the Blocks that is open, and wire it."""
    with gr.Row(elem_classes="hl-bench"):
        with gr.Column(elem_classes="hl-rail"):
            file = gr.UploadButton(file_types=list(FILES), elem_id="prompts-file")
            photo = gr.UploadButton(file_types=["image"], elem_id="prompts-photo")
            Widget("prompts_asks", sets=_sets(), models=_models(), draws=DRAWS, presets=_presets())
        with gr.Column(elem_classes="hl-stage"):
            Widget("prompts_headline")
            Widget("prompts_bars")
            Widget("prompts_change")
            Widget("prompts_confusion")
            Widget("prompts_board")
            Widget("prompts_image", compared=list(presets.TEACHING))
            Widget("prompts_lesson", lesson=presets.LESSON)
    lines = {name: Widget("prompts_line", ("ask", "cancel"), line=name) for name in _LINES}
    _wire(lines, file, photo)


def _sets() -> list[dict[str, Any]]:
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "note": entry.note,
            "here": entry.kind != "hub",
        }
        for entry in SETS.values()
    ]


def _models() -> list[dict[str, Any]]:
    return [
        {"name": entry.name, "title": entry.title, "here": entry.folder is not None}
        for entry in MODELS.values()
        if entry.family == "clip"
    ]


def _presets() -> list[dict[str, str]]:
    return [
        {"key": each.key, "group": each.group, "title": each.title, "told": each.told}
        for each in presets.PRESETS
    ]


# Wiring: line → (callback, whether it reads the uploads, how many run together).

_LINES: dict[str, tuple[Callable, str, int]] = {
    "prepare": (prepare, "file", 6),
    "attempt": (attempt, "file", 8),
    "confirm": (attempt, "file", 8),
    "pick": (pick, "file", 4),
    "flips": (pick, "file", 4),
    "some": (pick, "file", 4),
    "compare": (compare, "file photo", 4),
    "send": (send, "file photo", 4),
    "preset": (preset, "", 4),
}


def _wire(lines: dict[str, Widget], file: gr.UploadButton, photo: gr.UploadButton) -> None:
    private = {"api_visibility": "private", "show_progress": "hidden"}
    uploads = {"file": file, "photo": photo}
    for name, (function, reads, together) in _LINES.items():
        line = lines[name]
        event = line.ask(
            function,
            [line, *(uploads[each] for each in reads.split())],
            line,
            js=f"(line, ...files) => [headlight.prompts.question('{name}'), ...files]",
            concurrency_id=f"prompts-{name}",
            concurrency_limit=together,
            trigger_mode="always_last",
            **private,
        )
        event.failure(None, js=f"() => headlight.prompts.failed('{name}')", **private)
        if name == "prepare":
            line.cancel(None, cancels=event, **private)
    for upload, told in ((file, "fileChanged"), (photo, "photoChanged")):
        upload.upload(None, upload, js=f"file => headlight.prompts.{told}(file)", **private)
