"""The endpoints for other programs: plain numbers, and what is wrong in one sentence.

They have no place on the page: hidden components carry their values.
"""

from __future__ import annotations

from tabs.api import compare, map, photos, prompts, removal


def add() -> None:
    """Give the Blocks being built every endpoint, out of sight."""
    for each in (photos, removal, prompts, map, compare):
        each.add()
