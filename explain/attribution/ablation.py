"""What a score becomes when heads, blocks or patches are taken out: a measurement, beside which every map is a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from explain.attribution.faithfulness import check_side, score_of
from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model

TOP = 5
Pair = tuple[int, int]


@dataclass(frozen=True)
class Ablation:
    """before, after: [(label, probability)], the likeliest first; score_before, score_after: in logits. fill: of patches."""

    before: list[tuple[str, float]]
    after: list[tuple[str, float]]
    score_before: float
    score_after: float
    fill: str


def ablate(
    trace: Trace,
    model: Model,
    image: Any,
    heads: Sequence[Pair] = (),
    blocks: Sequence[int] = (),
    patches: Sequence[Pair] = (),
    fill: str | None = None,
) -> Ablation:
    """The trace's score before and after: without what these (layer, head) write, these blocks, and these patches.

    patches: (row, col) of the first layer's grid; fill as in `faithfulness`. Raises ValueError for what is not there.
    """
    check_side(trace)
    fill = fill or ("mean" if model.drop_refused else "drop")
    rows, cols = trace.attention_blocks[0].grid.shape
    removed = torch.zeros(1, rows, cols, dtype=torch.bool)
    for row, col in patches:
        if not (0 <= row < rows and 0 <= col < cols):
            raise ValueError(f"A patch is [row, col] on the grid of {rows} × {cols}, from 0.")
        removed[0, row, col] = True
    pixels = model.pixels([image])
    logits = torch.cat(
        [
            model.changed(pixels, trace.labels),
            model.changed(
                pixels, trace.labels, heads, blocks, removed if len(patches) else None, fill
            ),
        ]
    )
    before, after = (_top(row.softmax(-1), trace) for row in logits)
    score_before, score_after = score_of(logits, trace).tolist()
    return Ablation(before, after, score_before, score_after, fill)


def _top(probabilities: torch.Tensor, trace: Trace) -> list[tuple[str, float]]:
    best = probabilities.topk(min(TOP, len(probabilities)))
    return [
        (trace.labels[index], share)
        for index, share in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
