"""An image set in parquet files as the `datasets` library writes them: an image and a label column, found by type.

Only the label column is read whole; pictures are read for the rows that are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from imagesets.catalogue import Entry
from imagesets.columns import Columns, choose_columns
from imagesets.labelled import KEPT_BYTES, ImageSet, Item, Progress, draw, image_set, tidy
from imagesets.picture import HEAD, is_picture
from imagesets.rows import mean_bytes, read_rows

if TYPE_CHECKING:
    from pyarrow import ChunkedArray
    from pyarrow.parquet import ParquetFile

ROWS = 2_000_000


def load_parquet(entry: Entry, limit: int, seed: int, progress: Progress) -> ImageSet:
    """The set in a parquet file. Raises ValueError where it is damaged, empty or too large, or its columns not clear."""
    return read_parquet([Path(entry.source)], entry.name, entry.title, limit, seed, progress)


def read_parquet(
    paths: Sequence[Path], name: str, title: str, limit: int, seed: int, progress: Progress
) -> ImageSet:
    """As load_parquet, of several files with the same columns."""
    import pyarrow

    try:
        return _read(paths, name, title, limit, seed, progress)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(
            f"{title} is not a parquet file Headlight can read, or it is damaged. Save it again and retry."
        ) from error


def _read(
    paths: Sequence[Path], name: str, title: str, limit: int, seed: int, progress: Progress
) -> ImageSet:
    skipped: Counter[str] = Counter()
    with ExitStack() as stack:
        columns, files = _opened(paths, title, stack)
        labels, order = _labels(files, columns)
        rows = [row for row, label in enumerate(labels) if label]
        skipped["a row without a label"] = len(labels) - len(rows)
        drawn = draw([labels[row] for row in rows], limit, seed)
        count = min(len(drawn), KEPT_BYTES // max(1, mean_bytes(files)))
        skipped[f"left out to stay under {KEPT_BYTES // 1_000_000} MB"] = len(drawn) - count
        wanted = sorted(rows[place] for place in drawn[:count])
        items, kept = [], 0
        for row in read_rows(files, columns, wanted):
            if len(items) % 100 == 0:
                progress(row.place / len(labels), "Reading the pictures")
            flaw = _flaw(row.content)
            if flaw:
                skipped[flaw] += 1
                continue
            name = f"row_{row.place:05d}"
            items.append(Item(row.content, labels[row.place], row.condition, name, row.caption))
            kept += len(row.content)
            if kept > 2 * KEPT_BYTES:  # those drawn are far larger than the mean
                raise ValueError(
                    f"The pictures of {title} are too large to keep {count:,} in memory. Draw fewer of them."
                )
    return image_set(name, title, filter(None, labels), items, skipped, order)


def _flaw(content: bytes | None) -> str:
    """Why a cell is no picture; "" if it is one."""
    if not content:
        return "a row without a picture in the file"
    return "" if is_picture(content[:HEAD]) else "not a picture"


def _opened(
    paths: Sequence[Path], title: str, stack: ExitStack
) -> tuple[Columns, list[ParquetFile]]:
    """The columns and the files, which `stack` closes."""
    from pyarrow.parquet import ParquetFile, read_schema

    chosen = {choose_columns(read_schema(path), title) for path in paths}
    if len(chosen) > 1:
        raise ValueError(f"The parquet files of {title} have different columns. Make them alike.")
    columns = chosen.pop()
    # Texts that repeat, however long, are held once if they are read as a dictionary.
    texts = [name for name in (columns.label, columns.condition, columns.caption) if name]
    files = [
        stack.enter_context(
            ParquetFile(path, buffer_size=1 << 20, pre_buffer=False, read_dictionary=texts)
        )
        for path in paths
    ]
    if sum(file.metadata.num_rows for file in files) > ROWS:
        raise ValueError(f"{title} has more than {ROWS:,} rows. Save a part of it.")
    return columns, files


def _labels(files: Sequence[ParquetFile], columns: Columns) -> tuple[list[str], list[str]]:
    """The label of each row, "" where there is none, and all labels in the set's own order."""
    labels: list[str] = []
    values: set[int | str] = set()
    for file in files:
        column = file.read([columns.label], use_threads=False).column(0)
        codes, distinct = _coded(column)
        texts = [_text(value, columns.names) for value in distinct]
        values.update(value for value in distinct if value is not None)
        labels += ["" if code is None else texts[code] for code in codes]
    order = columns.names or [_text(value, ()) for value in sorted(values)]
    return labels, [tidy(text) for text in order]


def _coded(column: ChunkedArray) -> tuple[list[int | None], list[int | str | None]]:
    """A column as places in a list of its distinct values."""
    import pyarrow

    if not pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return [], []
    return column.combine_chunks().indices.to_pylist(), column.chunk(0).dictionary.to_pylist()


def _text(value: int | str | None, names: Sequence[str]) -> str:
    """A label's text; "" for none, and for the -1 of test splits whose labels are secret."""
    if names:
        known = isinstance(value, int) and 0 <= value < len(names)
        return tidy(names[value]) if known else ""
    return "" if value is None else tidy(str(value))
