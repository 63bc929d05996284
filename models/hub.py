"""Fetching a checkpoint someone asked for by its Hub id; the only part of models/ that may use the internet."""

from __future__ import annotations

import re
from pathlib import Path

from limits import CHECKPOINT_BYTES, HUB_SECONDS
from models.folder import KNOWN, OPEN_CLIP_WEIGHTS

PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
SMALL = ("merges.txt", "vocab.txt", "spiece.model")  # beside the JSON files and the weights
ROOT_FILE = re.compile(r"[A-Za-z0-9_.-]+")


def check_id(name: str) -> str:
    """`name`, where it can be a Hub id; else ValueError."""
    if not PATTERN.fullmatch(name) or ".." in name:
        raise ValueError(
            f"{name[:80]!r} is not a model Headlight knows. Pick one from the list, "
            "or type a Hub id such as google/vit-base-patch16-224."
        )
    return name


def fetch(name: str, token: bool | None = None) -> Path:
    """The folder of a Hub checkpoint, downloaded when it is not on this computer yet.

    token=False asks as nobody: a stranger's id must not reach what this computer's own token may see.

    Raises ValueError for a name that is no id, an unknown id, no safetensors, or more than CHECKPOINT_BYTES bytes; OSError where
    the Hub cannot be reached and the checkpoint is not here.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    check_id(name)
    try:
        info = HfApi(token=token).model_info(name, files_metadata=True, timeout=HUB_SECONDS)
    except RepositoryNotFoundError as error:
        raise ValueError(
            f"The Hub has no public model named {name}. Check its spelling."
        ) from error
    except Exception as error:  # each HTTP library of the Hub's client has its own "no network"
        return _on_this_computer(name, error)
    files = wanted(name, {file.rfilename: file.size or 0 for file in info.siblings or ()})
    try:
        # The branch, not the commit just looked at: only so is it found again without internet.
        return Path(snapshot_download(name, allow_patterns=files, token=token))
    except Exception as error:
        raise ConnectionError(
            f"The download of {name} broke off. Try again; it goes on from there."
        ) from error


def wanted(name: str, sizes: dict[str, int]) -> list[str]:
    """Which of a repository's files (name → bytes) to fetch: small ones and one format's weights, none in folders.

    Raises ValueError where there are no weights in safetensors, or more than CHECKPOINT_BYTES bytes.
    """
    here = {file: size for file, size in sizes.items() if ROOT_FILE.fullmatch(file)}
    weights = [file for file in here if re.fullmatch(r"model(-[0-9-of]+)?\.safetensors", file)]
    if not weights or "config.json" not in here:
        weights = [file for file in here if file == OPEN_CLIP_WEIGHTS]
    if not weights:
        raise ValueError(
            f"{name} has no safetensors file, and Headlight opens no pickles, which can run code. "
            f"Choose a checkpoint that has one. {KNOWN}"
        )
    files = [*weights, *(file for file in here if file.endswith(".json") or file in SMALL)]
    if sum(here[file] for file in files) > CHECKPOINT_BYTES:
        raise ValueError(
            f"{name} is larger than {CHECKPOINT_BYTES / 1e9:.1f} GB, too large to load here."
        )
    return files


def _on_this_computer(name: str, error: Exception) -> Path:
    """The downloaded copy, if there is one."""
    from huggingface_hub import hf_hub_download

    for config in ("config.json", "open_clip_config.json"):
        try:
            return Path(hf_hub_download(name, config, local_files_only=True)).parent
        except (OSError, ValueError):
            continue
    refused = getattr(getattr(error, "response", None), "status_code", None)
    if refused:
        raise ConnectionError(
            f"The Hub answers with error {refused} for {name}. Pick a bundled model, or try again in some minutes."
        ) from error
    raise ConnectionError(
        f"No internet, and {name} is not on this computer. Pick a bundled model, or connect and try again."
    ) from error
