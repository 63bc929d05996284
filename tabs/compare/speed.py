"""How many pictures a second a model takes on this machine, measured when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from tabs.compare.asks import CompareQuestion
from tabs.sets.predictions import answer_space
from tabs.wiring.gpu import loaded, on_gpu
from tabs.wiring.kept import Kept
from tabs.wiring.lines import sentence
from tabs.wiring.turns import one_at_a_time

if TYPE_CHECKING:
    from models.model import Model

ROUNDS = 5
MOST = 32  # pictures of a batch
ROUND_SECONDS = 0.4  # a batch of a slow model is made smaller to take about this long
KEPT = 100  # models


@dataclass(frozen=True)
class Speed:
    """images_per_second: of the median of `rounds` batches of `batch` pictures each, ready as pixels; device in words."""

    images_per_second: float
    batch: int
    rounds: int
    device: str

    @property
    def how(self) -> str:
        batches = f"batches of {self.batch}" if self.batch > 1 else "single pictures"
        return f"median of {self.rounds} {batches} on {self.device}, decoding not counted"


def speeds(asked: CompareQuestion) -> Iterator[dict[str, Any]]:
    """{"doing", "paces"} after each model, then {"paces"} of all: family → {name, images_per_second, how} or {name, error}."""
    found: dict[str, Any] = {}
    for family, choice in asked.models.items():
        yield {"doing": f"Timing {choice.name}", "paces": dict(found)}
        found[family] = {"name": choice.name, **_speed(choice.name)}
    yield {"paces": found}


def _speed(name: str) -> dict[str, Any]:
    try:
        found = measured(name)
    except (ValueError, OSError) as error:
        return {"error": sentence(error)}
    return {"images_per_second": found.images_per_second, "how": found.how}


def measured(name: str) -> Speed:
    """The speed of a model; measured once, by one thread at a time. ValueError and OSError are for people."""
    model = loaded(name)
    key = _key(model)
    with one_at_a_time(("speed", str(model.device)), lambda: None):  # two would slow each other
        return _speeds.get(key, lambda: _measure(name))


def _key(model: Model) -> Hashable:
    return (model.name, str(model.device))


@on_gpu
def _measure(name: str) -> Speed:
    from PIL import Image

    model = loaded(name)
    one = model.pixels([Image.new("RGB", (256, 256), "grey")])
    spaces = (answer_space(model),)

    def seconds(batch: int) -> float:
        pixels = one.repeat(batch, 1, 1, 1)
        start = time.perf_counter()
        model.read(pixels, spaces)  # its answer lies on the CPU, so that nothing is still under way
        return time.perf_counter() - start

    seconds(1)  # the first pass of all allocates
    batch = min(MOST, max(1, round(ROUND_SECONDS / seconds(1))))
    seconds(batch)
    taken = median(seconds(batch) for _ in range(ROUNDS))
    return Speed(batch / taken, batch, ROUNDS, _device(model))


def _device(model: Model) -> str:
    import torch

    if model.device.type == "cuda":
        return torch.cuda.get_device_name(model.device)
    threads = torch.get_num_threads()
    return f"this computer's processor ({threads} thread{'' if threads == 1 else 's'})"


_speeds = Kept(KEPT, lambda _: 1)
