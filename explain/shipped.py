"""Embeddings of the bundled sets by the bundled models, which ship with Headlight: nobody computes these again.

One safetensors file: "digests" of the pictures in its metadata, and for each model and space (pictures, dim) float32.
They were computed on one processor; another gives the same but for rounding, which tests/test_shipped.py bounds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.model import Model

FILE = Path(__file__).parents[1] / "assets" / "first" / "embeddings.safetensors"


def shipped(model: Model, pool: str, layer: int | None) -> dict[str, np.ndarray]:
    """Digest of a picture → its embedding (dim,); empty for a model or space that does not ship."""
    return _read(FILE, space(model, pool, layer)) if FILE.is_file() else {}


def space(model: Model, pool: str, layer: int | None) -> str:
    """What the embeddings of one space are stored under."""
    return f"{model.fingerprint} {pool} {layer}"


def write(digests: Sequence[str], spaces: dict[str, np.ndarray]) -> None:
    """Write the file. spaces: the name that `space` gives → (pictures, dim) float32, in the order of the digests."""
    from safetensors.numpy import save_file

    FILE.parent.mkdir(exist_ok=True)
    save_file(spaces, FILE, {"digests": json.dumps(list(digests))})
    FILE.chmod(0o644)  # save_file lets nobody else read it


@lru_cache(maxsize=16)
def _read(file: Path, name: str) -> dict[str, np.ndarray]:
    from safetensors import safe_open

    with safe_open(file, "numpy") as stored:
        if name not in stored.keys():  # noqa: SIM118
            return {}
        digests = json.loads(stored.metadata()["digests"])
        return dict(zip(digests, stored.get_tensor(name), strict=True))
