"""The Explain tab: one photo, three models, every map. Python answers a question once; the browser draws the rest.

A column asks through its own event, so the three run side by side. What a script puts into an event's inputs is the
question; what Python returns is the answer, or {"error": sentence}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import gradio as gr

from explain import METHODS
from models import CATEGORIES, FAMILIES, TEMPLATE
from tabs.explain import answers, examples
from tabs.explain.questions import question
from tabs.wiring.checkpoints import checkpoints
from tabs.wiring.kept import opened
from tabs.wiring.lines import STOPPING, parts, sentence, serial, stop
from tabs.wiring.packing import data_address
from tabs.wiring.photo import PhotoInput
from tabs.wiring.widget import Widget

TITLE = "Explain"
_shown = count(1)
SHOWN = 1024  # pixels on the longer side of the photo the browser gets


# Callbacks.


def show(path: str | None) -> dict[str, Any]:
    """The photo as the browser draws it: upright, on white, at most SHOWN pixels long.

    Every answer has a serial of its own: Gradio tells the browser of no value that equals the one before it.
    """
    if not path:
        return {}

    def answer() -> dict[str, Any]:
        photo = opened(path)
        small = photo.image.copy()
        small.thumbnail((SHOWN, SHOWN))
        width, height = photo.image.size
        return {"key": photo.key, "src": data_address(small), "width": width, "height": height}

    return {**in_words(answer), "serial": next(_shown)}


def ask(path: str | None, raw: Any, family: str) -> dict[str, Any]:
    """What one model answers, with all its maps."""
    return _reply(answers.answered, path, raw, family)


def ask_point(path: str | None, raw: Any, family: str) -> dict[str, Any]:
    """Attention from the pinned patch."""
    return _reply(answers.from_point, path, raw, family)


def ask_slowly(path: str | None, raw: Any, family: str) -> Iterator[dict[str, Any]]:
    """A method that runs the model again, with how far it is."""
    if path:
        yield from parts(raw, _slow(path, raw, family))


def _slow(path: str, raw: Any, family: str) -> Iterator[dict[str, Any] | None]:
    """Reads the question within the answer, so that what is wrong with it is said like any other mistake."""
    yield from answers.slow(path, question(raw), family)


def pick(index: Any) -> str | None:
    """The file of the example at `index`."""
    found = examples.examples()
    known = isinstance(index, int) and 0 <= index < len(found)
    return str(found[index].path) if known else None


def in_words(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `answer` returns, or {"error": one sentence}."""
    try:
        return answer()
    except Exception as error:
        return {"error": sentence(error)}


def _reply(function: Callable, path: str | None, raw: Any, family: str) -> dict[str, Any]:
    if not path:
        return {"serial": serial(raw)}
    return {**in_words(lambda: function(path, question(raw), family)), "serial": serial(raw)}


# Layout.


def build() -> None:
    """Draw the tab inside the Blocks that is open, and wire it."""
    with gr.Row(elem_classes="hl-explain"):
        with gr.Column(elem_classes="hl-rail"):
            photo = PhotoInput(
                value=pick(0),
                sources=["upload", "clipboard", "webcam"],
                label="Photo",
                show_label=False,
                height=200,
                buttons=[],
                elem_id="photo",
                alt_text="The photo being explained",
            )
            picture = Widget("picture", ("show",))
            thumbs = Widget("examples", ("pick",), examples=_thumbnails())
            Widget("ask", methods=_methods())
        with gr.Column(elem_classes="hl-stage"):
            with gr.Row(elem_classes="hl-columns"):
                columns = {family: _column(family) for family in FAMILIES}
            Widget("strips")
            Widget("notes")
    points = {family: Widget("point", ("ask",), family=family) for family in FAMILIES}
    slow = {family: Widget("slow", ("ask", "stop"), family=family) for family in FAMILIES}
    _wire(photo, picture, thumbs, columns, points, slow)


def _column(family: str) -> Widget:
    return Widget(
        "column",
        ("ask",),
        elem_id=family,
        family=family,
        title=FAMILIES[family],
        checkpoints=checkpoints(family),
        names="\n".join(CATEGORIES) if family == "clip" else "",
        template=TEMPLATE,
    )


def _methods() -> list[dict[str, Any]]:
    return [
        {
            "key": method.key,
            "title": method.title,
            "short": method.short,
            "takes": sorted(method.takes),
            "signed": method.signed,
            "reads": method.reads,
            "slow": method.needs_model,
            "targeted": method.follows_target,
            "means": method.means,
            "cannot": method.cannot,
            "paper": method.paper,
        }
        for method in METHODS.values()
    ]


def _thumbnails() -> list[dict[str, str]]:
    return [
        {"title": example.title, "src": examples.thumbnail(example)}
        for example in examples.examples()
    ]


# Wiring.


def _wire(photo, picture, thumbs, columns, points, slow) -> None:
    private = {"api_visibility": "private", "show_progress": "hidden"}
    newest = {**private, "trigger_mode": "always_last"}
    gr.on(None, None, photo, js="photo => headlight.photoChanged(photo)", **private)
    picture.show(show, photo, picture, concurrency_limit=4, **newest)
    thumbs.pick(pick, thumbs, photo, js="() => [headlight.picked]", queue=False, **private)
    kinds = (  # what it is called in the browser, its components, its callback, how many run together
        ("look", columns, ask, 6),
        ("point", points, ask_point, 6),
        ("slow", slow, ask_slowly, 3),
    )
    for family in FAMILIES:
        for kind, widgets, function, together in kinds:
            widget = widgets[family]
            event = widget.ask(
                partial(function, family=family),
                [photo, widget],
                widget,
                js=f"(photo, _) => [photo, headlight.question('{kind}', '{family}')]",
                concurrency_id=kind,
                concurrency_limit=together,
                **newest,
            )
            event.failure(None, js=f"() => headlight.failed('{kind}', '{family}')", **private)
            if kind == "slow":
                widget.stop(stop, widget, js=f"() => [headlight.wanted('{family}')]", **STOPPING)
