"""What CLIP makes of its texts that a person would not expect, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models import text_reader

if TYPE_CHECKING:
    from models.model import Model

SHOWN = 3  # words named; the rest is an ellipsis


def text_notes(model: Model, texts: Sequence[str]) -> list[str]:
    """Which words mean nothing to the model, and how many texts it cannot read to their end."""
    if not model.reads_texts:
        return []
    clip, notes = text_reader(model), []
    if unseen := clip.unseen_words(texts):
        words = ", ".join(f"“{word[:30]}”" for word in unseen[:SHOWN])
        more = " …" if len(unseen) > SHOWN else ""
        notes.append(f"Not in its vocabulary, and so without meaning to it: {words}{more}.")
    if cut := sum(count > clip.context for count in clip.token_counts(texts)):
        notes.append(
            f"It reads {clip.context} tokens at most: {cut} of its texts are cut off there."
        )
    return notes
