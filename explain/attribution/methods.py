"""The methods there are: what each is called, takes, means and cannot tell. Imports nothing heavy.

To add one: a file in this folder with a function of a Trace, an entry here, and a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from models.trace import Trace


@dataclass(frozen=True)
class Explanation:
    """A map with what must stand beside it. map: (rows, cols) float32; note: "" where there is nothing to say."""

    map: np.ndarray
    signed: bool
    note: str


@dataclass(frozen=True)
class Method:
    """One way to explain.

    short: a few words beside its name, where it is chosen.
    takes: which of "layer", "head", "patch" and the options it reads; any other raises. Maps of all layers share a grid.
    signed: whether negative values mean something; drawing picks its colours by it.
    unit: "share" (of attention; an average patch has 1 / patches) or "logit".
    reads: what of the model, in words, where it takes no layer.
    needs_model: whether it runs the model again, given as model= and image=; then it may report to progress=.
    follows_target: whether another target gives another map.
    means, cannot: two sentences for people; paper: (short reference, address).
    empty: the sentence for a map with nothing above zero, for signed methods.
    """

    key: str
    title: str
    short: str
    takes: frozenset[str]
    signed: bool
    unit: str
    means: str
    cannot: str
    paper: tuple[str, str]
    reads: str = "whole model"
    empty: str = ""
    needs_model: bool = False
    follows_target: bool = False

    def run(self, trace: Trace, **asked: Any) -> Explanation:
        """The map; ValueError for what the method does not take, or a model without what it needs."""
        given = {name: value for name, value in asked.items() if value is not None}
        unknown = sorted(set(given) - self.takes)
        if unknown:
            raise ValueError(f"{self.title} takes no {' or '.join(unknown)}; leave it out.")
        if self.needs_model and not {"model", "image"} <= set(given):
            raise ValueError(f"{self.title} runs the model again: give model= and image=.")
        function = getattr(import_module(f"explain.attribution.{self.key}"), self.key)
        found, note = _with_note(function(trace, **given))
        if self.signed and not (found > 0).any():
            note = f"{self.empty} {note}".strip()
        return Explanation(found.numpy(), self.signed and not given.get("relu", False), note)


def _with_note(found: Any) -> tuple[Any, str]:
    return found if isinstance(found, tuple) else (found, "")


_METHODS = (
    Method(
        key="attention",
        title="Attention",
        short="where a layer's heads looked",
        takes=frozenset({"layer", "head", "patch"}),
        signed=False,
        unit="share",
        means="Where one layer's heads took information from, for [CLS], the token the answer is read from, or for the "
        "patch you clicked. Swin has no such token: there, how much attention each patch received on average.",
        cannot="It is the same whatever class you ask about, it shows one layer of many, and looking at a patch is "
        "not the same as using it.",
        paper=("Caron et al. 2021, DINO", "https://arxiv.org/abs/2104.14294"),
    ),
    Method(
        key="rollout",
        title="Rollout",
        short="all layers' looking, added up",
        takes=frozenset({"layer", "discard"}),
        signed=False,
        unit="share",
        means="Attention followed through all layers up to this one, half of each token staying in place: from which "
        "patches the answer could have been gathered. Through Swin's shifted windows it is exact.",
        cannot="It ignores what the layers do with what they gather, and it is the same whatever class you ask about.",
        paper=("Abnar and Zuidema 2020", "https://arxiv.org/abs/2005.00928"),
    ),
    Method(
        key="gradcam",
        title="Grad-CAM",
        short="what raised the answer's score",
        takes=frozenset({"relu"}),
        signed=True,
        unit="logit",
        means="Where the last layer's features that speak for the chosen class are strong (red), and those that speak "
        "against it (blue): each feature counts by its mean effect on the score. In Swin, what each patch adds to it.",
        cannot="Late features have travelled: a patch may stand for its surroundings. On ViT and CLIP the map is "
        "often erratic, and sizes cannot be compared between models.",
        paper=("Selvaraju et al. 2017", "https://arxiv.org/abs/1610.02391"),
        reads="last layer",
        empty="No patch speaks for this class: the whole map is negative.",
        follows_target=True,
    ),
    Method(
        key="integrated_gradients",
        title="Integrated gradients",
        short="what each patch's pixels added",
        takes=frozenset({"model", "image", "steps", "progress"}),
        signed=True,
        unit="logit",
        means="How much each patch's pixels added to the chosen class's score on the way from a plain mean colour to "
        "the photo. The patches add up to the whole change of the score.",
        cannot="Another starting colour gives another map, and patches that look like the start get nothing.",
        paper=("Sundararajan et al. 2017", "https://arxiv.org/abs/1703.01365"),
        empty="No patch speaks for this class: the whole map is negative.",
        needs_model=True,
        follows_target=True,
    ),
)
METHODS: dict[str, Method] = {method.key: method for method in _METHODS}
