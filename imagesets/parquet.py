"""An image set in parquet files as the `datasets` library writes them: an image and a label column, found by type.

Only the label column is read whole; pictures are read for the rows that are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagesets.catalogue import Entry
from imagesets.columns import Columns, choose_columns
from imagesets.labelled import (
    ImageSet,
    Item,
    Progress,
    check_classes,
    draw,
    image_set,
    tidy,
    within_time,
)
from imagesets.pages import Column, Damaged, check_directory, columns_of
from imagesets.picture import HEAD, is_picture
from imagesets.rows import mean_bytes, read_rows, rows_at_once
from limits import (
    CELL_LENGTH,
    KEPT_BYTES,
    LABEL_BYTES,
    PICTURE_PAGE_BYTES,
    ROWS,
    TEXT_PAGE_BYTES,
)

if TYPE_CHECKING:
    from pyarrow import Array
    from pyarrow.parquet import ParquetFile

LABELS_AT_ONCE = 1 << 16  # rows


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
    except (
        pyarrow.ArrowException,
        Damaged,
        MemoryError,
        OSError,
        UnicodeDecodeError,
        OverflowError,
    ) as error:
        raise ValueError(
            f"{title} is not a parquet file Headlight can read, or it is damaged. Save it again and retry."
        ) from error


def _read(
    paths: Sequence[Path], name: str, title: str, limit: int, seed: int, progress: Progress
) -> ImageSet:
    progress = within_time(progress, title)
    skipped: Counter[str] = Counter()
    with ExitStack() as stack:
        columns = _chosen(paths, title)
        pages = columns_of(paths, {*columns.of_rows, columns.label})
        _check_sizes(columns, pages, title)
        files = _opened(paths, columns, pages, title, stack)
        labels, order = _labels(files, columns, pages[columns.label], title, progress)
        rows = [row for row, label in enumerate(labels) if label]
        skipped["a row without a label"] = len(labels) - len(rows)
        drawn = draw([labels[row] for row in rows], limit, seed)
        count = min(len(drawn), KEPT_BYTES // max(1, mean_bytes(files)))
        skipped[f"left out to stay under {KEPT_BYTES // 1_000_000} MB"] = len(drawn) - count
        wanted = sorted(rows[place] for place in drawn[:count])
        items, kept = [], 0
        together = rows_at_once([pages[name] for name in columns.of_rows])

        def passed(place: int) -> None:
            progress(place / len(labels), "Reading the pictures")

        for row in read_rows(files, columns, wanted, together, passed):
            flaw = row.flaw or _flaw(row.content)
            if flaw or row.content is None:
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


def _chosen(paths: Sequence[Path], title: str) -> Columns:
    from pyarrow.parquet import read_schema

    for path in paths:
        check_directory(path)
    chosen = {choose_columns(read_schema(path), title) for path in paths}
    if len(chosen) > 1:
        raise ValueError(f"The parquet files of {title} have different columns. Make them alike.")
    return chosen.pop()


def _check_sizes(columns: Columns, pages: dict[str, Column], title: str) -> None:
    """Raises ValueError for what would unpack to more than pictures and their labels do."""
    most = {columns.image: PICTURE_PAGE_BYTES} | dict.fromkeys(columns.texts, TEXT_PAGE_BYTES)
    for name, limit in most.items():
        if pages[name].bursts:
            raise ValueError(
                f"The column {tidy(name, 40)} of {title} would unpack to {pages[name].unpacked / 1e6:,.0f} MB, far more "
                "than its size, as a bomb does. Save the pictures and their labels alone."
            )
        if pages[name].largest > limit:
            raise ValueError(
                f"The column {tidy(name, 40)} of {title} comes in parts of {pages[name].largest / 1e6:,.0f} MB, and "
                f"{limit // 1_000_000} MB are read at once. Save it with smaller row groups, or with smaller pictures."
            )
    if pages[columns.label].unpacked > LABEL_BYTES:
        raise ValueError(
            f"The labels of {title} unpack to more than {LABEL_BYTES // 1_000_000} MB. Use short names for the classes."
        )


def _opened(
    paths: Sequence[Path],
    columns: Columns,
    pages: dict[str, Column],
    title: str,
    stack: ExitStack,
) -> list[ParquetFile]:
    """The files, which `stack` closes."""
    from pyarrow.parquet import ParquetFile

    # Texts that repeat, however long, are held once if they are read as a dictionary.
    texts = [name for name in columns.texts if pages[name].plain]
    files = [
        stack.enter_context(
            ParquetFile(path, buffer_size=1 << 20, pre_buffer=False, read_dictionary=texts)
        )
        for path in paths
    ]
    if sum(file.metadata.num_rows for file in files) > ROWS:
        raise ValueError(f"{title} has more than {ROWS:,} rows. Save a part of it.")
    return files


def _labels(
    files: Sequence[ParquetFile], columns: Columns, pages: Column, title: str, progress: Progress
) -> tuple[list[str], list[str]]:
    """The label of each row, "" where there is none, and all labels in the set's own order."""
    labels: list[str] = []
    values: dict[Any, str] = {}  # keys are numbers or texts, as the column has them, and None
    together = rows_at_once([pages]) if pages.shares_beginnings else LABELS_AT_ONCE
    for column in _batches(files, columns.label, together):
        progress(0.0, "Reading the labels")
        codes, distinct = _coded(column)
        for value in distinct:
            if value not in values:
                values[value] = _text(value, columns.names)
        check_classes(values, title)
        labels += ["" if code is None else values[distinct[code]] for code in codes]
    order = columns.names or [values[value] for value in sorted(values.keys() - {None})]
    return labels, [tidy(text) for text in order]


def _batches(files: Sequence[ParquetFile], column: str, together: int) -> Iterator[Array]:
    for file in files:
        for batch in file.iter_batches(together, columns=[column], use_threads=False):
            yield batch.column(0)


def _coded(column: Array) -> tuple[list[int | None], list[int | str | None]]:
    """A column as places in a list of its distinct values, texts cut to what is shown of them."""
    from pyarrow import compute, types

    if not types.is_dictionary(column.type):
        column = column.dictionary_encode()
    distinct = column.dictionary
    if types.is_string(distinct.type) or types.is_large_string(distinct.type):
        distinct = compute.utf8_slice_codeunits(distinct, 0, CELL_LENGTH)
    return column.indices.to_pylist(), distinct.to_pylist()


def _text(value: int | str | None, names: Sequence[str]) -> str:
    """A label's text; "" for none, and for the -1 of test splits whose labels are secret."""
    if names:
        if isinstance(value, int) and 0 <= value < len(names):
            return tidy(names[value])
        return ""
    return "" if value is None else tidy(str(value))
