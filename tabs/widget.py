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
    "store colour maps wording canvas checkpoint classes answers bar notice column ask examples strips "
    "npz saving export bring tab parts set-picker "
    "prompts prompts-parts prompts-asks prompts-headline prompts-bars prompts-change prompts-confusion "
    "prompts-board prompts-image "
    "scatter-view scatter-crowd scatter-motion scatter-grid scatter-lasso scatter-tiles scatter-sheet "
    "scatter-svg scatter-export scatter-raster scatter-draw scatter-marks scatter-top scatter-wants "
    "scatter-card scatter-tools scatter-keys scatter-acts scatter-frame scatter-pointer scatter "
    "map map-colours map-export map-asks map-column map-chosen "
    "compare compare-maps compare-parts compare-asks compare-headline compare-opened compare-cells "
    "compare-differences compare-bars compare-calibration compare-labels "
).split()
STYLES = ("page.css", "bench.css", "scatter.css", "map.css", "compare.css")


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
    return "\n".join(
        [*styles, *(f"<script>\n{_file(f'{script}.js')}</script>" for script in SCRIPTS)]
    )


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
