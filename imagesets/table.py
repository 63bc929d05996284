"""The csv table of a folder or zip: which file shows what, under which condition, with which caption."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from imagesets.labelled import Progress, tidy
from imagesets.paths import points_outside
from limits import CELL_LENGTH, TABLE_BYTES

COLUMNS = {
    "file": ("file", "filename", "file_name", "path", "image"),
    "label": ("category", "label", "class"),
    "condition": ("condition",),
    "caption": ("caption",),
}
HEADER_BYTES = 4096


@dataclass(frozen=True)
class Row:
    """A labelled picture that is not read yet."""

    file: str
    label: str
    condition: str = ""
    caption: str = ""


def find_table(
    files: Collection[str], read: Callable[[str, int], bytes], progress: Progress | None = None
) -> str | None:
    """The csv file nearest to the top whose first line names a file and a label column.

    Raises ValueError where two are equally near.
    """
    tables: dict[int, list[str]] = {}
    for place, file in enumerate(file for file in files if file.lower().endswith(".csv")):
        if progress and place % 500 == 0:
            progress(0.0, "Looking for a table")
        if _columns(_first_line(_start(file, read, HEADER_BYTES))):
            tables.setdefault(file.count("/"), []).append(file)
    nearest = sorted(tables[min(tables)]) if tables else []
    if len(nearest) > 1:
        raise ValueError(
            f"There are several tables ({', '.join(tidy(name, 60) for name in nearest[:5])}). Leave only the one to read."
        )
    return nearest[0] if nearest else None


def table_rows(
    table: str,
    files: Collection[str],
    read: Callable[[str, int], bytes],
    skipped: Counter[str],
) -> Iterator[Row]:
    """The rows of a table whose file is there, in its order; the others are counted in `skipped`.

    Raises ValueError for a table that is too large, no UTF-8 or no csv.
    """
    base = posixpath.dirname(table)
    listed = set()
    for cells in _cells(table, _start(table, read, TABLE_BYTES + 1)):
        file = posixpath.normpath(posixpath.join(base, tidy(cells["file"], None)))
        reason = _flaw(cells) or (
            "a table row whose file is missing"
            if file not in files
            else "a file that the table lists again"
            if file in listed
            else ""
        )
        if reason:
            skipped[reason] += 1
            continue
        listed.add(file)
        yield Row(
            file,
            tidy(cells["label"]),
            tidy(cells.get("condition", "")),
            tidy(cells.get("caption", ""), CELL_LENGTH),
        )


def _start(table: str, read: Callable[[str, int], bytes], count: int) -> bytes:
    try:
        return read(table, count)
    except OSError as error:
        raise ValueError(
            f"{tidy(table, 80)} cannot be read. Save it again, or leave it out."
        ) from error


def _flaw(cells: dict[str, str]) -> str:
    """Why a row cannot be used; "" if it can."""
    if max(len(cells["file"]), len(cells["label"])) > CELL_LENGTH:
        return f"a table row with more than {CELL_LENGTH:,} characters in a cell"
    if not tidy(cells["file"]):
        return "a table row without a file"
    if points_outside(cells["file"]):
        return "a table row that points outside the set"
    return "" if tidy(cells["label"]) else "a table row without a label"


def _cells(table: str, content: bytes) -> Iterator[dict[str, str]]:
    """The cells of each row that is not blank, by the names in COLUMNS; those it lacks are empty."""
    if len(content) > TABLE_BYTES:
        raise ValueError(
            f"{tidy(table, 80)} is larger than {TABLE_BYTES // 1_000_000} MB. Split the set."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{tidy(table, 80)} is not UTF-8. Save it as CSV UTF-8.") from error
    header = _first_line(content)
    columns = _columns(header)
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=_delimiter(header), strict=True
        )
        next(reader)
        for row in reader:
            if any(row):
                padded = row + [""] * (max(columns.values()) + 1 - len(row))
                yield {
                    name: padded[place].replace("\\", "/") if name == "file" else padded[place]
                    for name, place in columns.items()
                }
    except csv.Error as error:
        raise ValueError(
            f"{tidy(table, 80)} is broken near line {reader.line_num} ({error}). Look for a quotation mark too many."
        ) from error


def _first_line(head: bytes) -> str:
    return re.split(r"[\r\n]", head.decode("utf-8-sig", "replace"), maxsplit=1)[0]


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)  # a spreadsheet's comma is a semicolon in half of Europe


def _columns(header: str) -> dict[str, int]:
    """Where the columns are; {} if this is not the table of an image set."""
    titles = [tidy(title).lower().strip('"') for title in header.split(_delimiter(header))]
    columns = {
        name: next(titles.index(title) for title in known if title in titles)
        for name, known in COLUMNS.items()
        if any(title in titles for title in known)
    }
    return columns if {"file", "label"} <= columns.keys() else {}
