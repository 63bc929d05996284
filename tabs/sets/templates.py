"""A CLIP's prompts as vectors, kept: what every tab that asks one about a set begins with."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from explain.classes.prompts import template_weights
from limits import PROMPTS_HELD
from models import text_reader
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import Kept
from tabs.wiring.listening import attentive
from tabs.wiring.slowly import Progress, Step, stepwise
from tabs.wiring.turns import one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from explain.classes.prompts import Prompts
    from models.clip import Clip


def template_sums(model: Clip, prompts: Prompts, progress: Progress | None = None) -> Tensor:
    """(templates, classes, dim) as `template_weights` makes them, kept; progress may raise to stop."""
    heard = progress or attentive()
    key = (model.fingerprint, prompts)
    with one_at_a_time(key, lambda: heard(Step(0, "Waiting for the prompts"))):
        return _weights.get(key, lambda: _encoded(model.name, prompts, heard))


def _encoded(name: str, prompts: Prompts, progress: Progress) -> Tensor:
    with closing(_template_weights(name, prompts)) as told:
        for news in told:
            if isinstance(news, tuple):
                return news[0]
            progress(Step(news, f"Reading the prompts to {name}"))
    raise RuntimeError("The encoding ended without a result.")


@on_gpu
def _template_weights(name: str, prompts: Prompts) -> Generator[float | tuple[Tensor]]:
    model = text_reader(loaded(name))
    yield from stepwise(lambda progress: template_weights(model, prompts, progress))


_weights = Kept(PROMPTS_HELD, lambda weights: weights.nbytes)
