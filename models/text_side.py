"""A text as CLIP's text tower looks at it, beside one photo: the same Trace, over the tokens of the text.

The score is the same, logit_scale × cosine; here the photo's embedding stays as it is, and the text's is followed back. A token is
a patch, of a grid with one row that leaves out start-of-text and end-of-text. The answer is read at end-of-text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from models.model import Model, Record, TraceParts, View
from models.trace import Trace, one_window, patch_grid


class TextSide:
    """Stands before a CLIP's own class among the bases; that says which tower, and how a text becomes `ids`."""

    own_scores_refused = (
        "LeGrad reads a score from the mean of an image's tokens; a text is read at its end alone. "
        "Choose another method."
    )
    module: Any
    labels: tuple[str, ...]
    ids: Tensor  # (1, tokens), from start-of-text to end-of-text
    words: tuple[str, ...]  # the tokens between, as the tokenizer writes them

    def __init__(self, clip: Model, photo: Tensor, text: str):
        vars(self).update(vars(clip))  # the same weights, under the same lock
        self.photo, self.labels = photo, (text,)

    def _encoded(self) -> Tensor:
        """(1, dim) of `ids`, not yet of unit length."""
        raise NotImplementedError

    def _inputs(self, image: Any) -> tuple[Tensor, View]:
        return self.ids, (0, 0, 1, 1)

    def _answer(self, pixels: Tensor, labels: Sequence[Any] | None) -> tuple[Tensor, Tensor]:
        embedding = normalize(self._encoded(), dim=-1)
        return self.module.logit_scale.exp() * embedding @ self.photo.T, embedding

    def trace(self, *arguments: Any, **named: Any) -> Trace:
        found = Model.trace(self, *arguments, **named)  # type: ignore[arg-type]
        return replace(found, side="text", words=self.words)

    def _trace_parts(
        self, record: Record, gradients: list[Tensor | None], features_gradient: Tensor
    ) -> TraceParts:
        count = self.ids.shape[1]
        grid = patch_grid(1, count - 2, first=1)
        readout = torch.zeros(count)
        readout[-1] = 1
        return TraceParts(
            blocks=tuple(
                one_window(w, g, grid) for w, g in zip(record.weights, gradients, strict=True)
            ),
            readout=readout,
            features=record.features[0, 1:-1],
            features_gradient=features_gradient[0, 1:-1],
            features_grid=(1, count - 2),
            readout_name="end-of-text",
        )
