"""The photo input of the page and of the API: a file as it was sent, for `open_photo` to open; and the API's picture."""

from pathlib import Path
from typing import Any

import gradio as gr

from tabs.wiring.disk import FULL, is_full
from tabs.wiring.inputs import as_sent


class PhotoInput(gr.Image):
    """An image input whose callbacks get the path of the uploaded file, or None; they may return an example's.

    Gradio's own decodes the file before any callback could check it, drops alpha and clips 16 bits.
    """

    is_template = True  # in the browser it is Gradio's image
    async_move_resource_to_block_cache = as_sent

    def preprocess(self, payload: gr.data_classes.ImageData | None) -> str | None:
        if payload is None:
            return None
        if payload.path is None:
            raise gr.Error("Send the photo as an uploaded file.", print_exception=False)
        return payload.path

    def postprocess(self, value: Any) -> gr.data_classes.ImageData | None:
        """One of our own example files, copied to where Gradio serves from, wherever it was installed."""
        if value is None:
            return None
        try:
            copy = gr.processing_utils.save_file_to_cache(value, cache_dir=self.GRADIO_CACHE)
        except OSError as error:
            if not is_full(error):
                raise
            return None  # the page opens all the same, without this photo
        return gr.data_classes.ImageData(path=copy, orig_name=Path(value).name)

    def example_payload(self) -> dict:
        """What the API's own page tells a program to send; Gradio's example is an address."""
        return {"path": "photo.jpg", "meta": {"_type": "gradio.FileData"}}

    def example_value(self) -> str:
        return "photo.jpg"


class PhotoOutput(gr.Image):
    """A picture that an endpoint answers, as a file."""

    is_template = True

    def postprocess(self, value: Any) -> Any:
        try:
            return super().postprocess(value)
        except OSError as error:
            if not is_full(error):
                raise
            raise gr.Error(FULL, print_exception=False) from None
