"""The page's colours and type, as a Gradio theme; assets/page/page.css draws with the same variables."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr


@dataclass(frozen=True)
class FamilyColours:
    """A family's colour, and the shades of it that words have on light and on dark ground."""

    usual: str
    on_light: str
    on_dark: str


FAMILY_COLOURS = {  # Okabe and Ito's, which colour-blind people tell apart
    "vit": FamilyColours("#0072b2", "#005f95", "#6cbcf0"),
    "swin": FamilyColours("#d55e00", "#a34700", "#ffa366"),
    "clip": FamilyColours("#009e73", "#00714f", "#4fd6ae"),
}

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


def family_style() -> str:
    """CSS: what belongs to a family, by its data-family, has its colours as --family and --family-ink.

    Everything has each family's as --vit, --swin and --clip.
    """
    every = ";".join(f"--{family}:{colours.usual}" for family, colours in FAMILY_COLOURS.items())
    rules = [f":root{{{every}}}"]
    for family, colours in FAMILY_COLOURS.items():
        chosen = f'[data-family="{family}"]'
        rules.append(f"{chosen}{{--family:{colours.usual};--family-ink:{colours.on_light}}}")
        rules.append(f".dark {chosen}{{--family-ink:{colours.on_dark}}}")
    return "".join(rules)
