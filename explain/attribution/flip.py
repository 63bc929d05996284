"""The smallest set of patches, found greedily, without which a model answers B and not A: why A, not B, put to the test.

Patches go in the order of a map of A over B until B leads; then they are put back, the least important first, where B still leads
without them. Every step is a forward pass, so the set is true of the model, whatever the map was; a smaller one may exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from explain.attribution.faithfulness import STEPS, check_side, first_shape, on_grid, scores_without
from models.trace import Trace

if TYPE_CHECKING:
    from models.model import Model


@dataclass(frozen=True)
class Flip:
    """patches: (row, col) of the first grid, most important first; None where B never leads, whatever is removed.

    lead_before, lead_after: A's logit less B's, with all patches and without these. fill: how they were removed.
    """

    patches: tuple[tuple[int, int], ...] | None
    lead_before: float
    lead_after: float
    fill: str


def flip(
    trace: Trace, found: np.ndarray, model: Model, image: Any, fill: str | None = None
) -> Flip:
    """The patches whose removal turns the trace's target into the class it is explained against.

    found: (rows, cols) map of the target over that class, on any grid. Raises ValueError for a trace without `versus`, or one in
    which the target does not lead.
    """
    check_side(trace)
    if trace.versus is None:
        raise ValueError("Say which other class it should become: take the trace with versus=.")
    if trace.score <= 0:
        raise ValueError(
            f"The model already prefers “{trace.labels[trace.versus]}” to “{trace.labels[trace.target]}”."
        )
    fill = fill or ("mean" if model.drop_refused else "drop")
    shape = first_shape(trace)
    order = np.argsort(-on_grid(found, shape).ravel(), kind="stable")

    def lead(gone: np.ndarray) -> float:
        removed = torch.zeros(1, len(order), dtype=torch.bool)
        removed[0, torch.from_numpy(gone.copy())] = True
        return float(scores_without(trace, model, image, removed, fill))

    count = _first(0, len(order), lambda many: lead(order[:many]))
    if count is None:
        return Flip(None, trace.score, lead(order), fill)
    kept = order[:count]
    for group in reversed(np.array_split(kept, min(STEPS, count))):
        without = np.setdiff1d(kept, group, assume_unique=True)
        if len(without) and lead(without) < 0:
            kept = without
    kept = order[np.isin(order, kept)]  # in the map's order again
    patches = tuple((int(place) // shape[1], int(place) % shape[1]) for place in kept)
    return Flip(patches, trace.score, lead(kept), fill)


def _first(below: int, most: int, lead: Callable[[int], float]) -> int | None:
    """How many patches must go, in order, until the lead is lost: in at most STEPS steps, then within the step that lost it.

    None where no step loses it.
    """
    width = -(-(most - below) // STEPS)
    for many in (*range(below + width, most, width), most):
        if lead(many) < 0:
            return many if width == 1 else _first(many - width, many, lead)
    return None
