"""How large a checkpoint may be, checked from its configuration before anything of it is built.

Whoever may name a Hub id may name a repository of their own making, so every number that sizes something has a bound.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from limits import ATTENTION_BYTES, CHECKPOINT_NUMBERS, CONFIG_BYTES, PICTURE_SIDE, VOCABULARY_BYTES
from models.folder import CheckpointError, read_json

PREPROCESSING = ("preprocessor_config.json", "processor_config.json")
TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "spiece.model")


def check_config(config: dict) -> None:
    """CheckpointError where a configuration asks for more than Headlight builds."""
    _check_numbers(config)
    check_preprocessing(config.get("preprocess_cfg"))  # of open_clip
    parts = [config, *(part for part in config.values() if isinstance(part, dict))]
    parts += [part for part in config.get("model_cfg", {}).values() if isinstance(part, dict)]
    if max(map(_attention_bytes, parts)) > ATTENTION_BYTES:
        raise CheckpointError(
            "This checkpoint cuts pictures into so many patches that its attention does not fit in memory. "
            "Choose one with larger patches or smaller pictures."
        )


def _check_numbers(part: Any) -> None:
    if isinstance(part, list):
        for each in part:
            _check_numbers(each)
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        if key in CHECKPOINT_NUMBERS and value is not None:
            _check_number(key, value)
        elif key not in ("id2label", "label2id"):
            _check_numbers(value)


def _check_number(key: str, value: Any) -> None:
    numbers = value if isinstance(value, list) else [value]
    if not all(type(number) is int and number > 0 for number in numbers):
        raise CheckpointError(
            f"This checkpoint's configuration has {str(value)[:40]} for {key}, which must be a whole number above zero."
        )
    size = sum(numbers) if key in ("depths", "layers", "num_heads") else max(numbers)
    if size > CHECKPOINT_NUMBERS[key]:
        raise CheckpointError(
            f"This checkpoint's configuration asks for {key} {str(value)[:40]}; "
            f"Headlight builds at most {CHECKPOINT_NUMBERS[key]:,}. Choose a smaller one."
        )


def _attention_bytes(part: dict) -> int:
    """Bytes of the attention weights of one photo, in float32, as far as a configuration tells them."""
    image, patch = _side(part.get("image_size")), _side(part.get("patch_size"))
    if not image or not patch:
        return 0
    tokens = math.ceil(image / patch) ** 2
    depths, heads, window = part.get("depths"), part.get("num_heads"), part.get("window_size")
    if isinstance(depths, list) and isinstance(heads, list) and isinstance(window, int):
        # Four tokens become one from stage to stage.
        stages = enumerate(zip(depths, heads, strict=False))
        counts = ((depth * each, tokens // 4**stage) for stage, (depth, each) in stages)
        return sum(4 * number * left * min(window**2, left) for number, left in counts)
    layers = part.get("num_hidden_layers") or part.get("layers") or 12
    heads = part.get("num_attention_heads") or part.get("width", 768) // part.get("head_width", 64)
    return 0 if isinstance(layers, list) else 4 * layers * heads * tokens**2


def _side(size: Any) -> int:
    return max(size) if isinstance(size, list) else size or 0


def check_preprocessing(content: Any) -> None:
    """CheckpointError where a number would blow a picture up."""
    if isinstance(content, dict | list):
        for each in content.values() if isinstance(content, dict) else content:
            check_preprocessing(each)
    elif isinstance(content, int | float) and not abs(content) <= PICTURE_SIDE:
        raise CheckpointError(
            f"This checkpoint's preprocessing holds the number {str(content)[:20]}; "
            f"Headlight prepares pictures of at most {PICTURE_SIDE:,} pixels a side."
        )


def check_files(folder: Path) -> None:
    """CheckpointError where a file beside the weights is too large to read, or its preprocessing too large to do."""
    for path in folder.iterdir():
        most = VOCABULARY_BYTES if path.name in TOKENIZER_FILES else CONFIG_BYTES
        if (path.suffix == ".json" or path.name in TOKENIZER_FILES) and path.stat().st_size > most:
            raise CheckpointError(
                f"{path.name[:80]} in this checkpoint has more than {most // 1_000_000} MB. Choose another checkpoint."
            )
    for name in PREPROCESSING:
        if (folder / name).is_file():
            check_preprocessing(read_json(folder / name))
