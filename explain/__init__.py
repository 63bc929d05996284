"""What models make of pictures, as numbers: `explain(trace, method, ...)` is the one call for one picture's map.

attribution/ where a model looked in one picture; maps/ a set's embeddings as points in a plane; classes/ how a set's
classes are put to a model; scores/ how good the answers are; features.py a set's embeddings, kept on disk.
Nothing here resizes, colours or normalises; see draw.py. Importing this loads no torch; the files inside do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explain.attribution.methods import METHODS, Explanation, Method

if TYPE_CHECKING:
    import numpy as np

    from models.trace import Trace

__all__ = ["METHODS", "Explanation", "Method", "explain", "explained"]


def explain(
    trace: Trace,
    method: str,
    layer: int | None = None,
    head: int | None = None,
    patch: tuple[int, int] | None = None,
    **options: Any,
) -> np.ndarray:
    """(rows, cols) float32 map of one method.

    layer, head: from 0; None = the last layer (rollout: all) and the mean of heads. patch: (row, col) to ask from.
    options: discard (rollout), relu (gradcam), model, image, steps and progress (integrated_gradients).
    Raises ValueError, in one sentence, for a method, layer, head, patch or option that does not fit.
    """
    return explained(trace, method, layer, head, patch, **options).map


def explained(
    trace: Trace,
    method: str,
    layer: int | None = None,
    head: int | None = None,
    patch: tuple[int, int] | None = None,
    **options: Any,
) -> Explanation:
    """As `explain`, with what belongs beside the map: whether it is signed, and a note where there is one."""
    if method not in METHODS:
        raise ValueError(
            f"There is no method {str(method)[:40]!r}; there are {', '.join(METHODS)}."
        )
    return METHODS[method].run(trace, layer=layer, head=head, patch=patch, **options)
