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

from tabs.wiring.inputs import as_sent

PAGE = Path(__file__).parents[2] / "assets" / "page"
_FOLDERS = {  # in this order: store.js makes `headlight`, the others add to it
    "shared": "store colour maps wording canvas checkpoint classes npz saving export bring line tab parts set-picker",
    "explain": "answers bar notice column ask examples strips",
    "prompts": "state parts asks headline bars change confusion board image",
    "scatter": (
        "view crowd motion grid lasso tiles sheet svg export raster draw marks top wants card tools keys acts frame "
        "pointer scatter"
    ),
    "map": "state colours export asks column chosen",
    "compare": "state maps parts asks headline opened cells differences bars calibration labels",
}
SCRIPTS = tuple(
    f"{folder}/{name}.js" for folder, names in _FOLDERS.items() for name in names.split()
)
STYLES = ("page.css", "shared.css", "scatter.css", "map.css", "compare.css")


class Widget(gr.HTML):
    """An element drawn by the script called `name`.

    events: what it may send, each then a listener of this component (`widget.ask(...)`); options: what the script is
    told at the start, as JSON. As an input it is whatever the listener's `js` puts there; as an output, any JSON.
    """

    async_move_resource_to_block_cache = as_sent

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
    styles = (f"<style>\n{_file(name)}</style>" for name in STYLES)
    return "\n".join([*styles, *(f"<script>\n{_file(name)}</script>" for name in SCRIPTS)])


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
