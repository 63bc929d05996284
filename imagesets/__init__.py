"""Image sets: labelled pictures that the tabs score, map and compare. `load_set(source)` reads one; importing is free.

A kind of source is one file with a load function and its line in LOADERS.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from imagesets.archive import load_zip
from imagesets.catalogue import CATALOGUE, Entry
from imagesets.folder import is_set, load_folder
from imagesets.hardened import load_hardened
from imagesets.hub import is_id, load_hub
from imagesets.labelled import ImageSet, Item, Progress, tidy
from imagesets.parquet import load_parquet

__all__ = ["CATALOGUE", "Entry", "ImageSet", "Item", "add_folder", "load_set"]

LOADERS: dict[str, Callable[[Entry, int, int, Progress], ImageSet]] = {
    "folder": load_folder,
    "hardened": load_hardened,
    "zip": load_zip,
    "parquet": load_parquet,
    "hub": load_hub,
}
FILES = (".zip", ".parquet")  # the kinds people can upload


def load_set(
    source: str | Path,
    limit: int = 2000,
    seed: int = 0,
    folders: bool = True,
    progress: Progress | None = None,
) -> ImageSet:
    """At most `limit` items of a labelled set, its classes level, the same ones for the same seed.

    source: a catalogue name, the path of a .zip or .parquet file, a Hub id such as "ethz/food101", or a folder.
    folders=False is for names that come from strangers: a str is then a name, and only a Path, which no name is, a file. progress(fraction, doing) may raise to cancel.
    Raises ValueError (unknown, unfit, hostile or empty) or OSError (no internet), each with one sentence.
    """
    if not isinstance(source, str | Path):
        raise ValueError("An image set is a name, a path or a Hub id, such as toybox.")
    if limit < 1:
        raise ValueError("Draw at least one image.")
    entry = CATALOGUE.get(str(source)) or _entry(
        str(source), folders, isinstance(source, Path) or folders
    )
    loader = LOADERS[entry.kind]
    return loader(entry, int(limit), seed, progress or (lambda fraction, doing: None))


def add_folder(path: str | Path) -> list[Entry]:
    """Put the sets inside `path` (folders, zip and parquet files) into the catalogue, under their names.

    Where there is none inside, `path` itself is the set; one with conditions looks like several sets, so give the folder
    above it. Raises ValueError for no set, or a name that is taken.
    """
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"{path} is not a folder; give one that holds image sets.")
    kinds = {place: _kind(place) for place in sorted(path.iterdir())}
    if not any(kinds.values()):
        kinds = {path: _kind(path)}
    added = {}
    for place, kind in kinds.items():
        name = tidy(place.resolve().name if kind == "folder" else place.stem)
        if kind and (name in CATALOGUE or name in added):
            raise ValueError(f"There is an image set named {name} already; rename {place}.")
        if kind:
            added[name] = Entry(name, name, kind, place, "from this computer")
    if not added:
        raise ValueError(
            f"{path} holds no image set (a folder with a table or <class>/picture, a zip or a parquet file)."
        )
    CATALOGUE.update(added)
    return list(added.values())


def _kind(place: Path) -> str:
    """The kind of set a path holds; "" for none."""
    if place.is_dir():
        return "folder" if is_set(place) else ""
    return place.suffix.lower()[1:] if place.suffix.lower() in FILES else ""


def _entry(source: str, folders: bool, files: bool) -> Entry:
    """A set that is not in the catalogue: a file, a folder or a Hub id."""
    path = Path(source)
    if (
        files and os.path.isfile(source) and path.suffix.lower() in FILES
    ):  # no error for an impossible name
        return Entry(tidy(path.stem), tidy(path.name), path.suffix.lower()[1:], path)
    if folders and os.path.isdir(source):
        name = tidy(path.resolve().name)
        return Entry(name, name, "folder", path)
    if is_id(source):
        return Entry(source, source, "hub", source)
    if path.suffix.lower() in FILES:
        raise FileNotFoundError(f"There is no file {tidy(path.name, 80)}. Bring it again.")
    raise ValueError(
        f"{tidy(source, 80)!r} is not an image set Headlight knows. Pick one from the list, upload a zip or parquet "
        "file, or type a Hub id such as ethz/food101."
    )
