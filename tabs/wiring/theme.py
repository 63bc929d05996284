"""The page's colours and type, as a Gradio theme; assets/page/page.css draws with the same variables."""

from __future__ import annotations

import gradio as gr

# IBM Plex is among the fonts that come with Gradio: no request leaves the machine. Of its weights, Gradio's copy of 600
# has no Latin letters.
PLEX = {
    name: gr.themes.GoogleFont(f"IBM Plex {name}", weights=(400, 700)) for name in ("Sans", "Mono")
}
THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.zinc,
    neutral_hue=gr.themes.colors.zinc,
    font=[PLEX["Sans"], "system-ui", "sans-serif"],
    font_mono=[PLEX["Mono"], "ui-monospace", "monospace"],
    text_size=gr.themes.sizes.text_md,
    radius_size=gr.themes.sizes.radius_md,
).set(
    body_background_fill="#f7f7f4",
    body_background_fill_dark="#101214",
    body_text_color="#1b1d1f",
    body_text_color_dark="#ecedee",
    body_text_color_subdued="#55595e",
    body_text_color_subdued_dark="#a7adb3",
    block_background_fill="#ffffff",
    block_background_fill_dark="#191c1f",
    border_color_primary="#dededa",
    border_color_primary_dark="#2d3237",
    checkbox_border_color="#55595e",
    checkbox_border_color_dark="#a7adb3",
    checkbox_background_color_selected="#1b1d1f",
    checkbox_background_color_selected_dark="#5a6168",
    block_border_color="#dededa",
    block_border_color_dark="#2d3237",
)
