"""What models make of pictures, as numbers: `explain(trace, method, ...)` is the one call for one picture's map.

attribution/ where a model looked in one picture; maps/ a set's embeddings as points in a plane; classes/ how a set's
classes are put to a model; scores/ how good the answers are; features.py a set's embeddings, kept on disk.
Nothing here resizes, colours or normalises; see draw.py. Importing this loads no torch; the files inside do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explain.attribution.methods import METHODS, Explanation, Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from explain.attribution.ablation import Ablation
    from explain.attribution.faithfulness import Faithfulness
    from explain.attribution.flip import Flip
    from explain.attribution.words import Words
    from models.model import Model
    from models.trace import Trace

__all__ = [
    "METHODS",
    "Explanation",
    "Method",
    "ablate",
    "explain",
    "explained",
    "faithfulness",
    "flip",
    "words",
]


def explain(
    trace: Trace,
    method: str,
    layer: int | None = None,
    head: int | None = None,
    patch: tuple[int, int] | None = None,
    **options: Any,
) -> np.ndarray:
    """(rows, cols) float32 map of one method.

    layer, head: from 0; None = the last layer (rollout and decomposition: all, relevance: their mean) and the mean of heads
    (decomposition: their sum). patch: (row, col) to ask from. Options: discard (rollout), relu (gradcam), gradient="libra" (gradcam,
    hirescam), biases (relevance), start (chefer), steps and progress (integrated_gradients). versus: another class, a label or
    index, to explain the target against. model, image: for methods that look at the photo again; others do not mind.
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


def faithfulness(
    trace: Trace,
    method: str,
    model: Model,
    image: Any,
    layer: int | None = None,
    steps: int = 28,
    fill: str | None = None,
    seed: int = 0,
    **options: Any,
) -> Faithfulness:
    """Whether a method's map is right about the model: patches are removed in its order, and in the reverse order.

    steps, fill, seed and progress as in explain/attribution/faithfulness.py; layer and other options as in `explain`.
    Raises ValueError, in one sentence, for what does not fit.
    """
    from explain.attribution import faithfulness as measure

    progress = options.pop("progress", None)
    if options.get("versus") is not None:
        trace = model.trace(
            image, trace.target, trace.labels, gradients=False, versus=options.pop("versus")
        )
    found = explain(trace, method, layer, model=model, image=image, **options)
    return measure.faithfulness(trace, found, model, image, steps, fill, seed, progress)


def ablate(
    trace: Trace,
    model: Model,
    image: Any,
    heads: Sequence[tuple[int, int]] = (),
    blocks: Sequence[int] = (),
    patches: Sequence[tuple[int, int]] = (),
    fill: str | None = None,
) -> Ablation:
    """The answer and the trace's score before and after heads, blocks and patches are taken out, really and at once.

    heads: (layer, head); patches: (row, col) of the first grid; fill: "drop", "mean" or None as in `faithfulness`.
    Raises ValueError, in one sentence, for what is not there.
    """
    from explain.attribution import ablation

    return ablation.ablate(trace, model, image, heads, blocks, patches, fill)


def flip(
    trace: Trace,
    method: str,
    versus: str | int,
    model: Model,
    image: Any,
    fill: str | None = None,
    **options: Any,
) -> Flip:
    """The smallest set of patches, found greedily in a method's order, whose removal turns the target into `versus`.

    Verified by running the model; fill as in `faithfulness`, options as in `explain`. Raises ValueError, in one sentence.
    """
    from explain.attribution import flip as search

    trace = model.trace(image, trace.target, trace.labels, gradients=False, versus=versus)
    found = explain(trace, method, model=model, image=image, **options)
    return search.flip(trace, found, model, image, fill)


def words(model: Model, image: Any, text: str) -> Words:
    """Which words of a CLIP's prompt its score beside a photo came from: relevance by token, and each word left out.

    Raises ValueError, in one sentence, for models that read no text.
    """
    from explain.attribution import words as look

    return look.words(model, image, text)
