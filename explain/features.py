"""Embeddings of a whole image set, kept on disk by (checkpoint, file content), so that each picture is encoded once.

The store is one SQLite file: safe when a run is killed midway and when two processes write at once. Pictures are
decoded beside the model's forward passes, which should never wait for them.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from models.model import Model

BATCH = 32
STORE_BYTES = 2_000_000_000  # of embeddings; the longest unused go first
VERSION = 2  # raise it when pictures are opened, prepared or pooled in another way
LIBRARIES = ("torch", "torchvision", "transformers", "open_clip_torch", "pillow", "numpy")
LOOKUP = 500  # digests a query; SQLite's own limit on variables is 999 in old builds


@dataclass(frozen=True)
class Encoded:
    """features: (kept images, dim); kept: their places among the items; skipped: reason → how many were left out."""

    features: Tensor
    kept: np.ndarray
    skipped: dict[str, int]


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
    kept = [place for place, digest in enumerate(digests) if digest not in skipped]
    if not kept:
        raise ValueError("None of these pictures can be read. Try JPEG or PNG files.")
    reasons = dict(Counter(skipped[digest] for digest in digests if digest in skipped))

    def stacked(vectors: dict[str, np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack([vectors[digests[place]] for place in kept]))

    return [Encoded(stacked(each), np.array(kept), reasons) for each in found]


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


class Store:
    """Vectors by (space, digest) in one SQLite file; of more than STORE_BYTES a quarter goes before each set; a file that is broken is begun anew."""

    def __init__(self, folder: Path, limit: int = STORE_BYTES):
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.limit = folder / "features.sqlite", limit
        try:
            self._make()
        except sqlite3.DatabaseError:
            self.path.unlink(missing_ok=True)
            self._make()

    def read(self, space: str, digests: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors there are, by digest."""
        found: dict[str, np.ndarray] = {}
        wanted = list(dict.fromkeys(digests))
        with closing(self._open()) as store, store:
            for start in range(0, len(wanted), LOOKUP):
                part = wanted[start : start + LOOKUP]
                marks = ",".join("?" * len(part))
                where = f"WHERE space = ? AND digest IN ({marks})"
                rows = store.execute(f"SELECT digest, vector FROM features {where}", (space, *part))
                found |= {digest: np.frombuffer(vector, np.float32) for digest, vector in rows}
                store.execute(f"UPDATE features SET used = ? {where}", (time.time(), space, *part))
        return found

    def write(self, space: str, vectors: dict[str, np.ndarray]) -> None:
        """Keep `vectors`; those there are already are the same and stay."""
        now = time.time()
        rows = [
            (space, digest, vector.astype(np.float32).tobytes(), now)
            for digest, vector in vectors.items()
        ]
        with closing(self._open()) as store, store:
            store.executemany("INSERT OR IGNORE INTO features VALUES (?, ?, ?, ?)", rows)

    def trim(self) -> None:
        """Let the quarter that was used longest ago go, where there is more than `limit`."""
        with closing(self._open()) as store, store:
            size = store.execute("SELECT total(length(vector)) FROM features").fetchone()[0]
            if size > self.limit:
                oldest = "SELECT rowid FROM features ORDER BY used LIMIT (SELECT count(*) / 4 + 1 FROM features)"
                store.execute(f"DELETE FROM features WHERE rowid IN ({oldest})")

    def _make(self) -> None:
        with closing(self._open()) as store, store:
            store.execute("PRAGMA journal_mode = WAL")
            store.execute(
                "CREATE TABLE IF NOT EXISTS features "
                "(space TEXT, digest TEXT, vector BLOB, used REAL, PRIMARY KEY (space, digest))"
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)
