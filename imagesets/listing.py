"""Reading labels off a folder or zip: by its table, else <class>/file, else <condition>/<class>/file."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from imagesets.labelled import Progress, tidy
from imagesets.picture import HEAD, is_picture
from imagesets.table import Row, find_table, table_rows

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")


@dataclass(frozen=True)
class Listing:
    """What a folder or zip holds: tidy paths with "/", and read(file, count) for its first bytes or an OSError."""

    files: Collection[str]
    folders: Collection[str]
    read: Callable[[str, int], bytes]


def arrange(listing: Listing, skipped: Counter[str], progress: Progress) -> list[Row]:
    """A row for each labelled picture; what is left out is counted in `skipped`.

    Raises ValueError for a broken table, or folders that give no labels.
    """
    table = find_table(listing.files, listing.read, progress)
    if table:
        rows = list(table_rows(table, listing.files, listing.read, skipped))
        known = set(_pictures([row.file for row in rows], listing.read, skipped, progress))
        return [row for row in rows if row.file in known]
    pictures = list(_pictures(sorted(listing.files), listing.read, skipped, progress))
    return _by_folder(pictures, listing.folders, skipped)


def _pictures(
    files: list[str], read: Callable[[str, int], bytes], skipped: Counter[str], progress: Progress
) -> Iterator[str]:
    for place, file in enumerate(files):
        if place % 500 == 0:
            progress(place / len(files), "Looking through the files")
        try:
            head = read(file, HEAD)
        except OSError:
            skipped["a file that cannot be opened"] += 1
            continue
        if is_picture(head):
            yield file
        elif file.lower().endswith(ARCHIVES):
            skipped["an archive inside the set"] += 1
        else:
            skipped["not a picture"] += 1


def _by_folder(pictures: list[str], folders: Collection[str], skipped: Counter[str]) -> list[Row]:
    """Rows labelled by the folder each picture lies in; the level most pictures lie at counts."""
    paths = [picture.split("/") for picture in pictures]
    wrappers = _wrappers(paths)
    level = _usual(len(path) - wrappers for path in paths)
    if paths and level not in (2, 3):
        raise ValueError(
            "These pictures have no labels. Put them into folders named for their classes (<class>/picture or "
            "<condition>/<class>/picture), or add a csv table with the columns file and label."
        )
    rows = []
    for picture, path in zip(pictures, paths, strict=True):
        *outer, label, _ = path[wrappers:] if len(path) - wrappers == level else ("", "")
        if tidy(label):
            rows.append(Row(picture, tidy(label), tidy("".join(outer))))
        else:
            skipped["a picture outside the class folders"] += 1
    used = {posixpath.dirname(row.file) for row in rows}
    empty = {folder for folder in folders if folder.count("/") + 2 == wrappers + level} - used
    skipped["a class folder without a picture"] += len(empty)
    return rows


def _wrappers(paths: list[list[str]]) -> int:
    """How many outer folders all pictures share and are no label: <class>/file stays as it is."""
    count = 0
    while (
        len({tuple(path[count : count + 1]) for path in paths}) == 1
        and _usual(map(len, paths)) - count > 2
    ):
        count += 1
    return count


def _usual(levels: Iterable[int]) -> int:
    """The level at which most pictures lie, the upper one where two have as many; loose ones count last."""
    counts = Counter(levels)
    return max(counts, key=lambda level: (level > 1, counts[level], -level), default=0)
