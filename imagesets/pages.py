"""What the columns of a parquet file unpack to, told from the file's own headers before anything is unpacked.

A file's directory may lie about sizes, so the header of each page is read as well: its size is what unpacking it takes.
pyarrow shows no page headers, and ends the process where it is asked about a column of some damaged directories.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagesets.compact import Compact, Fields
from limits import FOOTER_BYTES, PAGES, RATIO, SMALL

MAGIC = b"PAR1"
# Numbers of fields in parquet.thrift.
ROW_GROUPS, COLUMNS, ROWS_THERE, META = 4, 1, 3, 3
ENCODINGS, PATH, PACKED, DATA_AT, DICTIONARY_AT = 2, 3, 7, 9, 11
PAGE_UNPACKED, PAGE_PACKED = 2, 3
HEADERS = {5: 2, 7: 2, 8: 4}  # a kind of page's own header → its encoding
DELTA_LENGTHS, DELTA_STRINGS = 6, 7


class Damaged(ValueError):
    """A file whose headers cannot be followed."""


@dataclass
class Column:
    """One column's pages through all row groups: bytes unpacked, of all and of the largest, and how they are written."""

    unpacked: int = 0
    packed: int = 0
    largest: int = 0
    encodings: frozenset[int] = frozenset()

    @property
    def shares_beginnings(self) -> bool:
        """Whether a value may be written as the one before and a few letters more, so that pages are no bound."""
        return DELTA_STRINGS in self.encodings

    @property
    def plain(self) -> bool:
        """Whether pyarrow can read its texts as a dictionary."""
        return not self.encodings & {DELTA_LENGTHS, DELTA_STRINGS}

    @property
    def bursts(self) -> bool:
        """Whether it unpacks to far more than pictures and their labels do."""
        return self.unpacked > max(SMALL, RATIO * self.packed)


def check_directory(path: Path) -> None:
    """Raises Damaged where a file's directory is none, or larger than pyarrow should be given."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 8))
        size, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    if magic != MAGIC or size > min(FOOTER_BYTES, end - 8):
        raise Damaged(f"{path.name} has no directory that can be read.")


def columns_of(paths: Sequence[Path], names: Collection[str]) -> dict[str, Column]:
    """The named top-level columns of a set's files together. Raises Damaged."""
    found = {name: Column() for name in names}
    count = 0
    for path in paths:
        try:
            with (
                open(path, "rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held,
            ):
                count += _add(held, found, PAGES - count)
        except (LookupError, TypeError, ValueError, AttributeError, struct.error) as error:
            raise Damaged(f"{path.name} has headers that lead nowhere.") from error
    return found


def _add(held: mmap.mmap, columns: dict[str, Column], most: int) -> int:
    """Add a file's pages to the columns that they are of; how many there were."""
    size = int.from_bytes(held[-8:-4], "little")
    count = 0
    for group in Compact(held[-8 - size : -8]).fields().get(ROW_GROUPS, ()):
        if not group.get(ROWS_THERE):
            continue  # an empty table's columns lead nowhere
        for chunk in group[COLUMNS]:
            column = columns.get(chunk[META][PATH][0].decode())
            if column:
                count += _walk(held, chunk[META], column, most - count)
    return count


def _walk(held: mmap.mmap, meta: Fields, column: Column, most: int) -> int:
    """Add one chunk's pages to its column; how many there were."""
    start = meta[DATA_AT]
    if 0 < meta.get(DICTIONARY_AT, 0) < start:
        start = meta[DICTIONARY_AT]
    end, count = start + meta[PACKED], 0
    if start < 0 or end > len(held):
        raise ValueError("a column outside the file")
    column.encodings |= frozenset(meta[ENCODINGS])
    while start < end:
        reader = Compact(held, start)
        page = reader.fields()
        unpacked, packed = page[PAGE_UNPACKED], page[PAGE_PACKED]
        if unpacked < 0 or packed < 0:
            raise ValueError("a page of less than nothing")
        column.unpacked += unpacked
        column.packed += packed
        column.largest = max(column.largest, unpacked)
        column.encodings |= {page[kind][place] for kind, place in HEADERS.items() if kind in page}
        start, count = reader.place + packed, count + 1
        if count > most:
            raise ValueError("too many pages")
    return count
