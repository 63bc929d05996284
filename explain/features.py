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
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from explain.shipped import shipped
from explain.store import Store
from limits import EMBEDDED_BYTES

if TYPE_CHECKING:
    from models.model import Model

BATCH = 32
TOLD = 1.0  # seconds between two words of how far it is
PIXEL_BYTES = 64_000_000  # of the pixels of one batch; 32 pictures of 384 pixels a side have 57
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
    found = [
        _among(shipped(model, *space), digests) | store.read(name, digests)
        for name, space in zip(names, spaces, strict=True)
    ]
    missing = [
        item
        for item in {item.digest: item for item in items}.values()
        if not all(item.digest in each for each in found)
    ]
    skipped: dict[str, str] = {}
    total = len(set(digests))
    done = total - len(missing)

    def tell() -> None:
        if progress:
            progress(done / total)

    try:
        for batch in _batches(model, missing, skipped, tell):
            embedded = model.read(torch.cat([pixels for _, pixels in batch]), spaces)
            _check_room(embedded, total)
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


def _among(vectors: dict[str, np.ndarray], digests: Sequence[str]) -> dict[str, np.ndarray]:
    return {digest: vectors[digest] for digest in digests if digest in vectors}


def _check_room(embedded: Sequence[Tensor], pictures: int) -> None:
    """ValueError where the embeddings of so many pictures do not fit, told by those of a first batch."""
    most = max(each.shape[1] for each in embedded)
    if 4 * most * pictures > EMBEDDED_BYTES:
        raise ValueError(
            f"This model makes {most:,} numbers of a picture, so {pictures:,} pictures are too many for it. "
            f"Draw {EMBEDDED_BYTES // (4 * most):,} or fewer."
        )


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
    model: Model, items: Sequence[Any], skipped: dict[str, str], tell: Callable[[], None]
) -> Iterator[list[tuple[Any, Tensor]]]:
    """Batches of (item, pixels), made ahead in threads; unreadable items go to `skipped` by digest.

    tell is called about once a second, since 32 large pictures take long to decode, and before each batch; it may raise to
    stop.
    """
    told = 0.0
    ahead = 1  # pictures of a batch; of the first, nobody knows how large it will be

    def opened(item: Any) -> Tensor | str:
        try:
            return model.pixels([item.content])
        except (ValueError, OSError) as error:
            return str(error)

    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting: list[tuple[Any, Future]] = []
        upcoming = iter(items)

        def fill() -> None:
            while len(waiting) < 3 * ahead and (item := next(upcoming, None)) is not None:
                waiting.append((item, pool.submit(opened, item)))

        batch: list[tuple[Any, Tensor]] = []
        fill()
        try:
            while waiting:
                if monotonic() - told > TOLD:
                    told = monotonic()
                    tell()
                item, future = waiting.pop(0)
                pixels = future.result()
                if isinstance(pixels, str):
                    skipped[item.digest] = pixels
                else:
                    batch.append((item, pixels))
                    ahead = max(1, min(BATCH, PIXEL_BYTES // pixels.nbytes))
                fill()
                if len(batch) >= ahead or (batch and not waiting):
                    tell()
                    yield batch
                    batch = []
        finally:
            for _, future in waiting:
                future.cancel()
