"""A CLIP's prompts as vectors, kept: what every tab that asks one about a set begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.classes.prompts import template_weights
from models import text_reader
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import Kept

if TYPE_CHECKING:
    from torch import Tensor

    from explain.classes.prompts import Prompts
    from models.clip import Clip

WEIGHT_BYTES = 200_000_000


def template_sums(model: Clip, prompts: Prompts) -> Tensor:
    """(templates, classes, dim) as `template_weights` makes them, kept."""
    key = (model.fingerprint, prompts)
    return _weights.get(key, lambda: _template_weights(model.name, prompts))


@on_gpu
def _template_weights(name: str, prompts: Prompts) -> Tensor:
    return template_weights(text_reader(loaded(name)), prompts)


_weights = Kept(WEIGHT_BYTES, lambda weights: weights.nbytes)
