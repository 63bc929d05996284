"""The toybox made hard: its realistic renders noisy, covered, upside down, faint or small.

Models that are all but perfect on the renders themselves part here, so there is something to compare without internet.
The kinds of harm follow Hendrycks and Dietterich 2019 (arXiv 1903.12261); the pictures are made when the set is loaded,
the same ones every time.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from imagesets.catalogue import Entry
from imagesets.folder import load_folder
from imagesets.labelled import ImageSet, Item, Progress, draw, image_set

PLAIN = "realistic"


def load_hardened(entry: Entry, limit: int, seed: int, progress: Progress) -> ImageSet:
    """Every realistic picture of the set in a folder, harmed in each way; at most `limit` of them."""
    from imagesets.harms import HARMS, harm

    whole = load_folder(replace(entry, kind="folder"), 10_000, seed, progress)
    plain = [item for item in whole.items if item.condition == PLAIN]
    asked = [(item, condition) for condition in HARMS for item in plain]
    places = sorted(draw([item.label for item, _ in asked], limit, seed))
    items = []
    for done, place in enumerate(places):
        progress(done / len(places), "Making the pictures")
        item, condition = asked[place]
        name = f"{condition}/{item.name.rpartition('/')[2]}"
        assert isinstance(item.content, Path)  # a folder's pictures are files
        content, says = harm(item.content, condition, name), f"a {item.label}, {condition}"
        items.append(Item(content, item.label, condition, name, says))
    return image_set(entry.name, entry.title, [item.label for item, _ in asked], items, {})
