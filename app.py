"""Headlight's page: `python app.py`. Builds it from TABS and opens it; the bundled models load behind it."""

from __future__ import annotations

import argparse
import os
import threading

from limits import ANSWERED_PAGES

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr

import imagesets
import models
from limits import UPLOAD_BYTES, WAITING
from tabs import TABS, api, page_settings
from tabs import map as map_tab
from tabs.wiring import assets, gpu
from tabs.wiring.description import Page
from tabs.wiring.door import door
from tabs.wiring.theme import THEME
from tabs.wiring.widget import COPY_LINK, HEADER, head

CLEANED = (3600, 7200)  # seconds: every hour, uploaded photos older than two


def page() -> gr.Blocks:
    """The whole page, not yet open."""
    with Page(title="Headlight", fill_width=True, delete_cache=CLEANED) as blocks:
        gr.HTML(HEADER, elem_classes="hl-header")
        gr.HTML(COPY_LINK, elem_classes="hl hl-link")
        with gr.Tabs():
            for tab in TABS:
                with gr.Tab(tab.TITLE):
                    tab.build()
        api.add()
    return blocks.queue(max_size=WAITING, api_open=False)  # nothing goes past the queue


def launch(blocks: gr.Blocks, **where) -> tuple:
    """Open the page as it must always be open: its own looks, nothing recorded, nothing sent elsewhere."""
    return blocks.launch(
        **where,
        theme=THEME,
        head=head(),
        app_kwargs={"middleware": door(), "routes": assets.routes(page_settings())},
        footer_links=["api", "settings"],
        max_file_size=UPLOAD_BYTES,
        state_session_capacity=ANSWERED_PAGES,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
    )


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description="See what vision transformers look at.")
    add = options.add_argument
    add("--device", help="cpu, cuda or cuda:1 (default: CUDA where there is one)")
    add("--models", action="append", default=[], metavar="DIR", help="a folder of checkpoints")
    add("--imagesets", action="append", default=[], metavar="DIR", help="a folder of image sets")
    add("--host", help="address to listen on (default: GRADIO_SERVER_NAME or 127.0.0.1)")
    add("--port", type=int, help="default: GRADIO_SERVER_PORT or the first free from 7860")
    return options


def warm() -> None:
    """What the first questions need, made ready behind the open page."""
    if not gpu.LENT:
        gpu.load_bundled()
    map_tab.warm()


def main() -> None:
    options = parser()
    chosen = options.parse_args()
    if chosen.device:
        os.environ["HEADLIGHT_DEVICE"] = chosen.device
    try:
        if chosen.device:
            models.choose_device()
        for folder in chosen.models:
            models.add_folder(folder)
        for folder in chosen.imagesets:
            imagesets.add_folder(folder)
    except ValueError as error:
        options.error(str(error))
    if gpu.LENT:
        gpu.load_bundled()
    threading.Thread(target=warm, daemon=True).start()
    launch(page(), server_name=chosen.host, server_port=chosen.port)


if __name__ == "__main__":
    main()
