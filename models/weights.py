"""Safetensors files: which there are, what they hold, and their tensors; each bounded before it is read."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from limits import HEADER_BYTES, TENSORS, WEIGHT_FILES, WEIGHTS
from models.folder import DAMAGED, CheckpointError, read_json
from models.hub import ROOT_FILE


def files_of(folder: Path) -> list[Path]:
    """The safetensors files of a transformers checkpoint: one, or those that its index names."""
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    index = read_json(folder / "model.safetensors.index.json")
    named = index.get("weight_map") if isinstance(index, dict) else None
    names = set(map(str, named.values())) if isinstance(named, dict) else set()
    if not 0 < len(names) <= WEIGHT_FILES or not all(
        ROOT_FILE.fullmatch(name) and name.endswith(".safetensors") for name in names
    ):
        raise CheckpointError(
            "model.safetensors.index.json in this checkpoint names no safetensors files."
        )
    return [folder / name for name in sorted(names)]


def shapes(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """Name → shape of all tensors; CheckpointError where there are too many, too large, or the file is no safetensors."""
    found: dict[str, tuple[int, ...]] = {}
    for path in files:
        _check_header(path)
        try:
            with safe_open(path, "pt") as file:
                found |= {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise CheckpointError(DAMAGED) from error
    numbers = sum(map(prod, found.values()))
    if len(found) > TENSORS or numbers > WEIGHTS:
        raise CheckpointError(
            f"This checkpoint has {numbers:,} weights in {len(found):,} tensors; Headlight reads at most "
            f"{WEIGHTS:,} in {TENSORS:,}. Choose a smaller one."
        )
    return found


def read(files: Iterable[Path]) -> dict[str, Tensor]:
    """All tensors, those of numbers in float32."""
    found = {}
    for path in files:
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118
                tensor = file.get_tensor(name)
                found[name] = tensor.float() if tensor.is_floating_point() else tensor
    return found


def check_fit(module: nn.Module, found: dict[str, tuple[int, ...]]) -> None:
    """CheckpointError where a module, built without memory, is not what the files hold.

    So nothing is ever made larger than its file: names may differ between versions of a library, sizes not.
    """
    wanted = {name: tuple(weights.shape) for name, weights in module.named_parameters()}
    other = [name for name, shape in wanted.items() if found.get(name, shape) != shape]
    if other:
        name = other[0]
        raise CheckpointError(
            f"The weights {name[:80]} are {_times(found[name])} in this checkpoint's file, and its configuration "
            f"wants {_times(wanted[name])}. Download it again, or choose another checkpoint."
        )
    numbers, held = sum(map(prod, wanted.values())), sum(map(prod, found.values()))
    if numbers > held:
        raise CheckpointError(
            f"This checkpoint's configuration describes {numbers:,} weights, and its file holds {held:,}. "
            "Download it again, or choose another checkpoint."
        )


def check_finite(module: nn.Module) -> None:
    """CheckpointError where a weight is not a number, or infinite."""
    for name, weights in module.state_dict().items():
        if not bool(torch.isfinite(weights).all()):
            raise CheckpointError(
                f"The weights {name[:80]} of this checkpoint hold numbers that are not finite. Choose another checkpoint."
            )


def _check_header(path: Path) -> None:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if 8 + length > path.stat().st_size:
        raise CheckpointError(DAMAGED)
    if length > HEADER_BYTES:
        raise CheckpointError(
            f"{path.name} in this checkpoint begins with a list of tensors of more than "
            f"{HEADER_BYTES // 1_000_000} MB. Choose another checkpoint."
        )


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"
