"""The Explain tab: one photo, three models, every map. Python answers a question once; the browser draws the rest.

Every column has lines of its own (tabs/wiring/lines.py), so the three run side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import gradio as gr

from imagesets import FILES
from models import FAMILIES
from tabs.explain import answers, examples
from tabs.explain.questions import question
from tabs.sets.asks import picture_asked
from tabs.sets.pictures import set_picture
from tabs.wiring.assets import picture
from tabs.wiring.inputs import UploadButton
from tabs.wiring.kept import key_of, opened
from tabs.wiring.lines import PRIVATE, Line, connect, parts, replies, reply, serial
from tabs.wiring.packing import data_address
from tabs.wiring.photo import PhotoInput
from tabs.wiring.widget import Widget

TITLE = "Explain"
SHOWN = 1024  # pixels on the longer side of the photo the browser gets


# Callbacks. raw: what the page's modules send; path: the photo.


def show(raw: Any, path: str | None) -> dict[str, Any]:
    """The photo as the browser draws it: upright, on white, at most SHOWN pixels long."""

    def answer(path: str) -> dict[str, Any]:
        photo = opened(path)
        small = photo.image.copy()
        small.thumbnail((SHOWN, SHOWN))
        width, height = photo.image.size
        return {"key": photo.key, "src": data_address(small), "width": width, "height": height}

    return _reply(answer, raw, path)


def show_of_set(raw: Any, file: str | None) -> Iterator[dict[str, Any]]:
    """A picture of a labelled set, for a link to it: {"done", "doing"} while the set is loaded. file: an uploaded set."""
    yield from replies(raw, lambda progress: set_picture(picture_asked(raw, file), progress))


def ask(raw: Any, path: str | None, family: str) -> dict[str, Any]:
    """What one model answers, with all its maps."""
    return _reply(lambda path: answers.answered(path, question(raw), family), raw, path)


def ask_point(raw: Any, path: str | None, family: str) -> dict[str, Any]:
    """Attention from the pinned patch."""
    return _reply(lambda path: answers.from_point(path, question(raw), family), raw, path)


def ask_slowly(raw: Any, path: str | None, family: str) -> Iterator[dict[str, Any]]:
    """A method that runs the model again, with how far it is."""
    if path:
        yield from parts(raw, _slow(path, raw, family))


def _slow(path: str, raw: Any, family: str) -> Generator[dict[str, Any] | None]:
    """Reads the question within the answer, so that what is wrong with it is said like any other mistake."""
    yield from answers.slow(path, question(raw), family)


def _reply(answer: Callable[[str], dict[str, Any]], raw: Any, path: str | None) -> dict[str, Any]:
    return reply(lambda: answer(path), raw) if path else {"serial": serial(raw)}


def pick(chosen: gr.EventData) -> str | None:
    """The file of the example that was clicked."""
    found, index = examples.examples(), getattr(chosen, "index", None)
    if type(index) is int and 0 <= index < len(found):
        return str(found[index].path)
    return None


# Layout.


def build() -> None:
    """Draw the tab inside the Blocks that is open, and wire it."""
    with gr.Row(elem_classes="hl-explain"):
        with gr.Column(elem_classes="hl-rail"):
            photo = PhotoInput(
                value=str(examples.examples()[0].path),
                sources=["upload", "clipboard", "webcam"],
                label="Photo",
                show_label=False,
                height=168,
                buttons=[],
                elem_id="photo",
                alt_text="The photo being explained",
            )
            file = UploadButton(file_types=list(FILES), elem_id="explain-file")
            thumbs = Widget("explain", "examples")
            Widget("explain", "ask")
        with gr.Column(elem_classes="hl-stage"):
            with gr.Row(elem_classes="hl-columns"):
                for family in FAMILIES:
                    Widget("explain", "column", elem_id=family, family=family)
            Widget("explain", "strips")
            Widget("explain", "notes")
    connect("explain", _LINES, {"photo": photo, "file": file})
    thumbs.pick(pick, None, photo, queue=False, **PRIVATE)


def told() -> dict[str, dict[str, Any]]:
    """What the parts of the tab are told: part → options."""
    found = examples.examples()
    pictures = [
        {
            "name": each.path.stem,
            "key": key_of(each.path),
            "title": each.title,
            "src": picture(examples.thumbnail(each)),
        }
        for each in found
    ]
    return {"examples": {"pictures": pictures}}


# Wiring.

_READS = ("photo",)
_LINES = {
    "picture": Line(show, _READS),
    "of_set": Line(show_of_set, ("file",), 6, stops=True),
    **{f"look_{family}": Line(partial(ask, family=family), _READS, 2) for family in FAMILIES},
    **{
        f"point_{family}": Line(partial(ask_point, family=family), _READS, 2) for family in FAMILIES
    },
    **{
        f"slow_{family}": Line(partial(ask_slowly, family=family), _READS, 1, stops=True)
        for family in FAMILIES
    },
}
