"""What lies in a checkpoint folder: which loader reads it, and whether it is safe to read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from limits import VOCABULARY_BYTES

# config.json's model_type, or "open_clip" for the format with open_clip_config.json → (family, the file that loads it)
LOADERS = {
    "vit": ("vit", "models.vit"),
    "deit": ("vit", "models.vit"),
    "swin": ("swin", "models.swin"),
    "swinv2": ("swin", "models.swin"),
    "clip": ("clip", "models.clip"),
    "open_clip": ("clip", "models.clip_open"),
}
TRANSFORMERS_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
OPEN_CLIP_WEIGHTS = "open_clip_model.safetensors"
SETTINGS = (".json", ".txt", ".model")  # endings of configurations, preprocessing and vocabularies
KNOWN = "Headlight reads ViT, DeiT, Swin, Swin-v2 and CLIP (of transformers, or open_clip with a ViT or RN50 tower)."


DAMAGED = (
    "This checkpoint's files are damaged or do not fit together. "
    "Download them again, or choose another checkpoint."
)

# transformers changes torch's own functions while it builds a model, and imports itself in circles: one at a time.
# Nothing of a size that a checkpoint chooses is done inside.
BUILDING = threading.RLock()


class CheckpointError(ValueError):
    """What is wrong with a checkpoint, in one sentence for people."""


BREAKING = (
    "This checkpoint's tokenizer breaks the library that reads it. Choose another checkpoint."
)


@contextmanager
def panics_told() -> Iterator[None]:
    """A panic of a library written in Rust, which is no Exception, as a CheckpointError."""
    try:
        yield
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise CheckpointError(BREAKING) from error


@contextmanager
def tokenizing_told() -> Iterator[None]:
    """What a checkpoint's tokenizer fails with while it reads texts, as a CheckpointError.

    That is a panic, the bare Exception of a vocabulary without its unknown word, or the IndexError of a token beyond it.
    """
    try:
        with panics_told():
            yield
    except Exception as error:
        if type(error) is not Exception and not isinstance(error, IndexError):
            raise
        raise CheckpointError(BREAKING) from error


def kind_of(folder: Path) -> tuple[str, dict]:
    """(key of LOADERS, configuration) of a checkpoint folder; ValueError says what is missing or unknown."""
    config = _json(folder / "config.json")
    open_clip = _json(folder / "open_clip_config.json")
    files = {path.name for path in folder.iterdir()}
    kind = (config or {}).get("model_type")
    kind = kind if isinstance(kind, str) else None
    if config and kind in LOADERS and files.intersection(TRANSFORMERS_WEIGHTS):
        return kind, config
    if open_clip and OPEN_CLIP_WEIGHTS in files:
        return "open_clip", open_clip
    if kind in LOADERS or open_clip:
        raise CheckpointError(
            "This checkpoint has no safetensors file, and Headlight opens no pickles, which can run code. "
            "Convert it to model.safetensors, or choose one that has it."
        )
    if config is None:
        raise CheckpointError(
            f"There is no config.json or open_clip_config.json in this checkpoint. {KNOWN}"
        )
    raise CheckpointError(f"This checkpoint is of the kind {str(kind or 'timm')[:40]!r}. {KNOWN}")


def family_of(folder: Path) -> str | None:
    """The family of a checkpoint folder, or None where there is none that Headlight reads."""
    try:
        return LOADERS[kind_of(folder)[0]][0]
    except (ValueError, OSError):
        return None


def settings_digest(folder: Path) -> str:
    """The same for the same files beside the weights: configuration, preprocessing, tokenizer."""
    digest = sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in SETTINGS and path.is_file():
            with path.open("rb") as file:
                digest.update(f"{path.name} {file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def _json(path: Path) -> dict | None:
    if not path.is_file():
        return None
    content = read_json(path)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path.name} in this checkpoint is not a JSON object.")
    return content


def read_json(path: Path) -> Any:
    """What a JSON file of a checkpoint says; CheckpointError where it is too large, too deep or no JSON."""
    if path.stat().st_size > VOCABULARY_BYTES:
        raise CheckpointError(f"{path.name} in this checkpoint is too large to read.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} in this checkpoint is not valid JSON.") from error
