"""Checkpoint folders of transformers: safetensors only, no remote code, nothing left at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from models import weights
from models.folder import BUILDING, CheckpointError
from models.vocabulary import check_tokenizer

# Keys of a configuration that would have transformers read other files, or build another module than the plain one.
IGNORED = ("quantization_config", "fusion_config", "transformers_weights", "auto_map")


def from_folder(kind: Any, folder: Path, config: dict) -> Any:
    """The model of class `kind`, a PreTrainedModel, in `folder`, in float32; ValueError where the file lacks weights.

    It is built without memory first, so that a configuration larger than its file costs nothing. The file is read while
    no other checkpoint waits.
    """
    files = weights.files_of(folder)
    held = weights.shapes(files)
    plain = {key: value for key, value in config.items() if key not in IGNORED}
    settings = kind.config_class.from_dict(plain)
    with BUILDING, torch.device("meta"):
        weights.check_fit(kind(settings), held)
    tensors = weights.read(files)
    with BUILDING, _without_bars():
        module, loading = kind.from_pretrained(
            None,
            config=settings,
            state_dict=tensors,
            dtype=torch.float32,
            trust_remote_code=False,
            output_loading_info=True,
        )
    missing = sorted(loading["missing_keys"]) + [str(key) for key in loading["mismatched_keys"]]
    if missing:
        raise CheckpointError(
            f"This checkpoint has no weights for {', '.join(missing[:3])}"
            f"{' and more' if len(missing) > 3 else ''}: it was not saved as {kind.__name__}. "
            "Use one that was trained to classify."
        )
    return module


@contextmanager
def _without_bars() -> Iterator[None]:
    """No progress bars of transformers: their lock is shared with forked processes, and one that is killed keeps it for ever."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def tokenizer_of(folder: Path):
    """The tokenizer in `folder`; CheckpointError where it is more than a tokenizer need be."""
    check_tokenizer(folder)
    with BUILDING:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def class_names(config) -> tuple[str, ...]:
    """The checkpoint's own labels, in the order of its logits; repeated names are told apart by their index."""
    names = [str(config.id2label[index]) for index in range(config.num_labels)]
    often = Counter(names)
    return tuple(
        name if often[name] == 1 else f"{name} ({index})" for index, name in enumerate(names)
    )


class Eager:
    """A transformers model that returns its attention until `remove`: fused kernels keep it to themselves.

    Stands among the hook handles.
    """

    def __init__(self, module: PreTrainedModel):
        self.module, self.before = module, module.config._attn_implementation
        module.set_attn_implementation("eager")

    def remove(self) -> None:
        self.module.set_attn_implementation(self.before)
