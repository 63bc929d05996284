"""Single rows of parquet files, read a few at a time, because a small file may unpack to a large one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagesets.columns import Columns
from imagesets.labelled import tidy
from imagesets.pages import Column
from limits import BATCH_BYTES, CELL_LENGTH, PICTURE_BYTES

if TYPE_CHECKING:
    from pyarrow import Array, Buffer, RecordBatch
    from pyarrow.parquet import ParquetFile

BATCH_ROWS = 64


@dataclass(frozen=True)
class Row:
    """place: its number through all files. content: None where the file has no picture in it, or flaw says why not."""

    place: int
    content: bytes | None
    flaw: str
    condition: str
    caption: str


def mean_bytes(files: Sequence[ParquetFile]) -> int:
    """Unpacked bytes of a row, nearly all of them its picture's, as the files' own directory has them.

    By row groups, not their columns: asked for a column of a damaged file, pyarrow 26 ends the process.
    """
    total = sum(
        max(1, file.metadata.row_group(group).total_byte_size)
        for file in files
        for group in range(file.num_row_groups)
    )
    return total // max(1, sum(file.metadata.num_rows for file in files))


def rows_at_once(columns: Sequence[Column]) -> int:
    """How many rows unpack to no more than BATCH_BYTES: one long value that repeats is stored once, for all rows.

    No value is longer than its column's largest page.
    """
    largest = max(1, *(column.largest for column in columns))
    return max(1, min(BATCH_ROWS, BATCH_BYTES // largest))


def read_rows(
    files: Sequence[ParquetFile],
    columns: Columns,
    wanted: Sequence[int],
    together: int,
    passed: Callable[[int], None],
) -> Iterator[Row]:
    """The wanted rows, which are sorted places, read `together` at once; row groups without one are not read.

    passed: hears how many rows lie behind, and may raise to stop.
    """
    start = 0
    for file in files:
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            here = wanted[bisect_left(wanted, start) : bisect_left(wanted, end)]
            if here:
                yield from _group(file, group, columns, here, start, together, passed)
            start = end


def _group(
    file: ParquetFile,
    group: int,
    columns: Columns,
    wanted: Sequence[int],
    start: int,
    together: int,
    passed: Callable[[int], None],
) -> Iterator[Row]:
    batches = file.iter_batches(
        batch_size=together, row_groups=[group], columns=columns.of_rows, use_threads=False
    )
    for batch in batches:
        passed(start)
        end = start + batch.num_rows
        for place in wanted[bisect_left(wanted, start) : bisect_left(wanted, end)]:
            yield _row(batch, place - start, place, columns)
        start = end
        if start > wanted[-1]:
            break


def _row(batch: RecordBatch, row: int, place: int, columns: Columns) -> Row:
    """A path beside a picture's bytes is never opened, for it may name any file of this computer."""
    picture = _picture(batch.column(columns.image), row)
    too_large = picture is not None and picture.size > PICTURE_BYTES
    flaw = f"larger than {PICTURE_BYTES // 1_000_000} MB" if too_large else ""
    content = None if picture is None or flaw else picture.to_pybytes()
    texts = (_text(batch, name, row) for name in (columns.condition, columns.caption))
    return Row(place, content, flaw, *texts)


def _picture(column: Array, row: int) -> Buffer | None:
    if not hasattr(column, "field"):
        return _held(column, row)
    return _held(column.field("bytes"), row) if column[row].is_valid else None


def _held(column: Array, row: int) -> Buffer | None:
    """The bytes of a cell where pyarrow holds them, so that a long one is not copied."""
    value = column[row]
    value = getattr(value, "value", value)  # one of a dictionary
    return value.as_buffer() if value is not None and value.is_valid else None


def _text(batch: RecordBatch, column: str | None, row: int) -> str:
    """A cell's text, cut before it is made one line: letters take four bytes at most."""
    held = _held(batch.column(column), row) if column else None
    if held is None:
        return ""
    return tidy(held[: 4 * CELL_LENGTH].to_pybytes().decode("utf-8", "ignore"), CELL_LENGTH)
