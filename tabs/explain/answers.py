"""What one model answers about one photo, packed for the browser, which then draws every layer and head by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explain import METHODS, explained
from explain.classes.answers import note_of
from models import text_reader
from tabs.explain.closed_set import ClosedSet, closed_set_of
from tabs.explain.questions import Question
from tabs.sets.prompt_notes import notes
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import Photo, digest, kept_trace, opened
from tabs.wiring.packing import data_address, packed, top_classes
from tabs.wiring.slowly import SILENCE, stepwise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from explain import Explanation
    from models.model import Model
    from models.trace import Block, Trace


@dataclass(frozen=True)
class Look:
    """One look of one model at one photo.

    names: the classes as people read them, of CLIP's texts the words that differ. closed: the classes of a set that it
    chose among, None for all it knows. target: the place of the class that is explained; known: whether that is the one
    asked for, else it is the model's own answer.
    """

    photo: Photo
    model: Model
    names: Sequence[str]
    trace: Trace
    closed: ClosedSet | None
    target: int
    known: bool

    @property
    def probabilities(self) -> Tensor:
        """(classes,) float32"""
        if self.closed is None:
            return self.trace.logits.softmax(-1)
        return self.closed.probabilities(self.trace.logits)

    @property
    def no_answer(self) -> str:
        """Why there is no answer, in a sentence; "" where there is one."""
        if self.closed is None:
            return note_of(self.trace.logits.numpy(), self.names, self.model.scale)
        return self.closed.no_answer(self.trace.logits)

    @property
    def base(self) -> str:
        """What attention depends on: neither on the target nor on the texts."""
        return f"{self.photo.key} {self.model.fingerprint}"


@on_gpu
def answered(path: str, asked: Question, family: str) -> dict[str, Any]:
    """Top-5, score and every map that needs no second look at the photo. ValueError and OSError are for people.

    no_answer: why the top-5 is none, "" where it is one; the maps are then for the first of the classes that share the top.
    """
    look = looked(path, asked, family)
    trace, probabilities, no_answer = look.trace, look.probabilities, look.no_answer
    answer = {
        "photo": look.photo.key,
        "base": look.base,
        "model": look.model.name,
        "view": trace.view,
        "labels": look.names,
        "top": top_classes(probabilities, look.names),
        "target": {
            "index": look.target,
            "label": look.names[look.target],
            "probability": float(probabilities[look.target]),
            "known": look.known,
        },
        "closed": look.closed is not None,
        "no_answer": no_answer,
        "score": trace.score,
        "layers": len(trace.attention_blocks),
        "readout": trace.readout_name,
        "notes": [*filter(None, [no_answer]), *_text_notes(look.model, asked)],
    }
    if look.base == asked.held:
        return answer | maps(trace, held=True)
    seen = data_address(look.model.seen(look.photo.image))
    return answer | maps(trace, held=False) | {"seen": seen}


@on_gpu
def from_point(path: str, asked: Question, family: str) -> dict[str, Any]:
    """Attention from the patch at `asked.point`, for every layer and head; each layer has its own grid."""
    look = looked(path, asked, family)
    left, top, right, bottom = look.trace.view
    if asked.point is None:
        raise ValueError("Point at a patch first.")
    x, y = (asked.point[0] - left) / (right - left), (asked.point[1] - top) / (bottom - top)
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError("This point lies outside the part of the photo that this model sees.")

    def ask(layer: int, block: Block) -> dict[str, Any]:
        rows, cols = block.grid.shape
        patch = min(int(y * rows), rows - 1), min(int(x * cols), cols - 1)
        return _heads(look.trace, layer, block, patch)

    layers = [ask(layer, block) for layer, block in enumerate(look.trace.attention_blocks)]
    return {"base": look.base, "attention": layers}


@on_gpu
def slow(path: str, asked: Question, family: str) -> Iterator[dict[str, Any] | None]:
    """A method that runs the model again: {"done": fraction} while it runs, then the map. Closing it stops it."""
    method = METHODS.get(asked.method)
    if method is None or not (method.on_page and method.needs_model):
        raise ValueError("Choose a method from the list.")
    look = looked(path, asked, family)

    def work(progress: Callable[[float], None]) -> Explanation:
        return explained(
            look.trace,
            asked.method,
            model=look.model,
            image=look.photo.image,
            progress=progress,
        )

    for news in stepwise(work, every=SILENCE):
        if not isinstance(news, tuple):
            yield None if news is None else {"done": news}
    (found,) = news
    yield {"base": look.base, "method": asked.method, **packed(found.map), "note": found.note}


def looked(path: str, asked: Question, family: str) -> Look:
    """The trace behind every answer; kept, so that a second question about it costs no second look."""
    photo = opened(path)
    model = _model(asked.model, family)
    if closed := closed_set_of(model, asked):
        return _looked_among(photo, model, closed, asked.target)
    names = asked.prompts.classes if model.reads_texts else model.labels
    texts = asked.prompts.of_classes if model.reads_texts else None
    index = target_index(asked.target, names)
    known = asked.target is None or index is not None
    trace = traced(photo, model, texts, index)
    return Look(photo, model, names, trace, None, trace.target, known)


def _looked_among(photo: Photo, model: Model, closed: ClosedSet, target: str | int | None) -> Look:
    """As `looked`, when only some classes may be answered: what is explained is the strongest output of the class."""
    logits = traced(photo, model, None, None).logits
    place = target_index(target, closed.names)
    wanted = None if place is None else closed.output(logits, place)
    if place is None or wanted is None:
        place = int(closed.probabilities(logits).argmax())
    trace = traced(photo, model, None, closed.output(logits, place))
    known = target is None or wanted is not None
    return Look(photo, model, closed.names, trace, closed, place, known)


def traced(
    photo: Photo, model: Model, texts: Sequence[tuple[str, ...]] | None, target: int | None
) -> Trace:
    """The trace of one look, kept; texts: those of each class that a CLIP chooses from, None for other models."""

    def take() -> Trace:
        return model.trace(photo.image, target=target, labels=texts, gradients=False)

    return kept_trace((photo.key, model.fingerprint, digest(texts), target), take)


def target_index(target: str | int | None, names: Sequence[str]) -> int | None:
    """Which class a name means: itself, or one of the synonyms in "tabby, tabby cat"; None where there is none."""
    if target is None or isinstance(target, int):
        return target if target is None or 0 <= target < len(names) else None
    wanted = target.strip().casefold()
    for index, name in enumerate(names):
        if name.casefold() == wanted:
            return index
    for index, name in enumerate(names):
        if wanted in (part.strip() for part in name.casefold().split(",")):
            return index
    return None


def _text_notes(model: Model, asked: Question) -> list[str]:
    """What a CLIP makes of its texts that a person would not expect, in sentences."""
    if not model.reads_texts:
        return []
    return [note["text"] for note in notes(text_reader(model), asked.prompts, asked.templates)]


def _model(name: str, family: str) -> Model:
    if not name:
        raise ValueError(
            "Choose a checkpoint, or type a Hub id such as google/vit-base-patch16-224."
        )
    return loaded(name, family)


def maps(trace: Trace, held: bool) -> dict[str, Any]:
    """What every method that needs no second look makes of a trace. held: the browser has what no target changes."""
    quick = [
        method
        for method in METHODS.values()
        if method.on_page and not (method.needs_model or "patch" in method.takes)
    ]
    found = {
        "maps": {
            each.key: method_map(trace, each.key)
            for each in quick
            if each.follows_target or not held
        }
    }
    return found if held else {**found, "attention": attention(trace)}


def attention(trace: Trace) -> list[dict[str, Any]]:
    """Every layer's heads, each layer on its own grid."""
    return [_heads(trace, layer, block) for layer, block in enumerate(trace.attention_blocks)]


def _heads(
    trace: Trace, layer: int, block: Block, patch: tuple[int, int] | None = None
) -> dict[str, Any]:
    """(1 + heads, rows, cols) of one layer, the mean of heads first."""
    from explain.attribution.attention import every_head

    return packed(every_head(trace, layer, patch).numpy())


def method_map(trace: Trace, key: str) -> dict[str, Any]:
    """A method's map, (rows, cols), or (layers, rows, cols) of all layers; {"refused": why} where there is none."""
    import numpy as np

    try:
        if "layer" not in METHODS[key].takes:
            found = explained(trace, key)
            return {**packed(found.map), "note": found.note}
        layers = range(len(trace.attention_blocks))
        return packed(np.stack([explained(trace, key, layer).map for layer in layers]))
    except ValueError as error:
        return {"refused": str(error)}
