"""Gradio's inputs without its habit of fetching: whatever is sent in a question, no request leaves the machine for it."""

from __future__ import annotations

import gradio as gr

REFUSED = "Send the file itself; addresses on the web are not fetched."


class Sent:
    """For a component: what people send is used as it was sent.

    Gradio takes anything that looks like one of its files, wherever it stands in a question, for an address to fetch.
    """

    is_template = True  # in the browser it is the component it adds this to

    async def async_move_resource_to_block_cache(self, path):
        if str(path).startswith(("http://", "https://")):
            raise gr.Error(REFUSED, print_exception=False)
        return await super().async_move_resource_to_block_cache(path)


class Json(Sent, gr.JSON):
    """Any JSON."""


class Textbox(Sent, gr.Textbox):
    """A text."""


class Upload(Sent, gr.UploadButton):
    """A file of this computer's own."""
