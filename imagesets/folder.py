"""An image set in a folder of this computer."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from imagesets.catalogue import Entry
from imagesets.labelled import ImageSet, Item, Progress, draw, image_set, tidy
from imagesets.listing import Listing, arrange
from imagesets.paths import is_litter
from imagesets.picture import HEAD, is_picture
from imagesets.table import find_table
from limits import FOLDER_FILES


def load_folder(entry: Entry, limit: int, seed: int, progress: Progress) -> ImageSet:
    """The set in a folder; its pictures stay where they are. Raises ValueError where there are none or too many."""
    skipped: Counter[str] = Counter()
    files, folders = _walk(Path(entry.source), skipped)

    def head(file: str, count: int) -> bytes:
        return _head(files[file], count)

    rows = arrange(Listing(files, folders, head), skipped, progress)
    places = sorted(draw([row.label for row in rows], limit, seed))
    items = [
        Item(files[row.file], row.label, row.condition, row.file, row.caption)
        for row in (rows[place] for place in places)
    ]
    return image_set(entry.name, entry.title, [row.label for row in rows], items, skipped)


def is_set(path: Path) -> bool:
    """Whether a folder has a table, or pictures at <class>/picture or <condition>/<class>/picture."""
    try:
        files = {entry.name: Path(entry.path) for entry in _entries(path) if entry.is_file()}
        return _has_class(path, 2) or bool(
            find_table(files, lambda file, count: _head(files[file], count))
        )
    except PermissionError:
        return False  # such as lost+found: not for us to read, so not for us to offer
    except ValueError:
        return True  # two tables: said when the set is picked


def _has_class(path: Path | str, levels: int) -> bool:
    """Whether a folder inside, at most `levels` deep, has a picture right in it."""
    folders = [entry.path for entry in _entries(path) if entry.is_dir(follow_symlinks=False)]
    return any(
        is_picture(_head(entry.path, HEAD))
        for folder in folders
        for entry in _entries(folder)
        if entry.is_file(follow_symlinks=False)
    ) or (levels > 1 and any(_has_class(folder, levels - 1) for folder in folders))


def _entries(path: Path | str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return [entry for entry in entries if not is_litter(entry.name)]


def _walk(top: Path, skipped: Counter[str]) -> tuple[dict[str, Path], set[str]]:
    """Tidy path → path of each regular file below `top`, and the tidy paths of its folders; links are not followed."""
    files: dict[str, Path] = {}
    folders: set[str] = set()
    waiting = [(top, "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            entries = _entries(folder)
        except OSError:
            skipped["a folder that cannot be opened"] += 1
            continue
        for entry in entries:
            path = prefix + tidy(entry.name, None)
            if entry.is_dir(follow_symlinks=False):
                folders.add(path)
                waiting.append((Path(entry.path), path + "/"))
            elif not entry.is_file(follow_symlinks=False):
                skipped["a link or device"] += 1
            elif path in files:
                skipped["a second file of the same name"] += 1
            else:
                files[path] = Path(entry.path)
        if len(files) > FOLDER_FILES:
            raise ValueError(
                f"{top.name} holds more than {FOLDER_FILES:,} files. Choose a smaller folder."
            )
    return files, folders


def _head(path: Path | str, count: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(count)
