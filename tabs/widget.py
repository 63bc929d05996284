"""The one Gradio component the page is drawn with: an element that a script in assets/page fills.

`Widget("column", family="vit")` calls `headlight.widgets.column(element, {family: "vit"}, link)` in the browser, where
link sends an event to Python and hears what Python answers. The markup is fixed and empty: scripts build it with
textContent, so nothing a person typed can become HTML.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

PAGE = Path(__file__).parent.parent / "assets" / "page"
SCRIPTS = (  # in this order: store.js makes `headlight`, the others add to it
    *("store.js", "colour.js", "maps.js", "wording.js", "canvas.js"),
    *("checkpoint.js", "classes.js", "answers.js", "bar.js", "notice.js", "column.js"),
    *("ask.js", "examples.js", "strips.js", "npz.js", "saving.js", "export.js", "bring.js"),
    *("tab.js", "parts.js", "set-picker.js"),
    *(
        "prompts.js",
        "prompts-parts.js",
        "prompts-asks.js",
        "prompts-headline.js",
        "prompts-bars.js",
    ),
    *("prompts-change.js", "prompts-confusion.js", "prompts-board.js", "prompts-image.js"),
)
STYLES = ("page.css", "bench.css")


class Widget(gr.HTML):
    """An element drawn by the script called `name`.

    events: what it may send, each then a listener of this component (`widget.ask(...)`); options: what the script is
    told at the start, as JSON. As an input it is whatever the listener's `js` puts there; as an output, any JSON.
    """

    def __init__(
        self, name: str, events: tuple[str, ...] = (), elem_id: str | None = None, **options: Any
    ):
        super().__init__(
            html_template='<div class="hl-widget"></div>',
            js_on_load=(
                f"headlight.mount({json.dumps(name)}, element.firstElementChild, {json.dumps(options)}, "
                f"{json.dumps(events)}, {{trigger, props, watch}});"
            ),
            apply_default_css=False,
            elem_id=elem_id,
            elem_classes=["hl", f"hl-{name}"],
        )


def head() -> str:
    """Style and scripts of the page, to stand in its <head>; they run before any Widget is drawn.

    The style goes here and not to launch(css=): Gradio rewrites the selectors of that.
    """
    styles = (f"<style>\n{_file(style)}</style>" for style in STYLES)
    return "\n".join([*styles, *(f"<script>\n{_file(script)}</script>" for script in SCRIPTS)])


def _file(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


HEADER = """
<a class="hl-skip" href="#vit">Skip to the maps</a>
<h1 class="hl-name">
  <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
    <path d="M11 16 31 5v22z" fill="#f5b301"/><circle cx="10" cy="16" r="8" fill="currentColor"/>
  </svg>
  Headlight <small>what vision transformers look at</small>
</h1>
"""
