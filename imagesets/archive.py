"""An image set in a zip file, which may come from a stranger and lie about everything.

Nothing is ever written to disk: the pictures that are drawn stay in memory as bytes, at most KEPT_BYTES of them, so that
no name in the zip becomes a path and nothing needs cleaning up. Members are read in small steps and never past the size
they claim, so a bomb bursts nowhere; what claims too much is refused before.
"""

from __future__ import annotations

import contextlib
import io
import stat
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from imagesets.catalogue import Entry
from imagesets.labelled import (
    ImageSet,
    Item,
    Progress,
    draw,
    fitting,
    image_set,
    tidy,
    within_time,
)
from imagesets.listing import Listing, arrange
from imagesets.paths import is_litter, points_outside
from limits import DIRECTORY_BYTES, FOLDERS, KEPT_BYTES, MEMBERS, PICTURE_BYTES, RATIO, SMALL

STEP = 1_000_000  # bytes read at a time
REGULAR = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: a system that keeps no such mark


@dataclass(frozen=True)
class Members:
    """What a zip holds: tidy path → its entry, and the folders, empty ones too."""

    files: dict[str, zipfile.ZipInfo]
    folders: set[str]


def load_zip(entry: Entry, limit: int, seed: int, progress: Progress) -> ImageSet:
    """The set in a zip file. Raises ValueError where it is hostile, locked, damaged or empty."""
    path = Path(entry.source)
    progress = within_time(progress, entry.title)
    skipped: Counter[str] = Counter()
    with _Stepwise(path) as file, _opened(file, entry.title) as archive:
        _check_size(archive, path.stat().st_size, entry.title)
        members = _members(archive, entry.title, skipped)

        def head(file: str, count: int) -> bytes:
            return _read(archive, members.files[file], count)

        rows = arrange(Listing(members.files, members.folders, head), skipped, progress)
        order = draw([row.label for row in rows], limit, seed)
        count = fitting(members.files[rows[place].file].file_size for place in order)
        skipped[f"left out to stay under {KEPT_BYTES // 1_000_000} MB"] = len(order) - count
        items = []
        for done, place in enumerate(sorted(order[:count])):
            if done % 100 == 0:
                progress(done / count, "Reading the pictures")
            row = rows[place]
            try:
                content = _read(archive, members.files[row.file], PICTURE_BYTES)
            except OSError:
                skipped["damaged in the zip"] += 1
            else:
                items.append(Item(content, row.label, row.condition, row.file, row.caption))
    return image_set(entry.name, entry.title, [row.label for row in rows], items, skipped)


class _Stepwise(io.FileIO):
    """A file that refuses to hand out much at once, which zipfile asks for only where the directory is huge."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > DIRECTORY_BYTES:
            raise zipfile.BadZipFile("a directory of many millions of files")
        return super().read(size)


def _opened(file: _Stepwise, title: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # on a broken directory zipfile raises almost anything
        raise ValueError(
            f"{title} is not a zip file Headlight can read. Make the zip again and retry."
        ) from error


def _check_size(archive: zipfile.ZipFile, packed: int, title: str) -> None:
    entries = archive.infolist()
    if len(entries) > MEMBERS:
        raise ValueError(f"{title} holds more than {MEMBERS:,} files. Make a smaller zip.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > max(SMALL, RATIO * packed):
        raise ValueError(
            f"{title} would unpack to {unpacked / 1e6:,.0f} MB, over {RATIO} times its size, as a zip bomb does. "
            "Make a zip of the pictures alone."
        )


def _members(archive: zipfile.ZipFile, title: str, skipped: Counter[str]) -> Members:
    """The entries worth reading. Raises ValueError for one that points outside or is encrypted."""
    members = Members({}, set())
    for entry in archive.infolist():
        path = _path(entry)
        if points_outside(path):
            raise ValueError(
                f"{title} holds a file that points outside it ({tidy(path, 60)}), as an attack does. "
                "Make the zip again from a plain folder."
            )
        parts = [tidy(part, None) for part in path.split("/")]
        path = "/".join(part for part in parts if part not in ("", "."))
        if not path or is_litter(path):
            continue
        if path.count("/") > FOLDERS:  # all their names together grow with the square
            skipped[f"inside more than {FOLDERS} folders"] += 1
            continue
        if entry.flag_bits & 1:
            raise ValueError(f"{title} is locked with a password. Make a zip without one.")
        members.folders.update(_parents(path))
        if stat.S_IFMT(entry.external_attr >> 16) not in REGULAR:
            skipped["a link or device"] += 1
        elif entry.is_dir():
            members.folders.add(path)
        elif path in members.files:
            skipped["a second file of the same name"] += 1
        elif entry.file_size > PICTURE_BYTES:
            skipped[f"larger than {PICTURE_BYTES // 1_000_000} MB"] += 1
        else:
            members.files[path] = entry
    return members


def _path(entry: zipfile.ZipInfo) -> str:
    """An entry's name with "/"; many tools write UTF-8 without saying so, which zipfile then reads as cp437."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # it was cp437
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """At most `limit` bytes of a member, a whole one checked against its CRC; OSError where it cannot be read."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise OSError("only these two unpack step by step")
    parts, left = [], limit
    try:
        with archive.open(entry) as member:
            while left and (part := member.read(min(left, STEP))):
                parts.append(part)
                left -= len(part)
    except Exception as error:  # here too
        raise OSError("the member is damaged") from error
    return b"".join(parts)
