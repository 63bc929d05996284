"""HTML and SVG that are safe by construction: what is not markup already is escaped."""

from __future__ import annotations

from html import escape
from typing import Any

EMPTY = frozenset({"meta", "img", "br"})  # elements without an end


class Markup(str):
    """A text that is markup already."""


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """One element; children are Markup or anything to be shown as text.

    An attribute's name loses the underscore at its end and has hyphens for those inside; None leaves it out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*children)}</{name}>")


def joined(*children: Any) -> Markup:
    """Several pieces, one after another."""
    return Markup("".join(c if isinstance(c, Markup) else escape(str(c)) for c in children))
