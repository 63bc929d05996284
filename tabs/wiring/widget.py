"""The one Gradio component the page is drawn with: an element that a module of assets/page fills.

`Widget("map", "column", family="vit")` calls `widgets.column(element, {family: "vit"}, link)` of assets/page/map/widgets.js
in the browser, where link sends an event to Python and hears what Python answers. The markup is fixed and empty: modules
build it with textContent, so nothing a person typed can become HTML.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from tabs.wiring import assets
from tabs.wiring.inputs import as_sent
from tabs.wiring.theme import family_style

STYLES = ("page.css", "shared.css", "scatter.css", "map.css", "compare.css")
FIRST = ("bridge.js", "explain/widgets.js")  # what the first tab needs is fetched at once


class Widget(gr.HTML):
    """The part of a tab that its widgets.js calls `part`.

    options: what tells it from others of its kind; what all are told stands in the page's settings. It may send the events below, each then a listener of this component
    (`widget.ask(...)`). As an input it is whatever the listener's `js` puts there; as an output, any JSON.
    """

    EVENTS: list[Any] = ["ask", "stop", "pick"]  # noqa: RUF012 (Gradio wants a list)
    async_move_resource_to_block_cache = as_sent

    def __init__(self, tab: str, part: str, elem_id: str | None = None, **options: Any):
        told = ", ".join(map(json.dumps, [tab, part, *([options] if options else [])]))
        super().__init__(
            html_template='<div class="hl-widget"></div>',
            js_on_load=f"headlight.then(page => page.mount(element, {{trigger, props, watch}}, {told}))",
            apply_default_css=False,
            elem_id=elem_id,
            elem_classes=["hl", "hl-line" if part == "line" else f"hl-{tab}_{part}"],
        )


def head() -> str:
    """Style and first modules of the page, to stand in its <head>.

    `headlight` is a promise of assets/page/bridge.js, for the scripts that Gradio runs for us: it knows no imports.

    The style is linked here and not given to launch(css=): Gradio rewrites the selectors of that.
    """
    first = sorted({name for entry in FIRST for name in assets.graph(entry)})
    return "".join(
        [
            *(f'<link rel="stylesheet" href="./{assets.ROOT}/{name}">' for name in STYLES),
            f"<style>{family_style()}</style>",
            f"<script>window.headlight = {assets.bridge()};</script>",
            f'<link rel="preload" href="./{assets.ROOT}/settings.json" as="fetch" crossorigin>',
            *(f'<link rel="modulepreload" href="./{assets.ROOT}/{name}">' for name in first),
        ]
    )


HEADER = """
<a class="hl-skip" href="#vit">Skip to the maps</a>
<h1 class="hl-name">
  <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
    <path d="M11 16 31 5v22z" fill="#f5b301"/><circle cx="10" cy="16" r="8" fill="currentColor"/>
  </svg>
  Headlight <small>what vision transformers look at</small>
</h1>
"""
COPY_LINK = """<button id="hl-copy-link" class="hl-button" type="button" title="The address of exactly this view">Copy link</button>"""
