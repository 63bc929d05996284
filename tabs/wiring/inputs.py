"""Gradio's inputs without its habit of fetching: whatever is sent in a question, no request leaves the machine for it.

Gradio takes anything that looks like one of its files, wherever it stands in a question, for an address to fetch.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr


async def as_sent(component: gr.components.Component, path: str | Path | None) -> str | None:
    """What every input of the page has in place of its `async_move_resource_to_block_cache`."""
    if str(path).startswith(("http://", "https://")):
        raise gr.Error(
            "Send the file itself; addresses on the web are not fetched.", print_exception=False
        )
    return await gr.components.Component.async_move_resource_to_block_cache(component, path)


class Json(gr.JSON):
    """Any JSON."""

    is_template = True  # in the browser it is Gradio's own
    async_move_resource_to_block_cache = as_sent


class Textbox(gr.Textbox):
    """A text."""

    is_template = True
    async_move_resource_to_block_cache = as_sent


class UploadButton(gr.UploadButton):
    """A file from the person's own computer."""

    is_template = True
    async_move_resource_to_block_cache = as_sent
