"""The report's drawings, as SVG that needs no script: bars with intervals, and calibration curves."""

from __future__ import annotations

from math import sqrt
from typing import Any

from tabs.compare.markup import Markup, joined, tag

COLOURS = {"vit": "#0072b2", "swin": "#d55e00", "clip": "#009e73"}
INK, QUIET, WELL = "#1b1d1f", "#55595e", "#efefeb"
WIDTH = 120  # of a bar, in pixels
SIDE = 180  # of a curve's field
LEFT, TOP, COUNTS = 34, 8, 30  # room for the scale, above the field, and for the bars that count


def bar(share: dict[str, Any], key: str) -> Markup:
    """A share from 0 to 100 % with its interval."""
    if not share["total"]:
        return tag("span", "no picture")
    low, high = WIDTH * share["low"], WIDTH * share["high"]
    return tag(
        "svg",
        tag("rect", width=WIDTH, height=10, y=2, fill=WELL),
        tag(
            "rect",
            width=_short(WIDTH * share["rate"]),
            height=10,
            y=2,
            fill=_colour(key),
            fill_opacity=0.6,
        ),
        tag(
            "path",
            d=f"M{_short(low)} 4v6m0-3H{_short(high)}m0-3v6",
            stroke=INK,
            stroke_width=1.5,
            fill="none",
        ),
        viewBox=f"-1 0 {WIDTH + 2} 14",
        width=WIDTH + 2,
        height=14,
        aria_hidden="true",
    )


def curve(told: dict[str, Any], key: str, label: str) -> Markup:
    """A model's calibration: a dot a bin with its interval, the diagonal, and how many pictures each bin holds."""
    bins, floor = told["calibration"], TOP + SIDE + COUNTS + 6
    most = max(each["total"] for each in bins)
    line = " ".join(f"{_x(each['confidence'])},{_y(each['rate'])}" for each in bins)
    colour = _colour(key)
    return tag(
        "svg",
        tag("rect", x=LEFT, y=TOP, width=SIDE, height=SIDE, fill="none", stroke="#dededa"),
        *(_scale(share, floor) for share in (0, 0.5, 1)),
        tag("text", "how sure, in %", x=_x(0.5), y=floor + 27, text_anchor="middle"),
        tag(
            "text",
            "right, in %",
            transform=f"translate(9 {_y(0.5)}) rotate(-90)",
            text_anchor="middle",
        ),
        tag("path", d=f"M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}", stroke=QUIET, stroke_dasharray="4 4"),
        tag("polyline", points=line, fill="none", stroke=colour, stroke_width=2),
        *(_bin(each, most, floor, colour) for each in bins),
        viewBox=f"0 0 {LEFT + SIDE + 10} {floor + 30}",
        width=LEFT + SIDE + 10,
        role="img",
        aria_label=label,
    )


def _scale(share: float, floor: float) -> Markup:
    words = f"{100 * share:.0f}"
    return joined(
        tag("text", words, x=LEFT - 5, y=_y(share) + 4, text_anchor="end"),
        tag("text", words, x=_x(share), y=floor + 13, text_anchor="middle"),
    )


def _bin(each: dict[str, Any], most: int, floor: float, colour: str) -> Markup:
    height = COUNTS * each["total"] / most
    x, width = _x(each["confidence"]), SIDE * (each["to"] - each["from"]) - 2
    return joined(
        tag(
            "rect",
            x=_x(each["from"]) + 1,
            y=_short(floor - height),
            width=_short(width),
            height=_short(height),
            fill=colour,
            fill_opacity=0.45,
        ),
        tag("path", d=f"M{x} {_y(each['low'])}V{_y(each['high'])}", stroke=colour, stroke_width=2),
        tag(
            "circle",
            cx=x,
            cy=_y(each["rate"]),
            r=_short(2 + 4 * sqrt(each["total"] / most)),
            fill=colour,
            stroke="#fff",
        ),
    )


def _x(share: float) -> float:
    return _short(LEFT + SIDE * share)


def _y(share: float) -> float:
    return _short(TOP + SIDE * (1 - share))


def _short(value: float) -> float:
    return round(float(value), 1)


def _colour(key: str) -> str:
    return COLOURS.get(key, QUIET)
