"""Gradio's inputs without its habit of fetching: whatever is sent in a question, no request leaves the machine for it.

Gradio takes anything that looks like one of its files, wherever it stands in a question, for an address to fetch.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr

from tabs.wiring.question import NO_FILE, was_uploaded


async def as_sent(self: gr.components.Component, url_or_file_path: str | Path | None) -> str | None:
    """What every input of the page has in place of its `async_move_resource_to_block_cache`."""
    path = url_or_file_path  # Gradio's name of it
    if str(path).startswith(("http://", "https://")):
        raise gr.Error(
            "Send the file itself; addresses on the web are not fetched.", print_exception=False
        )
    if path is None:
        return None
    if not was_uploaded(path):
        raise gr.Error(NO_FILE, print_exception=False)
    if not os.path.isfile(path):
        raise gr.Error("This file is not here any more; bring it again.", print_exception=False)
    return await gr.components.Component.async_move_resource_to_block_cache(self, path)


class Json(gr.JSON):
    """Any JSON."""

    is_template = True  # in the browser it is Gradio's own
    async_move_resource_to_block_cache = as_sent


class Textbox(gr.Textbox):
    """A text."""

    is_template = True
    async_move_resource_to_block_cache = as_sent

    def preprocess(self, payload: str | None) -> str | None:
        """Any value that is no text would be written out as one, however long."""
        if not isinstance(payload, str | None):
            raise gr.Error(f"The {self.label or 'text'} is one text.", print_exception=False)
        return payload


class UploadButton(gr.UploadButton):
    """A file from the person's own computer."""

    is_template = True
    async_move_resource_to_block_cache = as_sent

    def preprocess(self, payload: Any) -> str | None:
        """The upload's path; Gradio's own leaves an empty file on disk for every question."""
        if payload is not None and not isinstance(payload, gr.data_classes.FileData):
            raise gr.Error("Send one file.", print_exception=False)
        return None if payload is None else payload.path
