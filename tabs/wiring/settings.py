"""What the browser must know of the program, said once: families, methods, colours, limits (assets/page/shared/settings.js)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from explain import METHODS
from models import CATEGORIES, FAMILIES, TEMPLATE
from tabs.wiring.checkpoints import checkpoints
from tabs.wiring.theme import FAMILY_COLOURS


def settings(
    limits: dict[str, int],
    ranges: dict[str, Any],
    sets: list[dict[str, Any]],
    start: str,
    told: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """limits, ranges: what the tabs check of a question; start: which of the sets they open on; told: tab → part → options."""
    import draw

    return {
        "families": {
            family: {
                "title": title,
                "colour": FAMILY_COLOURS[family].usual,
                "checkpoints": checkpoints(family),
            }
            for family, title in FAMILIES.items()
        },
        "methods": {method.key: _method(method) for method in METHODS.values() if method.on_page},
        "shades": {
            "even": b64encode(draw.shades(signed=False).tobytes()).decode(),
            "signed": b64encode(draw.shades(signed=True).tobytes()).decode(),
        },
        "outside": draw.OUTSIDE,
        "template": TEMPLATE,
        "categories": list(CATEGORIES),
        "sets": sets,
        "set": start,
        "limits": limits,
        "ranges": ranges,
        "told": told,
    }


def _method(method) -> dict[str, Any]:
    return {
        "key": method.key,
        "title": method.title,
        "short": method.short,
        # What runs the model again is drawn whole: the page has no map of each layer of it.
        "takes": [] if method.needs_model else sorted(method.takes),
        "signed": method.signed,
        "reads": method.reads,
        "slow": method.needs_model,
        "targeted": method.follows_target,
        "means": method.means,
        "cannot": method.cannot,
        "paper": method.paper,
    }
