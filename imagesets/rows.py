"""Single rows of parquet files, read a few at a time, because a small file may unpack to a large one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagesets.columns import Columns
from imagesets.labelled import tidy

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

BATCH_BYTES = 64_000_000
BATCH_ROWS = 64
CELL_LENGTH = 1000  # characters


@dataclass(frozen=True)
class Row:
    """place: its number through all files. content: None where the file has no picture in it."""

    place: int
    content: bytes | None
    condition: str
    caption: str


def mean_bytes(files: Sequence[ParquetFile]) -> int:
    """Unpacked bytes of a row, nearly all of them its picture's, as the files' own directory has them.

    By row groups, not their columns: asked for a column of a damaged file, pyarrow 26 ends the process.
    """
    total = sum(_group_bytes(file, group) for file in files for group in range(file.num_row_groups))
    return total // max(1, sum(file.metadata.num_rows for file in files))


def _group_bytes(file: ParquetFile, group: int) -> int:
    return max(1, file.metadata.row_group(group).total_byte_size)


def read_rows(
    files: Sequence[ParquetFile], columns: Columns, wanted: Sequence[int]
) -> Iterator[Row]:
    """The wanted rows, which are sorted places; row groups without one are not read."""
    start = 0
    for file in files:
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            here = wanted[bisect_left(wanted, start) : bisect_left(wanted, end)]
            if here:
                yield from _group(file, group, columns, here, start)
            start = end


def _group(
    file: ParquetFile, group: int, columns: Columns, wanted: Sequence[int], start: int
) -> Iterator[Row]:
    # One long value that repeats is stored once, and unpacked for every row of a batch.
    batches = file.iter_batches(
        batch_size=max(1, min(BATCH_ROWS, BATCH_BYTES // _group_bytes(file, group))),
        row_groups=[group],
        columns=[name for name in (columns.image, columns.condition, columns.caption) if name],
        use_threads=False,
    )
    for batch in batches:
        end = start + batch.num_rows
        for place in wanted[bisect_left(wanted, start) : bisect_left(wanted, end)]:
            row = place - start
            condition = _text(batch, columns.condition, row)
            caption = _text(batch, columns.caption, row)
            yield Row(place, _content(batch, columns.image, row), condition, caption)
        start = end
        if start > wanted[-1]:
            break


def _content(batch: RecordBatch, image: str, row: int) -> bytes | None:
    """The picture's bytes; a path beside them is never opened, for it may name any file of this computer."""
    value = batch.column(image)[row].as_py()
    return value.get("bytes") if isinstance(value, dict) else value


def _text(batch: RecordBatch, column: str | None, row: int) -> str:
    return tidy(batch.column(column)[row].as_py() or "", CELL_LENGTH) if column else ""
