"""Which words of a prompt its score came from: by relevance on the text's side, and measured by leaving each word out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explain.attribution.relevance import relevance

if TYPE_CHECKING:
    from models.model import Model


@dataclass(frozen=True)
class Words:
    """score: the prompt's, in logits. tokens: [(token, relevance)], which add up to it with `check`'s rest (end-of-text has most).

    words: [(word, the score less the score without it)], measured; empty for a prompt of one word.
    """

    score: float
    tokens: list[tuple[str, float]]
    check: dict[str, float]
    words: list[tuple[str, float]]


def words(model: Model, image: Any, text: str) -> Words:
    """The parts of a CLIP's score for one text beside one photo. Raises ValueError for models that read no text."""
    trace = model.trace(image, 0, (text,), gradients=False, backward="frozen", side="text")
    found, _, check = relevance(trace)
    given = text.split()
    shorter = [" ".join(given[:place] + given[place + 1 :]) for place in range(len(given))]
    measured = []
    if len(given) > 1:
        labels = tuple(dict.fromkeys([text, *shorter]))
        scores = dict(zip(labels, model.classify([image], labels)[0].tolist(), strict=True))
        measured = [
            (word, scores[text] - scores[without])
            for word, without in zip(given, shorter, strict=True)
        ]
    tokens = list(zip(trace.words, found[0].tolist(), strict=True))
    return Words(trace.score, tokens, check, measured)
