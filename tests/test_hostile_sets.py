"""Image sets made to take a computer down: each is refused or read in little memory and little time."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_imagesets import image_column, picture, written

from imagesets import load_set
from tabs.sets import labelled_set

ROOT = Path(__file__).parent.parent
READ = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))
from imagesets import load_set
from tabs.sets import labelled_set
import pyarrow.parquet, pyarrow.compute
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, start = most(), time.process_time()
try:
    told = [item.caption for item in load_set(sys.argv[1]).items]
except ValueError as error:
    told = str(error)
print(json.dumps([told, most() - before, time.process_time() - start]))
"""


def read_alone(path, megabytes=150, seconds=10):
    """What reading a set in a process of its own comes to: a sentence, or its captions; memory and time asserted."""
    run = subprocess.run(
        [sys.executable, "-c", READ, path], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert run.returncode == 0, run.stderr
    told, memory, time = json.loads(run.stdout)
    assert memory < megabytes
    assert time < seconds
    return told


def large_text(megabytes):
    return "x" * (megabytes * 1_000_000)


@pytest.mark.parametrize("dictionary", [True, False])
def test_a_caption_that_unpacks_to_hundreds_of_megabytes(tmp_path, dictionary):
    columns = {"image": image_column(2), "label": ["a", "b"], "caption": [large_text(110), "c"]}
    path = written(tmp_path / "a.parquet", columns, compression="zstd", use_dictionary=dictionary)
    assert path.stat().st_size < 100_000
    assert "The column caption of a.parquet would unpack to 1" in read_alone(path)


def test_a_long_caption_is_cut_before_it_is_looked_at(tmp_path):
    columns = {"image": image_column(1), "label": ["a"], "caption": [large_text(40)]}
    path = written(tmp_path / "a.parquet", columns, compression="zstd")
    assert read_alone(path, seconds=3) == ["x" * 1000]


def test_labels_that_unpack_to_hundreds_of_megabytes(tmp_path):
    labels = [f"{number}{large_text(1)}" for number in range(110)]
    columns = {"image": [picture()] * 110, "label": labels}
    path = written(tmp_path / "a.parquet", columns, compression="zstd", use_dictionary=False)
    assert "The column label of a.parquet would unpack to 110 MB" in read_alone(path)


def test_a_picture_that_unpacks_to_hundreds_of_megabytes(tmp_path):
    columns = {"image": [b"BM" + bytes(110_000_000), picture()], "label": ["a", "b"]}
    path = written(tmp_path / "a.parquet", columns, compression="zstd")
    assert path.stat().st_size < 100_000
    assert "The column image of a.parquet would unpack to 110 MB" in read_alone(path)


def test_a_directory_that_lies_about_sizes_is_not_believed(tmp_path):
    """Only the pages' own headers count; the directory is told to say that all is small."""
    columns = {"image": image_column(1), "label": ["a"], "caption": [large_text(70)]}
    path = written(tmp_path / "a.parquet", columns, compression="zstd", use_dictionary=False)
    held = bytearray(path.read_bytes())
    footer = len(held) - 8 - int.from_bytes(held[-8:-4], "little")
    size = pq.ParquetFile(path).metadata.row_group(0).column(3).total_uncompressed_size
    at = held.rindex(varint(2 * size), footer)
    held[at : at + 4] = varint(2 * 3_000_000)
    path.write_bytes(held)
    assert pq.ParquetFile(path).metadata.row_group(0).column(3).total_uncompressed_size == 3_000_000
    assert "comes in parts of 70 MB" in read_alone(path)


def varint(value):
    """A number of 22 to 28 bits as the compact protocol has it."""
    parts = [value >> shift & 127 for shift in (0, 7, 14, 21)]
    return bytes(part | 128 for part in parts[:-1]) + bytes(parts[-1:])


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_texts_written_as_differences_are_read(tmp_path, encoding):
    columns = {
        "image": image_column(4),
        "label": ["cat", "category", "cat", None],
        "condition": ["fog", "foggy", None, "f"],
        "caption": ["one", "one more", "one", "x"],
    }
    path = tmp_path / "a.parquet"
    texts = dict.fromkeys(("label", "condition", "caption"), encoding)
    pq.write_table(pa.table(columns), path, use_dictionary=False, column_encoding=texts)
    items = load_set(path).items
    assert [(item.label, item.condition, item.caption) for item in items] == [
        ("cat", "fog", "one"),
        ("category", "foggy", "one more"),
        ("cat", "", "one"),
    ]


def test_a_long_text_that_every_row_begins_with_is_unpacked_a_few_rows_at_a_time(tmp_path):
    """400 rows share a beginning of 0.4 MB, which the file holds once: 160 MB as plain texts."""
    shared = large_text(1)[:400_000]
    columns = {"image": [picture()] * 400, "label": [f"{shared}{row % 3}" for row in range(400)]}
    path, options = tmp_path / "a.parquet", {"label": "DELTA_BYTE_ARRAY"}
    made = pa.table(columns, schema=pa.schema([("image", pa.binary()), ("label", pa.string())]))
    pq.write_table(made, path, use_dictionary=False, column_encoding=options, compression="zstd")
    assert len(read_alone(path, megabytes=100)) == 400


def test_more_classes_than_can_be_asked_about(tmp_path):
    count = 10_001
    columns = {"image": [picture()] * count, "label": [f"class {row}" for row in range(count)]}
    path = written(tmp_path / "a.parquet", columns)
    assert "has more than 10,000 classes" in read_alone(path)


def test_a_file_inside_thirty_thousand_folders(tmp_path):
    path = tmp_path / "deep.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/" * 32_000 + "x.png", picture())
        for label in ("cat", "dog"):
            archive.writestr(f"{label}/x.png", picture())
    assert len(read_alone(path)) == 2


def test_a_long_column_name_is_not_quoted_whole(tmp_path):
    path = written(tmp_path / "a.parquet", {"x" * 100_000: [0.5], "label": ["a"]})
    with pytest.raises(ValueError, match=r"no column that could be the image") as caught:
        load_set(path)
    assert len(str(caught.value)) < 300


def test_many_tiny_row_groups(tmp_path):
    columns = {"image": [picture()] * 30_000, "label": ["a"] * 30_000}
    path = written(tmp_path / "a.parquet", columns, row_group_size=1)
    assert "is not a parquet file Headlight can read" in read_alone(path, seconds=20)


def test_a_sets_name_is_never_opened_as_a_file(tmp_path):
    """/proc/self/pagemap would be read for ever, and other names' answers would tell which files there are."""
    there, gone = tmp_path / "there.zip", tmp_path / "gone.zip"
    there.write_bytes(b"secret")
    said = {name: refusal(name) for name in ("/proc/self/pagemap", "/dev/zero", "/nowhere")}
    assert len({text.replace(name, "") for name, text in said.items()}) == 1
    assert refusal(str(there)).replace("there", "") == refusal(str(gone)).replace("gone", "")


def refusal(name):
    """What a stranger is told about a set of that name, through all that an endpoint does with it."""
    with pytest.raises((ValueError, OSError)) as caught:
        labelled_set(name, 10)
    return str(caught.value)
