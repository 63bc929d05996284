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


ALWAYS = frozenset({"model", "image", "progress"})  # may be given to any method, wanted or not


@dataclass(frozen=True)
class Explanation:
    """A map with what must stand beside it.

    map: (rows, cols) float32; note: "" where there is nothing to say. check: where the map should add up {sum, rest, score,
    error} in logits, error = score - sum - rest; else None.
    """

    map: np.ndarray
    signed: bool
    note: str
    check: dict[str, float] | None = None


@dataclass(frozen=True)
class Method:
    """One way to explain.

    short: a few words beside its name, where it is chosen.
    takes: which of "layer", "head", "patch" and the options it reads; any other raises. Maps of all layers share a grid.
    signed: whether negative values mean something; drawing picks its colours by it.
    unit: "share" (of attention; an average patch has 1 / patches), "logit", or "weight" (without a unit).
    reads: what of the model, in words, where it takes no layer.
    needs_model: whether it runs the model again, given as model= and image=; then it may report to progress=.
    backward: which gradients it reads of a Trace (models/backward.py), which may be one that has them; else the model is run.
    attention_gradients: whether it reads those of the attention weights.
    follows_target: whether another target gives another map; such a method takes `versus`, another class to explain it against.
    on_page: whether the page draws it; else it is for Python and the API.
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
    backward: str = "plain"
    attention_gradients: bool = False
    follows_target: bool = False
    on_page: bool = True

    def run(self, trace: Trace, **asked: Any) -> Explanation:
        """The map; ValueError for what the method does not take, or a model without what it needs."""
        given = {name: value for name, value in asked.items() if value is not None}
        versus = {"versus"} if self.follows_target else set()
        unknown = sorted(set(given) - self.takes - ALWAYS - versus)
        if unknown:
            raise ValueError(f"{self.title} takes no {' or '.join(unknown)}; leave it out.")
        if "model" in self.takes and not {"model", "image"} <= set(given):
            raise ValueError(f"{self.title} runs the model again: give model= and image=.")
        trace = self._fitting(trace, given)
        function = getattr(import_module(f"explain.attribution.{self.key}"), self.key)
        options = {
            name: value for name, value in given.items() if name in self.takes - {"gradient"}
        }
        found, note, check = _with_words(function(trace, **options))
        if self.signed and not (found > 0).any():
            note = f"{self.empty} {note}".strip()
        signed = self.signed and not given.get("relu", False)
        return Explanation(found.float().numpy(), signed, note, check)

    def _fitting(self, trace: Trace, given: dict[str, Any]) -> Trace:
        """The trace itself, or another look with the gradients that are asked for."""
        backward = _GRADIENTS.get(given.get("gradient", "paper"))
        if backward is None:
            raise ValueError(f"The gradient is one of {', '.join(_GRADIENTS)}.")
        backward = backward or self.backward
        versus = given.get("versus")
        other = trace.versus if versus is None else _place(versus, trace.labels)
        there = trace.attention_blocks[0].gradients is not None or not self.attention_gradients
        if (
            other == trace.versus
            and there
            and (trace.backward == backward or not self.follows_target)
        ):
            return trace
        if not {"model", "image"} <= set(given):
            raise ValueError(f"{self.title} runs the model again for this: give model= and image=.")
        return given["model"].trace(
            given["image"],
            trace.target,
            trace.labels,
            gradients=self.attention_gradients,
            versus=other,
            backward=backward,
            side=trace.side,
        )


# What Grad-CAM and HiResCAM weigh features by → the way back that has it; "" = the method's own.
_GRADIENTS = {"paper": "", "libra": "frozen"}


def _place(versus: Any, labels: tuple[str, ...]) -> Any:
    """Where a label stands; an index, and what is neither, are left for the model to judge."""
    return labels.index(versus) if isinstance(versus, str) and versus in labels else versus


def _with_words(found: Any) -> tuple[Any, str, dict[str, float] | None]:
    """A map alone, with a note, or with a note and a check."""
    if not isinstance(found, tuple):
        return found, "", None
    return found if len(found) == 3 else (*found, None)


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
        takes=frozenset({"relu", "gradient"}),
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
        key="hirescam",
        title="HiResCAM",
        short="Grad-CAM, patch by patch",
        takes=frozenset({"gradient"}),
        signed=True,
        unit="logit",
        means="As Grad-CAM, but each patch's features count by their effect at that patch and not by their mean effect. In Swin "
        "both are the same.",
        cannot="Late features have travelled: a patch may stand for its surroundings. It reads one layer of many.",
        paper=("Draelos and Carin 2020", "https://arxiv.org/abs/2011.08891"),
        reads="last layer",
        empty="No patch speaks for this class: the whole map is negative.",
        follows_target=True,
        on_page=False,
    ),
    Method(
        key="relevance",
        title="Relevance",
        short="a sum that is the score",
        takes=frozenset({"layer", "biases"}),
        signed=True,
        unit="logit",
        means="What each patch brought to the chosen class's score, followed back through all layers with attention, norms "
        "and activations held as they were for this photo. Patches, [CLS] and biases add up to the score; the sum is printed.",
        cannot="Held means that it does not say how the patches changed where the model looked: attention is taken as given.",
        paper=("Mehri et al. 2025, LibraGrad", "https://arxiv.org/abs/2411.16760"),
        empty="No patch speaks for this class: the whole map is negative.",
        needs_model=True,
        backward="frozen",
        follows_target=True,
    ),
    Method(
        key="decomposition",
        title="Decomposition",
        short="what each head wrote into the answer",
        takes=frozenset({"layer", "head"}),
        signed=True,
        unit="logit",
        means="What attention heads took from each patch and wrote straight into the answer. Heads, MLPs, tokens and biases add "
        "up to the score; the sum is printed.",
        cannot="What a head wrote for later layers to read counts as theirs: early layers look idle, and most of it may lie in "
        "the MLPs, which the map does not show.",
        paper=("Gandelsman et al. 2024", "https://arxiv.org/abs/2310.05916"),
        empty="No patch speaks for this class: the whole map is negative.",
        needs_model=True,
        backward="direct",
        attention_gradients=True,
        follows_target=True,
        on_page=False,
    ),
    Method(
        key="chefer",
        title="Attention × gradient",
        short="attention that raised the score",
        takes=frozenset({"start"}),
        signed=False,
        unit="weight",
        means="Attention followed through all layers, counting only what raised the chosen class's score: each layer's attention "
        "times its gradient, where that is positive. Through Swin's shifted windows it is exact.",
        cannot="What speaks against the class is left out, and the numbers have no unit.",
        paper=("Chefer et al. 2021, GAE", "https://arxiv.org/abs/2103.15679"),
        needs_model=True,
        attention_gradients=True,
        follows_target=True,
        on_page=False,
    ),
    Method(
        key="legrad",
        title="LeGrad",
        short="where more attention would help",
        takes=frozenset(),
        signed=False,
        unit="weight",
        means="Where more attention would raise the class's score, as every layer for itself would read that score from the mean of its "
        "tokens; the mean of layers and heads.",
        cannot="Early layers are read with a head that was trained for the last one, and what speaks against the class is left out. "
        "Not for Swin.",
        paper=("Bousselham et al. 2025", "https://arxiv.org/abs/2404.03214"),
        needs_model=True,
        backward="layers",
        attention_gradients=True,
        follows_target=True,
        on_page=False,
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
    Method(
        key="occlusion",
        title="Occlusion",
        short="each patch painted over",
        takes=frozenset({"model", "image", "progress"}),
        signed=True,
        unit="logit",
        means="How far the chosen class's score falls when one patch is painted over in the mean colour: measured, patch by patch.",
        cannot="Patches that stand in for one another all look unimportant, and a painted photo is unlike any the model learned from.",
        paper=("Zeiler and Fergus 2014", "https://arxiv.org/abs/1311.2901"),
        empty="No patch speaks for this class: the whole map is negative.",
        needs_model=True,
        follows_target=True,
        on_page=False,
    ),
    Method(
        key="kernel_shap",
        title="KernelSHAP",
        short="each region among random others",
        takes=frozenset({"model", "image", "progress", "samples", "seed"}),
        signed=True,
        unit="logit",
        means="What each region of the photo adds to the chosen class's score, on average over random choices of the other regions; "
        "the rest is painted in the mean colour. The regions add up to the change of the score.",
        cannot="It is an estimate from some hundred of very many choices, on 7 × 7 regions at most, and slow.",
        paper=("Lundberg and Lee 2017", "https://arxiv.org/abs/1705.07874"),
        empty="No region speaks for this class: the whole map is negative.",
        needs_model=True,
        follows_target=True,
        on_page=False,
    ),
)
METHODS: dict[str, Method] = {method.key: method for method in _METHODS}
