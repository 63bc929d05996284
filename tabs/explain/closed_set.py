"""A model with fixed outputs that chooses among the classes of a labelled set, by its label map, as Compare scores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explain.classes.answers import note_of
from explain.classes.label_map import LabelMap, closed_set, derive, read_label_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from models.model import Model
    from tabs.explain.questions import Question


@dataclass(frozen=True)
class ClosedSet:
    """names: the classes that may be answered; label_map: the model's outputs that stand for each."""

    names: tuple[str, ...]
    label_map: LabelMap

    def probabilities(self, logits: Tensor) -> Tensor:
        """(outputs,) logits of one photo → (classes,) float32."""
        import torch

        found = closed_set(logits.numpy()[None], self.label_map, self.names)
        return torch.from_numpy(found[0])

    def no_answer(self, logits: Tensor) -> str:
        """Why there is no answer, in a sentence; "" where there is one."""
        shares = self.probabilities(logits).log().numpy()  # -inf of a class without an output
        return note_of(shares, self.names, float(logits.abs().max()))

    def output(self, logits: Tensor, place: int) -> int | None:
        """The strongest output of a class in this photo; None where none stands for it."""
        outputs = self.label_map.outputs.get(self.names[place], ())
        return max(outputs, key=lambda output: float(logits[output]), default=None)


def closed_set_of(model: Model, asked: Question) -> ClosedSet | None:
    """What a question lets a model choose from; None for all its outputs.

    A typed label map is for the model it was typed for; without one it is told by the names, and a model none of whose
    outputs is one of the classes chooses among all it knows. ValueError is for people.
    """
    if not asked.among or model.reads_texts:
        return None
    found = _label_map(asked.among, model.labels, asked.label_map)
    return ClosedSet(asked.among, found) if any(found.outputs.values()) else None


def _label_map(names: Sequence[str], labels: Sequence[str], typed: str | None) -> LabelMap:
    return derive(names, labels) if typed is None else read_label_map(typed, names, labels)
