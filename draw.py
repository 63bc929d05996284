"""Arrays → pictures: the only place that normalises and colours.

Unsigned maps are viridis from zero; signed ones blue–white–red with zero at white, the same distance both ways. Patches
stay patches: a map has one value each, and smoothing would show more than the model knows.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

View = tuple[float, float, float, float]
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
OUTSIDE = 0.35  # how bright the part of the photo stays that the model did not see
MARGIN, BAR_WIDTH, LABELS_WIDTH = 12, 18, 74
INK, PAPER = (33, 33, 33), (255, 255, 255)
SHADES = 256


def colour_range(heat: np.ndarray, signed: bool) -> tuple[float, float]:
    """(low, high) that the colours span: from zero to the largest value, or as far below zero as above for signed."""
    heat = np.asarray(heat)
    high = float(np.abs(heat).max() if signed else heat.max())
    high = high if np.isfinite(high) and high > 0 else 1.0
    return (-high if signed else 0.0), high


@cache
def shades(signed: bool) -> np.ndarray:
    """(SHADES, 3) uint8: the colours from the lowest value to the highest; the page draws with the same."""
    from matplotlib import colormaps

    found = colormaps[DIVERGING if signed else SEQUENTIAL](np.arange(SHADES))
    return (found[:, :3] * 255).round().astype(np.uint8)


def colour(heat: np.ndarray, signed: bool, low: float, high: float) -> np.ndarray:
    """(rows, cols) values → (rows, cols, 3) uint8."""
    place = np.nan_to_num(np.clip((np.asarray(heat) - low) / (high - low), 0, 1))
    return shades(signed)[np.minimum((place * SHADES).astype(int), SHADES - 1)]


def overlay(
    photo: Image.Image,
    heat: np.ndarray,
    view: View = (0, 0, 1, 1),
    signed: bool = False,
    opacity: float = 0.6,
    limits: tuple[float, float] | None = None,
    unit: str = "",
    caption: str = "",
    longest: int = 512,
) -> Image.Image:
    """As `laid_over`, framed: a colour bar with its numbers beside it, in `unit`, and a caption below."""
    low, high = limits or colour_range(heat, signed)
    picture = laid_over(photo, heat, view, signed, opacity, (low, high), longest)
    return _framed(picture, signed, low, high, unit, caption)


def laid_over(
    photo: Image.Image,
    heat: np.ndarray,
    view: View = (0, 0, 1, 1),
    signed: bool = False,
    opacity: float = 0.6,
    limits: tuple[float, float] | None = None,
    longest: int = 512,
) -> Image.Image:
    """The map over the photo.

    view: (left, top, right, bottom), fractions of the photo the map covers; the rest is dimmed. limits: the values at
    the ends of the colours, by default the map's own. longest: pixels of the photo's longer side.
    """
    low, high = limits or colour_range(heat, signed)
    scale = longest / max(photo.size)
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    base = photo.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    picture = Image.fromarray((np.asarray(base) * OUTSIDE).astype(np.uint8))
    left, top, right, bottom = (
        round(fraction * side) for fraction, side in zip(view, (*size, *size), strict=True)
    )
    patch = Image.fromarray(colour(heat, signed, low, high))
    patch = patch.resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.NEAREST)
    whole = base.copy()
    whole.paste(patch, (left, top))
    inside = Image.new("L", size, 0)
    inside.paste(255, (left, top, right, bottom))
    picture.paste(Image.blend(base, whole, opacity), mask=inside)
    return picture


def ramp(signed: bool, width: int, height: int) -> Image.Image:
    """The colours from lowest to highest, left to right."""
    return Image.fromarray(colour(np.linspace(0, 1, width)[None], signed, 0, 1)).resize(
        (width, height)
    )


def _framed(
    picture: Image.Image, signed: bool, low: float, high: float, unit: str, caption: str
) -> Image.Image:
    """The picture on paper with its colour bar and caption."""
    font = _font(14)
    lines = _wrapped(caption, font, picture.width + BAR_WIDTH + LABELS_WIDTH)
    below = 20 * len(lines) + (MARGIN if lines else 0)
    width = picture.width + BAR_WIDTH + LABELS_WIDTH + 3 * MARGIN
    sheet = Image.new("RGB", (width, picture.height + 2 * MARGIN + below), PAPER)
    sheet.paste(picture, (MARGIN, MARGIN))
    ramp = colour(np.linspace(high, low, 256)[:, None], signed, low, high)
    x = picture.width + 2 * MARGIN
    sheet.paste(Image.fromarray(ramp).resize((BAR_WIDTH, picture.height)), (x, MARGIN))
    pen = ImageDraw.Draw(sheet)
    marks = (high, (low + high) / 2, low)
    for value, y in zip(marks, np.linspace(0, max(0, picture.height - 16), 3), strict=True):
        pen.text((x + BAR_WIDTH + 6, MARGIN + y), f"{value:.3g}", fill=INK, font=font)
    if unit:
        pen.text((x + BAR_WIDTH + 6, MARGIN + 18), unit, fill=INK, font=_font(11))
    for row, line in enumerate(lines):
        pen.text((MARGIN, picture.height + 2 * MARGIN + 20 * row), line, fill=INK, font=font)
    return sheet


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """matplotlib's DejaVu Sans: on every machine, and with signs and alphabets that Pillow's own font lacks."""
    from matplotlib import get_data_path

    return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int, most: int = 4) -> list[str]:
    """`text` in lines that fit `width` pixels, `most` at the most."""
    lines: list[str] = []
    for word in text.split():
        word = word[:80]
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines[:most]
