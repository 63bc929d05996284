"""Embeddings of a whole image set, kept on disk by (checkpoint, file content), so that each picture is encoded once.

Where they are kept is store.py. Pictures are decoded beside the model's forward passes, which should never wait for them.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from explain.store import Store

if TYPE_CHECKING:
    from models.model import Model

BATCH = 32
VERSION = 2  # raise it when pictures are opened, prepared or pooled in another way
LIBRARIES = ("torch", "torchvision", "transformers", "open_clip_torch", "pillow", "numpy")


@dataclass(frozen=True)
class Encoded:
    """features: (kept images, dim); kept: their places among the items; skipped: reason → how many were left out.

    note: why they are not kept on disk, where they are not.
    """

    features: Tensor
    kept: np.ndarray
    skipped: dict[str, int]
    note: str = ""


def encode(
    model: Model,
    items: Sequence[Any],
    pool: str = "joint",
    layer: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Encoded:
    """Embeddings of items (each with .content, a path or bytes, and .digest) by `model.embed`'s pool and layer.

    Pictures that cannot be read are left out and counted. progress is called with the fraction done and may raise to
    cancel; what is done by then is kept. Raises ValueError where no picture can be read, or for a pool or layer that the
    model has not; only CLIP has the joint space.
    """
    return encode_spaces(model, items, [(pool, layer)], progress)[0]


def encode_spaces(
    model: Model,
    items: Sequence[Any],
    spaces: Sequence[tuple[str, int | None]],
    progress: Callable[[float], None] | None = None,
) -> list[Encoded]:
    """As `encode`, one Encoded for each (pool, layer) of `spaces`, all from one pass over the pictures.

    pool "answer" is the logits of the model's own labels. All have the same pictures in the same order.
    """
    store = Store(folder())
    store.trim()  # once a set: it looks through all there is
    names = [space_name(model, pool, layer) for pool, layer in spaces]
    digests = [item.digest for item in items]
    found = [store.read(name, digests) for name in names]
    missing = [
        item
        for item in {item.digest: item for item in items}.values()
        if not all(item.digest in each for each in found)
    ]
    skipped: dict[str, str] = {}
    total = len(set(digests))
    done = total - len(missing)
    try:
        for batch in _batches(model, missing, skipped):
            if progress:
                progress(done / total)
            embedded = model.read(torch.cat([pixels for _, pixels in batch]), spaces)
            for name, each, vectors in zip(names, found, embedded, strict=True):
                fresh = {
                    item.digest: row for (item, _), row in zip(batch, vectors.numpy(), strict=True)
                }
                store.write(name, fresh)
                each |= fresh
            done += len(batch)
    finally:
        store.finish()
    kept = [place for place, digest in enumerate(digests) if digest not in skipped]
    if not kept:
        raise ValueError("None of these pictures can be read. Try JPEG or PNG files.")
    reasons = dict(Counter(skipped[digest] for digest in digests if digest in skipped))

    def stacked(vectors: dict[str, np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack([vectors[digests[place]] for place in kept]))

    note = store.trouble if missing else ""
    return [Encoded(stacked(each), np.array(kept), reasons, note) for each in found]


def space_name(model: Model, pool: str, layer: int | None) -> str:
    """What embeddings are kept by: the same only where everything that changes a number is the same.

    That is the checkpoint (weights, configuration, preprocessing), the kind of device (a GPU rounds in another way), the
    libraries, and VERSION. Weights always run in float32.
    """
    device = f"{model.device.type} {platform.machine()}"
    about = f"{VERSION} {_libraries()} {device} {model.fingerprint} {pool} {layer}"
    return sha256(about.encode()).hexdigest()


@cache
def _libraries() -> str:
    return " ".join(map(_version, LIBRARIES))


def _version(library: str) -> str:
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:
        return ""


def folder() -> Path:
    """Where embeddings are kept: HEADLIGHT_CACHE, or headlight/ in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HEADLIGHT_CACHE") or Path(home) / "headlight")


def _batches(
    model: Model, items: Sequence[Any], skipped: dict[str, str]
) -> Iterator[list[tuple[Any, Tensor]]]:
    """Batches of (item, pixels), made ahead in threads; unreadable items go to `skipped` by digest."""

    def opened(item: Any) -> Tensor | str:
        try:
            return model.pixels([item.content])
        except (ValueError, OSError) as error:
            return str(error)

    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting: list[tuple[Any, Future]] = []
        upcoming = iter(items)

        def fill() -> None:
            while len(waiting) < 3 * BATCH and (item := next(upcoming, None)) is not None:
                waiting.append((item, pool.submit(opened, item)))

        batch: list[tuple[Any, Tensor]] = []
        fill()
        try:
            while waiting:
                item, future = waiting.pop(0)
                fill()
                pixels = future.result()
                if isinstance(pixels, str):
                    skipped[item.digest] = pixels
                else:
                    batch.append((item, pixels))
                if len(batch) == BATCH or (batch and not waiting):
                    yield batch
                    batch = []
        finally:
            for _, future in waiting:
                future.cancel()
