"""Checkpoints: `load(name)` gives a Model that classifies, embeds and traces. Importing this loads no weights.

A family is one file with a `load(folder, name, device, config)` and its lines in folder.LOADERS.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from limits import MODELS_HELD
from models.catalogue import CATALOGUE, CATEGORIES, FAMILIES, TEMPLATE, Entry

if TYPE_CHECKING:
    from models.clip import Clip
    from models.model import Model

__all__ = [
    "CATALOGUE",
    "CATEGORIES",
    "FAMILIES",
    "TEMPLATE",
    "Entry",
    "add_folder",
    "choose_device",
    "is_loaded",
    "load",
    "text_reader",
]


log = logging.getLogger(__name__)

Key = tuple[str, Path | None, str]  # a model's name, its folder where it has one here, its device
_loaded: OrderedDict[Key, Model] = OrderedDict()
_locks: dict[Key, threading.Lock] = {}
_registry = threading.Lock()
_importing = threading.Lock()


def load(name: str, device: str | None = None, folders: bool = True) -> Model:
    """The model called `name`: a catalogue name, a folder, or a Hub id such as "google/vit-base-patch16-224".

    device: "cpu", "cuda", "cuda:1", or None for HEADLIGHT_DEVICE, else CUDA where there is some. folders=False is for
    names that come from strangers: it refuses paths, and asks the Hub without this computer's token. Loaded once and
    kept, the last used up to MODELS_HELD. Raises ValueError (an unknown name, family or device, no safetensors) or
    OSError (no internet and not on this computer), each with one sentence.
    """
    known, folder = _source(name, folders)
    device = choose_device(device)
    key = (known, folder, device)
    with _registry:
        lock = _locks.setdefault(key, threading.Lock())
    try:
        with lock:
            with _registry:
                if key in _loaded:
                    _loaded.move_to_end(key)
                    return _loaded[key]
            model = _read(folder or _fetched(name, folders), name, device)
            with _registry:
                _loaded[key] = model
                while len(_loaded) > 1 and sum(map(_bytes, _loaded.values())) > MODELS_HELD:
                    _loaded.popitem(last=False)
            return model
    finally:
        _locks.pop(key, None)  # who waits holds it already; the next finds the model, or tries anew


def is_loaded(name: str, device: str | None = None) -> bool:
    """Whether `load` would answer at once."""
    return (*_source(name, folders=True), choose_device(device)) in _loaded


def text_reader(model: Model) -> Clip:
    """A model as one that reads texts; ValueError where it does not."""
    if not model.reads_texts:
        raise ValueError(f"{model.name} reads no text; choose a CLIP.")
    return cast("Clip", model)


def _bytes(model: Model) -> int:
    return sum(weights.nbytes for weights in model.module.parameters())


def add_folder(path: str | Path) -> list[Entry]:
    """Put the checkpoint folders inside `path` (or `path` itself) into the catalogue, under their folders' names."""
    from models.folder import family_of

    path = Path(path).resolve()
    if not path.is_dir():
        raise ValueError(f"{path} is not a folder; give one that holds checkpoint folders.")
    added = []
    for folder in sorted({path, *path.iterdir()}):
        family = family_of(folder) if folder.is_dir() else None
        if family:
            if folder.name in CATALOGUE:
                raise ValueError(
                    f"There is a model named {folder.name} already; rename the folder."
                )
            CATALOGUE[folder.name] = Entry(folder.name, family, "from this computer", folder)
            added.append(CATALOGUE[folder.name])
    if not added:
        raise ValueError(
            f"{path} holds no checkpoint Headlight knows (a folder with config.json and safetensors)."
        )
    return added


def choose_device(wanted: str | None = None) -> str:
    """`wanted`, else HEADLIGHT_DEVICE where it is set, else "cuda" where there is one, else "cpu". ValueError if it is none here."""
    import torch

    wanted = wanted or os.environ.get("HEADLIGHT_DEVICE")
    wanted = wanted or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise ValueError(f"{wanted[:40]!r} is no device; use cpu, cuda or cuda:1.") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"There is no CUDA device {wanted} here; use cpu, or unset HEADLIGHT_DEVICE."
        )
    return wanted


def _source(name: str, folders: bool) -> tuple[str, Path | None]:
    """A model's full name, and its folder where it has one here; ValueError for a name that is nothing."""
    from models.hub import check_id

    if not isinstance(name, str):
        raise ValueError("A model's name is a text, such as pocket-vit.")
    entry = CATALOGUE.get(name)
    if entry and entry.folder:
        return name, entry.folder
    if folders and Path(name).is_dir():
        return str(Path(name).resolve()), Path(name)
    return check_id(name), None


def _fetched(name: str, folders: bool) -> Path:
    from models.hub import fetch

    return fetch(name, token=None if folders else False)


def _read(folder: Path, name: str, device: str) -> Model:
    from models import bounds
    from models.folder import (
        DAMAGED,
        LOADERS,
        CheckpointError,
        kind_of,
        panics_told,
        settings_digest,
    )

    kind, config = kind_of(folder)
    _family, loader = LOADERS[kind]
    # torchvision and transformers import themselves in circles: of two threads that start them together, one finds
    # them half there.
    with _importing:
        family = import_module(loader)
    try:
        bounds.check_config(config)
        bounds.check_files(folder)
        with panics_told():
            model = family.load(folder, name, device, config)
            model.settings = settings_digest(folder)
            return model
    except CheckpointError:
        raise
    except Exception as error:  # other people's libraries, on other people's files
        log.warning("%s could not be loaded.", name, exc_info=error)
        raise CheckpointError(DAMAGED) from error
