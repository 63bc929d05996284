"""The checkpoints that a list on the page offers."""

from __future__ import annotations

from typing import Any

from models import CATALOGUE


def checkpoints(family: str) -> list[dict[str, Any]]:
    """Those of one family; here: on this computer, so that no internet is needed."""
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "here": entry.folder is not None,
            "bundled": entry.name.startswith("pocket-"),
        }
        for entry in CATALOGUE.values()
        if entry.family == family
    ]
