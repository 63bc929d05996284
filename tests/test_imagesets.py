"""Image sets: every folder structure reads as it says, hostile files are refused or counted, and draws are level and repeatable."""

import csv
import hashlib
import io
import itertools
import json
import os
import stat
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_hub import NOWHERE, FakeHub
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import imagesets
from imagesets import (
    CATALOGUE,
    ImageSet,
    Item,
    add_folder,
    archive,
    harms,
    hub,
    load_set,
    parquet,
    rows,
)
from imagesets.labelled import draw, fitting, tidy
from imagesets.picture import is_picture
from models.photo import FORMATS, open_photo

ROOT = Path(__file__).parent.parent


def picture(number=0, kind="PNG"):
    """The bytes of a tiny picture; another number is another picture."""
    file = io.BytesIO()
    colour = (number % 256, number // 256 % 256, 7)
    Image.new("RGB", (2, 2), colour).save(file, kind)
    return file.getvalue()


def zipped(path, members, **options):
    """A zip file of name (or ZipInfo) → content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def unzipped(path, members):
    """The same as a folder."""
    for name, content in members.items():
        target = path / name
        if name.endswith("/"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture(params=["zip", "folder"])
def bring(request, tmp_path):
    """A function: members → the source of a set with them, as a zip and as a folder."""
    if request.param == "zip":
        return lambda members: zipped(tmp_path / "set.zip", members)
    return lambda members: unzipped(tmp_path / "set", members)


def facts(images: ImageSet):
    """Name → label and condition."""
    return {item.name: (item.label, item.condition) for item in images.items}


def image_bytes(item: Item):
    return item.content if isinstance(item.content, bytes) else item.content.read_bytes()


# The draw


@settings(max_examples=200)
@given(st.lists(st.sampled_from("abcdefg"), max_size=60), st.integers(1, 70), st.integers(0, 2**32))
def test_a_draw_is_level_repeatable_and_within_its_limit(labels, limit, seed):
    places = draw(labels, limit, seed)
    assert len(places) == len(set(places)) == min(limit, len(labels))
    assert set(places) <= set(range(len(labels)))
    assert places == draw(labels, limit, seed)
    whole, drawn = Counter(labels), Counter(labels[place] for place in places)
    most = max(drawn.values(), default=0)
    assert all(drawn[label] >= min(whole[label], most - 1) for label in whole)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40), st.data())
def test_a_longer_draw_keeps_the_shorter_one(labels, data):
    short = data.draw(st.integers(1, len(labels)))
    assert draw(labels, len(labels), 3)[:short] == draw(labels, short, 3)


def test_another_seed_draws_other_items_and_another_process_the_same():
    labels = ["a", "b"] * 50
    assert set(draw(labels, 20, 0)) != set(draw(labels, 20, 1))
    script = "from imagesets.labelled import draw; print(draw(['a', 'b'] * 50, 20, 0))"
    for salt in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert run.stdout.strip() == str(draw(labels, 20, 0)), run.stderr


def test_a_round_cut_short_favours_no_class():
    labels = [chr(97 + place) for place in range(20)]
    first = Counter(labels[draw(labels, 1, seed)[0]] for seed in range(200))
    assert len(first) > 10


def test_fitting_counts_what_stays_within_the_limit():
    assert [fitting([3, 3, 3], limit) for limit in (2, 3, 8, 9, 10)] == [0, 1, 2, 3, 3]
    assert fitting([], 5) == 0


# Items


def test_the_digest_is_of_the_bytes_wherever_they_lie(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(picture(1))
    expected = hashlib.sha256(picture(1)).hexdigest()
    assert Item(path, "a", "", "a").digest == Item(picture(1), "b", "", "b").digest == expected
    gone = Item(tmp_path / "gone.png", "a", "", "gone.png")
    with pytest.raises(
        OSError, match=r"^gone\.png is gone or locked\. Load the image set again\.$"
    ):
        _ = gone.digest


def test_an_item_does_not_print_its_picture():
    assert "PNG" not in repr(Item(picture(), "a", "", "a.png"))


@given(st.text())
def test_tidy_texts_are_one_line_and_stay_tidy(text):
    assert tidy(text) == tidy(tidy(text))
    assert tidy(text).isprintable() and len(tidy(text)) <= 200
    tidy(text).encode("utf-8")


@pytest.mark.parametrize("kind", FORMATS)
def test_whatever_the_photo_door_opens_is_a_picture(kind):
    assert is_picture(picture(3, kind)[:32])


@pytest.mark.parametrize("head", [b"", b"B", b"PK\x03\x04", b"%PDF-1.7", b"RIFF0000WAVE", b"<svg>"])
def test_other_files_are_not(head):
    assert not is_picture(head)


# Folder structures


def test_the_toybox_is_read_by_its_table():
    toybox = load_set("toybox")
    with open(ROOT / "assets/toybox/toybox.csv", newline="") as file:
        table = {row["file"]: row for row in csv.DictReader(file)}
    assert facts(toybox) == {
        file: (row["category"], row["condition"]) for file, row in table.items()
    }
    assert {item.name: item.caption for item in toybox.items} == {
        file: row["caption"] for file, row in table.items()
    }
    assert toybox.conditions == ("realistic", "geons", "silhouettes", "blurred", "features")
    assert toybox.classes == tuple(sorted({row["category"] for row in table.values()}))
    assert toybox.total == len(table) and toybox.skipped == {} and toybox.name == "toybox"
    assert len({item.digest for item in toybox.items}) == len(table)


def test_class_folders(bring):
    images = load_set(bring({"cat/1.png": picture(1), "dog/x y.png": picture(2)}))
    assert facts(images) == {"cat/1.png": ("cat", ""), "dog/x y.png": ("dog", "")}
    assert images.classes == ("cat", "dog") and images.conditions == () and images.name == "set"
    assert [image_bytes(item) for item in images.items] == [picture(1), picture(2)]


def test_condition_folders(bring):
    members = {"foggy/cat/1.png": picture(1), "clear/cat/1.png": picture(2)}
    images = load_set(bring(members | {"clear/dog/1.png": picture(3)}))
    assert facts(images)["foggy/cat/1.png"] == ("cat", "foggy")
    assert images.conditions == ("clear", "foggy") and images.classes == ("cat", "dog")


def test_wrapping_folders_are_no_label(bring):
    inner = {"cat/1.png": picture(1), "dog/1.png": picture(2)}
    images = load_set(bring({f"my pets/v2/{name}": content for name, content in inner.items()}))
    assert [(item.label, item.condition) for item in images.items] == [("cat", ""), ("dog", "")]


def test_one_class_is_not_taken_for_a_wrapper(bring):
    images = load_set(bring({"cat/1.png": picture(1), "cat/2.png": picture(2)}))
    assert images.classes == ("cat",) and len(images.items) == 2


def test_one_image_is_a_set(bring):
    assert len(load_set(bring({"cat/1.png": picture()})).items) == 1


def test_the_level_most_pictures_lie_at_counts(bring):
    members = {f"{label}/{n}.png": picture(n) for label in ("cat", "dog") for n in range(3)}
    loose = {f"cover {n}.png": picture(n) for n in range(9)}  # more, and yet no level of classes
    images = load_set(bring(members | loose | {"cat/old/1.png": picture(9)}))
    assert len(images.items) == 6 and images.classes == ("cat", "dog")
    assert images.skipped == {"a picture outside the class folders": 10}


def test_system_litter_is_passed_over_in_silence(bring):
    litter = ("__MACOSX/cat/._1.png", "cat/.DS_Store", ".git/x", "cat/Thumbs.db", "cat/desktop.ini")
    members = dict.fromkeys(litter, b"x")
    assert load_set(bring(members | {"cat/1.png": picture()})).skipped == {}


def test_what_is_no_picture_is_counted(bring):
    members = {
        "cat/1.png": picture(),
        "cat/notes.txt": "hello",
        "cat/fake.png": "<html>",
        "cat/empty.png": "",
        "cat/more.zip": b"PK\x03\x04",
        "dog/notes.txt": "no dog",
        "cow/": b"",
    }
    images = load_set(bring(members))
    assert images.skipped == {
        "not a picture": 4,
        "an archive inside the set": 1,
        "a class folder without a picture": 2,
    }
    assert images.classes == ("cat",) and images.total == 1


@pytest.mark.parametrize("members", [{}, {"readme.txt": "x"}, {"cat/": b""}])
def test_an_empty_set_is_one_sentence(bring, members):
    with pytest.raises(ValueError, match=r"holds no labelled picture.*Put the pictures of each"):
        load_set(bring(members | {".keep": ""}))


@pytest.mark.parametrize("name", ["{}.png", "{}/b/c/d/1.png"])
def test_pictures_without_labels_are_one_sentence(bring, name):
    with pytest.raises(ValueError, match=r"^These pictures have no labels\. Put them into folders"):
        load_set(bring({name.format(letter): picture() for letter in "xyz"}))


def test_ten_thousand_classes(tmp_path):
    members = {f"{place:05d}/p.png": picture(place) for place in range(10_000)}
    images = load_set(zipped(tmp_path / "many.zip", members), limit=7)
    assert len(images.items) == 7 and len(images.classes) == images.total == 10_000


def test_accents_are_composed_and_surrogates_replaced(tmp_path):
    decomposed = unicodedata.normalize("NFD", "café")
    images = load_set(zipped(tmp_path / "a.zip", {f"{decomposed}/1.png": picture()}))
    assert images.classes == ("café",)
    folder = tmp_path / "folder"
    (folder / os.fsdecode(b"caf\xe9")).mkdir(parents=True)
    (folder / os.fsdecode(b"caf\xe9") / "1.png").write_bytes(picture())
    images = load_set(folder)
    json.dumps(images.classes).encode("utf-8")
    assert images.classes == ("caf?",) and images.items[0].digest


# Tables


def table(text, **others):
    pictures = {f"{name}.png": picture(number) for number, name in enumerate("abc")}
    return {"labels.csv": text, **pictures, **others}


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.png,cat\nb.png,dog\n",
        "FILE;Category\r\na.png;cat\r\nb.png;dog\r\n",
        'class\tfile_name\n"cat"\t"a.png"\n\ndog\t./b.png\n',
        "\ufefffile,category\na.png, cat \nb.png,dog",
    ],
)
def test_a_table_wins_over_folders(bring, text):
    images = load_set(bring(table(text)))
    assert facts(images) == {"a.png": ("cat", ""), "b.png": ("dog", "")}
    assert images.skipped == {}, "files that the table does not list are none of the set's"


def test_a_table_with_everything(bring):
    text = 'file,class,condition,caption,colour\na.png,cat,foggy,"a cat, grey",red\nb.png,dog,,,\n'
    images = load_set(bring(table(text)))
    assert facts(images) == {"a.png": ("cat", "foggy"), "b.png": ("dog", "")}
    assert images.items[0].caption == "a cat, grey" and images.conditions == ("foggy",)


def test_a_table_in_a_wrapping_folder_names_files_beside_it(bring):
    members = table("file,label\nin/a.png,cat\n..\\b.png,dog\n", **{"in/a.png": picture()})
    images = load_set(bring({f"set/{name}": content for name, content in members.items()}))
    assert facts(images) == {"set/in/a.png": ("cat", "")}


def test_bad_rows_are_counted(bring):
    rows_of = {
        "a table row without a label": ["b.png,", "b.png"],
        "a table row without a file": [",cat"],
        "a table row whose file is missing": ["z.png,cat", "https://a.b/c.png,cat", ".,cat"],
        "a file that the table lists again": ["a.png,dog"],
        "a table row that points outside the set": [
            "../a.png,cat",
            "/etc/passwd,cat",
            "C:\\a.png,cat",
            "x/../../a.png,cat",
            "\\\\server\\a.png,cat",
        ],
        "a table row with more than 1,000 characters in a cell": [f"{'a' * 2000},cat"],
        "not a picture": ["labels.csv,cat"],
    }
    lines = ["file,label", "a.png,cat", *itertools.chain(*rows_of.values())]
    images = load_set(bring(table("\n".join(lines))))
    assert images.skipped == {reason: len(bad) for reason, bad in rows_of.items()}
    assert facts(images) == {"a.png": ("cat", "")}


def test_no_table_leads_out_of_the_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(picture(5))
    folder = unzipped(tmp_path / "set", table("file,label\n../secret.png,x\na.png,cat\n"))
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "labels.csv").write_text("file,label\nlink.png,x\n../secret.png,x\na.png,cat\n")
    assert [item.name for item in load_set(folder).items] == ["a.png"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('file,label\na.png,"cat\nb.png,dog\n', r"labels\.csv is broken near line 3"),
        (f"file,label\na.png,{'x' * 200_000}\n", r"labels\.csv is broken near line 2"),
        ("file,label\na.png,caf\xe9\n".encode("cp1252"), r"labels\.csv is not UTF-8\. Save it as"),
        ("file,label\n" + "\n" * 20_000_000, r"labels\.csv is larger than 20 MB"),
    ],
)
def test_a_broken_table_is_one_sentence(bring, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_set(bring(table(text)))


def test_two_tables_are_one_sentence(bring):
    text = "file,label\na.png,cat\n"
    with pytest.raises(ValueError, match=r"several tables \(labels\.csv, test\.csv\)\. Leave only"):
        load_set(bring(table(text, **{"test.csv": text})))


def test_a_csv_about_other_things_is_no_table(bring):
    members = {"cat/1.png": picture(), "people.csv": "name,age\nx,3\n"}
    images = load_set(bring(members))
    assert images.classes == ("cat",) and images.skipped == {"not a picture": 1}


# Hostile folders and zips


def test_links_and_pipes_in_a_folder_are_counted(tmp_path):
    folder = unzipped(tmp_path / "set", {"cat/1.png": picture()})
    (folder / "loop").symlink_to(folder)
    (folder / "cat/2.png").symlink_to(folder / "cat/1.png")
    os.mkfifo(folder / "cat/3.png")
    images = load_set(folder)
    assert len(images.items) == 1 and images.skipped == {"a link or device": 3}


@pytest.mark.parametrize(
    "name",
    ["../cat/1.png", "cat/../../1.png", "/cat/1.png", "C:/cat/1.png", "..\\cat\\1.png", "cat/.."],
)
def test_a_zip_that_points_outside_is_refused(tmp_path, name):
    hostile = zipped(tmp_path / "slip.zip", {"cat/2.png": picture(), name: picture()})
    with pytest.raises(ValueError, match=r"^slip\.zip holds a file that points outside it \("):
        load_set(hostile)


def marked(name, mode, system=3):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = system, mode << 16
    return entry


def test_links_and_devices_in_a_zip_are_counted(tmp_path):
    members = {
        "cat/1.png": picture(),
        marked("cat/2.png", stat.S_IFLNK | 0o777): "/etc/passwd",
        marked("cat/3.png", stat.S_IFLNK, system=0): "1.png",
        marked("cat/4.png", stat.S_IFIFO): b"",
        marked("cat/5.png", stat.S_IFREG | 0o644): picture(5),
    }
    images = load_set(zipped(tmp_path / "links.zip", members))
    assert [item.name for item in images.items] == ["cat/1.png", "cat/5.png"]
    assert images.skipped == {"a link or device": 3}


def test_a_zip_bomb_is_refused(tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", {f"cat/{n}.bmp": b"BM" + bytes(10**7) for n in range(12)})
    with pytest.raises(ValueError, match=r"^bomb\.zip would unpack to 120 MB, over 200 times its"):
        load_set(bomb)


def test_a_zip_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MEMBERS", 3)
    crowd = zipped(tmp_path / "crowd.zip", {f"cat/{n}.png": picture() for n in range(4)})
    with pytest.raises(ValueError, match=r"^crowd\.zip holds more than 3 files\. Make a smaller"):
        load_set(crowd)


def test_a_huge_directory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "DIRECTORY_BYTES", 400)
    crowd = zipped(tmp_path / "crowd.zip", {f"cat/{n}.png": picture() for n in range(9)})
    parsed = []
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *_: parsed.append(1))
    with pytest.raises(ValueError, match=r"^crowd\.zip is not a zip file Headlight can read"):
        load_set(crowd)
    assert not parsed


def test_a_member_too_large_is_counted_and_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "PICTURE_BYTES", 2_000_000)
    members = {"cat/1.png": picture(), "cat/2.bmp": b"BM" + bytes(2_000_000)}
    images = load_set(zipped(tmp_path / "large.zip", members))
    assert len(images.items) == 1 and images.skipped == {"larger than 2 MB": 1}


def test_a_member_that_lies_about_its_size_is_not_unpacked(tmp_path):
    """The directory says 1,000 bytes; the stream would give 30 million."""
    path = zipped(
        tmp_path / "liar.zip", {"cat/1.png": picture(), "cat/2.bmp": b"BM" + bytes(3 * 10**7)}
    )
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    images = load_set(path)
    assert [item.name for item in images.items] == ["cat/1.png"]
    assert images.skipped == {"a file that cannot be opened": 1}


def test_a_damaged_member_is_counted(tmp_path):
    """Behind its head, so that only the checksum at its end tells."""
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("cat/1.png", picture(1))
        file.writestr("cat/2.png", picture(2) + bytes(9000))
    content = bytearray(path.read_bytes())
    content[content.index(picture(2)) + 8000] ^= 255
    path.write_bytes(content)
    images = load_set(path)
    assert [item.name for item in images.items] == ["cat/1.png"]
    assert images.skipped == {"damaged in the zip": 1}


def test_unusual_compression_is_counted(tmp_path):
    path = zipped(tmp_path / "mixed.zip", {"cat/1.png": picture()})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_BZIP2) as file:
        file.writestr("cat/2.png", picture())
    assert load_set(path).skipped == {"a file that cannot be opened": 1}


def test_a_locked_zip_is_refused(tmp_path):
    path = zipped(tmp_path / "locked.zip", {"cat/1.png": picture()})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^locked\.zip is locked with a password\. Make a zip"):
        load_set(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_second_file_of_a_name_is_counted(tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("cat/1.png", picture(1))
        file.writestr("cat/1.png", picture(2))
        file.writestr("cat//1.png", picture(3))
    images = load_set(path)
    assert [item.content for item in images.items] == [picture(1)]
    assert images.skipped == {"a second file of the same name": 2}


def test_names_in_a_zip_that_are_not_marked_as_utf8(tmp_path):
    def renamed(file, name):
        content = zipped(tmp_path / file, {"XXXX/1.png": picture()}).read_bytes()
        (tmp_path / file).write_bytes(content.replace(b"XXXX", name))
        return load_set(tmp_path / file).classes

    assert renamed("utf8.zip", "öö".encode()) == ("öö",)
    assert renamed("cp437.zip", "öööö".encode("cp437")) == ("öööö",)


def test_names_in_a_zip_that_are_marked_as_utf8_and_are_not(tmp_path):
    path = zipped(tmp_path / "bad.zip", {"öö/1.png": picture()})
    path.write_bytes(path.read_bytes().replace("öö".encode(), b"\xff\xfe\xff\xfe"))
    with pytest.raises(ValueError, match=r"^bad\.zip is not a zip file Headlight can read"):
        load_set(path)


def test_a_name_that_is_no_utf8_in_front_of_its_member_only(tmp_path):
    path = zipped(tmp_path / "bad.zip", {"cat/1.png": picture(), "öö/1.png": picture()})
    path.write_bytes(path.read_bytes().replace("öö".encode(), b"\xff\xfe\xff\xfe", 1))
    images = load_set(path)
    assert images.classes == ("cat",) and images.skipped["a file that cannot be opened"] == 1


def test_folders_with_backslashes_are_folders(tmp_path):
    images = load_set(zipped(tmp_path / "windows.zip", {"cat\\1.png": picture()}))
    assert facts(images) == {"cat/1.png": ("cat", "")}


def test_pictures_beyond_the_memory_for_one_set_are_left_out_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "KEPT_BYTES", 5 * len(picture()))
    monkeypatch.setattr(archive, "fitting", lambda sizes: fitting(sizes, archive.KEPT_BYTES))
    members = {f"{label}/{n}.png": picture(n) for label in ("cat", "dog") for n in range(5)}
    images = load_set(zipped(tmp_path / "big.zip", members))
    assert sorted(Counter(item.label for item in images.items).values()) == [2, 3]
    assert list(images.skipped.values()) == [5] and images.total == 10


def test_a_zip_leaves_nothing_behind(tmp_path):
    load_set(zipped(tmp_path / "a.zip", {"cat/1.png": picture()}))
    assert os.listdir(tmp_path) == ["a.zip"]


@settings(max_examples=150)
@given(st.data())
def test_any_damage_to_a_zip_is_a_set_or_a_sentence(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "broken.zip"
    members = {"cat/1.png": picture(1), "dog/1.png": picture(2), "t.csv": "file,label\ncat/1.png,x"}
    content = bytearray(zipped(path, members).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.sampled_from([None, -1, 30, 200]))])
    try:
        assert load_set(path).items
    except ValueError as error:
        assert str(error).endswith(".")


# Parquet


def image_column(count):
    return [{"bytes": picture(number), "path": f"{number}.png"} for number in range(count)]


def written(path, columns, features=None, **options):
    """A parquet file of columns, with the note of the `datasets` library where there are features."""
    made = pa.table(columns)
    if features:
        note = json.dumps({"info": {"features": features}})
        made = made.replace_schema_metadata({"huggingface": note})
    pq.write_table(made, path, **options)
    return path


def test_parquet_with_class_names(tmp_path):
    names = ["zebra", "ant", "never"]
    features = {"img": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
    columns = {"img": image_column(5), "label": [0, 1, 1, -1, None]}
    images = load_set(written(tmp_path / "a.parquet", columns, features, row_group_size=2))
    assert [(item.name, item.label) for item in images.items] == [
        ("row_00000", "zebra"),
        ("row_00001", "ant"),
        ("row_00002", "ant"),
    ]
    assert [item.content for item in images.items] == [picture(number) for number in range(3)]
    assert images.classes == ("zebra", "ant"), "the set's own order, without the empty class"
    assert images.skipped == {"a row without a label": 2} and images.total == 3


def test_parquet_with_texts(tmp_path):
    columns = {
        "image": [picture(number) for number in range(4)],
        "label": ["dog", "cat", " ", "dog"],
        "condition": ["foggy", None, "x", "clear"],
        "caption": ["one", "two", "three", None],
    }
    images = load_set(written(tmp_path / "a.parquet", columns))
    assert facts(images) == {
        "row_00000": ("dog", "foggy"),
        "row_00001": ("cat", ""),
        "row_00003": ("dog", "clear"),
    }
    assert images.classes == ("cat", "dog") and images.conditions == ("foggy", "clear")
    assert [item.caption for item in images.items] == ["one", "two", ""]


def test_parquet_with_numbers(tmp_path):
    columns = {"image": image_column(3), "digit": [10, 9, 10], "score": [0.1, 0.2, 0.3]}
    images = load_set(written(tmp_path / "a.PARQUET", columns))
    assert images.classes == ("9", "10"), "in the order of numbers"
    assert [item.label for item in images.items] == ["10", "9", "10"]


def test_parquet_with_a_dictionary_of_texts(tmp_path):
    columns = {"image": image_column(3), "label": pa.array(["b", "a", "b"]).dictionary_encode()}
    assert load_set(written(tmp_path / "a.parquet", columns)).classes == ("a", "b")


def test_class_names_decide_between_columns_and_label_between_class_names(tmp_path):
    names = {"_type": "ClassLabel", "names": ["x", "y"]}
    columns = {"image": image_column(2), "id": ["p", "q"], "kind": [0, 1], "label": [1, 0]}
    one = written(tmp_path / "one.parquet", columns, {"kind": names})
    assert [item.label for item in load_set(one).items] == ["x", "y"]
    two = written(tmp_path / "two.parquet", columns, {"kind": names, "label": names})
    assert [item.label for item in load_set(two).items] == ["y", "x"]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"image": [b"x"], "fine": ["a"], "coarse": ["b"]},
            r"^a\.parquet has several columns that could be the label \(its columns: image, fine, coarse\)\. Name",
        ),
        ({"image": [b"x"], "size": [0.5]}, r"no column that could be the label"),
        ({"label": ["a"]}, r"no column that could be the image \(its columns: label\)"),
        ({"left": [b"x"], "right": [b"y"], "label": ["a"]}, r"several .* be the image"),
        ({"image": [b"x"], "label": ["a"]}, r"holds no labelled picture \(not a picture: 1\)"),
        ({"image": [None], "label": ["a"]}, r"no column that could be the image"),
    ],
)
def test_unclear_parquet_is_one_sentence(tmp_path, columns, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_set(written(tmp_path / "a.parquet", columns))


def test_a_path_in_a_parquet_is_never_opened(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(9))
    cells = [{"bytes": picture(), "path": None}, {"bytes": None, "path": str(secret)}, None]
    images = load_set(written(tmp_path / "a.parquet", {"image": cells, "label": list("abc")}))
    assert [item.content for item in images.items] == [picture()]
    assert images.skipped == {"a row without a picture in the file": 2}


def test_a_parquet_draw_reads_only_row_groups_it_needs(tmp_path, monkeypatch):
    columns = {"image": image_column(100), "label": ["common"] * 99 + ["rare"]}
    path = written(tmp_path / "a.parquet", columns, row_group_size=10)
    read, group = [], rows._group
    monkeypatch.setattr(rows, "_group", lambda *given: read.append(given[1]) or group(*given))
    images = load_set(path, limit=2)
    assert {item.label for item in images.items} == {"common", "rare"}
    assert len(read) == 2 and 9 in read
    assert all(item.content == picture(int(item.name[4:])) for item in images.items)


def test_a_parquet_bomb_is_unpacked_a_few_rows_at_a_time(tmp_path, monkeypatch, request):
    """One picture of 5 MB that the file holds once and repeats 400 times: 2 GB as plain rows."""
    monkeypatch.setattr(parquet, "KEPT_BYTES", 20_000_000)
    large = pa.array([b"BM" + bytes(5_000_000)])
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), large)
    columns = {"image": repeated, "label": ["a"] * 400}
    bomb = written(tmp_path / "bomb.parquet", columns, store_schema=False)
    assert bomb.stat().st_size < 1_000_000
    assert pq.read_schema(bomb).field("image").type == pa.binary()
    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)  # counts this test's memory alone
    pa.set_memory_pool(pool)
    request.addfinalizer(lambda: pa.set_memory_pool(usual))
    with pytest.raises(ValueError, match=r"too large to keep 400 in memory\. Draw fewer of them"):
        load_set(bomb)
    assert len(load_set(bomb, limit=3).items) == 3
    assert pool.max_memory() < 500_000_000


def test_empty_parquet_is_one_sentence(tmp_path):
    columns = {"image": pa.array([], pa.binary()), "label": pa.array([], pa.string())}
    with pytest.raises(ValueError, match=r"^a\.parquet holds no labelled picture\. Put"):
        load_set(written(tmp_path / "a.parquet", columns))


def test_any_damage_to_a_parquet_is_a_set_or_a_sentence(tmp_path):
    """In a process of its own: the C++ below has ended processes over a bad byte."""
    columns = {"image": image_column(12), "label": ["a", "b"] * 6, "caption": ["c"] * 12}
    good = written(tmp_path / "good.parquet", columns, row_group_size=5)
    script = """
import random, sys
from pathlib import Path
from imagesets import load_set
good, count = Path(sys.argv[1]), 0
for seed in range(300):
    chance, content = random.Random(seed), bytearray(good.read_bytes())
    for _ in range(chance.choice([1, 2, 5])):
        content[-chance.randrange(1, len(content) if seed % 3 else 600)] = chance.randrange(256)
    bad = good.with_name("bad.parquet")
    bad.write_bytes(content[: chance.choice([None, None, None, 7, len(content) // 2])])
    try:
        load_set(bad)
    except ValueError as error:
        assert str(error).endswith("."), error
        count += 1
print(count)
"""
    run = subprocess.run(
        [sys.executable, "-c", script, good], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 100


# The toybox made hard


def opened(item):
    return np.asarray(Image.open(io.BytesIO(item.content)), dtype=float)


def test_the_hard_toybox_is_every_realistic_picture_in_every_harm():
    plain = [item for item in load_set("toybox").items if item.condition == "realistic"]
    hard = load_set("toybox-hard")
    assert hard.conditions == tuple(harms.HARMS) and len(hard.items) == hard.total
    for condition in hard.conditions:
        those = [item for item in hard.items if item.condition == condition]
        assert [item.label for item in those] == [item.label for item in plain]
    assert len({item.name for item in hard.items}) == len(hard.items) == 5 * len(plain)


def test_the_harms_do_what_they_say():
    plain = next(item for item in load_set("toybox").items if item.condition == "realistic")
    before = np.asarray(Image.open(plain.content).convert("RGB"), dtype=float)
    name = plain.name.rpartition("/")[2]
    found = {
        item.condition: opened(item)
        for item in load_set("toybox-hard").items
        if item.name.endswith(f"/{name}")
    }
    assert (found["upside down"] == before[::-1]).all()
    assert found["faint"].std() < 0.15 * before.std()
    assert np.allclose(found["faint"].mean(), before.mean(), atol=1)
    covered = (found["covered"] == 128).all(-1)
    assert 0.3 < covered.mean() < 0.7 and (found["covered"][~covered] == before[~covered]).all()
    assert 20 < np.abs(found["noisy"] - before).mean() < 80
    ground = before.mean((0, 1)).astype(np.uint8)
    assert (found["small"] == ground).all(-1).mean() > 0.7


def test_the_hard_toybox_is_always_the_same_and_can_be_drawn_from():
    first, second = load_set("toybox-hard"), load_set("toybox-hard")
    assert [item.digest for item in first.items] == [item.digest for item in second.items]
    some = load_set("toybox-hard", limit=16)
    assert len(some.items) == 16 and some.total == 320
    assert {item.digest for item in some.items} <= {item.digest for item in first.items}


# What can be asked for


@pytest.mark.parametrize("name", CATALOGUE)
def test_catalogue_names_resolve(name):
    entry = CATALOGUE[name]
    assert entry.name == name and entry.title and entry.kind in imagesets.LOADERS
    assert hub.is_id(entry.source) if entry.kind == "hub" else Path(entry.source).is_dir()
    assert entry.kind != "hub" or (entry.config and entry.split)


@pytest.mark.parametrize("source", ["", "nothing", "../etc", "a/b/c", "a\0b", "x" * 5000, "a b/c"])
def test_an_unknown_name_is_one_sentence(source):
    with pytest.raises(ValueError, match=r"is not an image set Headlight knows\. Pick one from"):
        load_set(source)


def test_a_missing_file_is_one_sentence():
    with pytest.raises(FileNotFoundError, match=r"^There is no file gone\.zip\. Bring it again\.$"):
        load_set("/nowhere/gone.zip")


def test_strangers_bring_files_but_no_folders(tmp_path):
    folder = unzipped(tmp_path / "set", {"cat/1.png": picture()})
    with pytest.raises(ValueError, match="is not an image set Headlight knows"):
        load_set(folder, folders=False)
    disguised = tmp_path / "folder.zip"
    folder.rename(disguised)
    with pytest.raises(FileNotFoundError):
        load_set(disguised, folders=False)
    path = zipped(tmp_path / "a.zip", {"cat/1.png": picture()})
    assert len(load_set(path, folders=False).items) == 1
    with pytest.raises(FileNotFoundError):
        load_set(str(path), folders=False)  # a name, which is never opened
    assert load_set("toybox", folders=False, limit=1).items
    other = tmp_path / "photo.png"
    other.write_bytes(picture())
    with pytest.raises(ValueError, match="is not an image set"):
        load_set(other, folders=False)


@pytest.mark.parametrize("name", ["not.zip", "not.parquet"])
def test_a_file_that_is_not_what_its_name_says(tmp_path, name):
    (tmp_path / name).write_bytes(b"hello")
    with pytest.raises(
        ValueError, match=rf"^{name} is not a (zip|parquet) file Headlight can read"
    ):
        load_set(tmp_path / name)


def test_nonsense_is_one_sentence():
    with pytest.raises(ValueError, match="An image set is a name, a path or a Hub id"):
        load_set(None)
    with pytest.raises(ValueError, match="Draw at least one image"):
        load_set("toybox", limit=0)


def test_the_limit_is_drawn_level_over_classes():
    few, more = load_set("toybox", limit=20), load_set("toybox", limit=40)
    assert set(Counter(item.label for item in few.items).values()) == {2, 3}
    assert set(few.items) <= set(more.items)
    assert few.total == more.total == 320 and few.classes == more.classes
    assert few == load_set("toybox", limit=20) != load_set("toybox", limit=20, seed=1)


def test_progress_is_told_and_may_cancel(tmp_path):
    told = []
    columns = {"image": image_column(3), "label": ["a", "b", "c"]}
    sources = [
        "toybox",
        zipped(tmp_path / "a.zip", {"cat/1.png": picture()}),
        written(tmp_path / "a.parquet", columns),
    ]
    for source in sources:
        load_set(source, progress=lambda fraction, doing: told.append((fraction, doing)))
        assert told and all(0 <= fraction <= 1 and doing for fraction, doing in told)

        def cancel(fraction, doing):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load_set(source, progress=cancel)


@pytest.fixture
def catalogue():
    """The catalogue, put back afterwards."""
    before = dict(CATALOGUE)
    yield CATALOGUE
    CATALOGUE.clear()
    CATALOGUE.update(before)


def test_sets_of_the_server(tmp_path, catalogue):
    unzipped(tmp_path / "animals", {"cat/1.png": picture()})
    unzipped(tmp_path / "weather", {"foggy/cat/1.png": picture(), "clear/cat/1.png": picture()})
    unzipped(tmp_path / "listed", table("file,label\na.png,cat\n"))
    unzipped(tmp_path / "papers", {"a/notes.txt": "x"})
    zipped(tmp_path / "more.zip", {"dog/1.png": picture()})
    written(tmp_path / "rows.parquet", {"image": image_column(1), "label": ["a"]})
    (tmp_path / "readme.txt").write_text("x")
    names = [entry.name for entry in add_folder(tmp_path)]
    assert names == ["animals", "listed", "more", "rows", "weather"]
    for name in names:
        assert load_set(name, folders=False).items, "the operator's sets are for everybody"
    assert load_set("weather").conditions == ("clear", "foggy")
    with pytest.raises(ValueError, match=r"image set named animals already; rename"):
        add_folder(tmp_path)
    assert [name for name in names if name not in catalogue] == []


def test_one_set_of_the_server(tmp_path, catalogue):
    unzipped(tmp_path / "cats", {"cat/1.png": picture()})
    assert [entry.name for entry in add_folder(tmp_path / "cats")] == ["cats"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no image set"):
        add_folder(tmp_path / "empty")
    with pytest.raises(ValueError, match="is not a folder; give one that holds image sets"):
        add_folder(tmp_path / "none")


def test_importing_costs_nothing():
    heavy = ("numpy", "PIL", "pyarrow", "datasets", "torch", "huggingface_hub")
    script = f"import imagesets, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr


# The Hub


@pytest.fixture
def fake_hub(tmp_path, point_at):
    features = {"label": {"_type": "ClassLabel", "names": ["a", "b"]}}

    def part(labels):
        columns = {"image": image_column(len(labels)), "label": labels}
        return written(tmp_path / "part", columns, features).read_bytes()

    files = {
        "default/test/0000.parquet": part([0] * 3),
        "default/test/0001.parquet": part([1] * 3),
        "default/train/0000.parquet": part([0, 1]),
        "default/test/index.duckdb": b"x",
    }
    server = FakeHub(files)
    point_at(server.url)
    yield server
    server.shutdown()


def test_a_set_of_the_hub_and_then_without_internet(fake_hub, point_at):
    told = []
    images = load_set("o/n", progress=lambda fraction, doing: told.append(doing))
    assert [item.label for item in images.items] == list("aaabbb")
    assert images.classes == ("a", "b") and images.title == "o/n, test split"
    assert any(doing.startswith("Downloading o/n") for doing in told)
    assert not any("train" in path for path, _ in fake_hub.asked), "one split is enough"
    assert {token for path, token in fake_hub.asked if "/o/n/" in path} == {None}
    point_at(NOWHERE)
    assert load_set("o/n") == images


def test_a_download_that_broke_off_is_not_taken_for_the_set(fake_hub, point_at):
    fake_hub.broken = {"default/test/0000.parquet"}
    with pytest.raises(OSError, match=r"^The download of o/n broke off\. Try again; it goes on"):
        load_set("o/n")
    point_at(NOWHERE)
    with pytest.raises(OSError, match=r"^No internet, and o/n is not on this computer\."):
        load_set("o/n")
    point_at(fake_hub.url)
    fake_hub.broken = set()
    assert len(load_set("o/n").items) == 6


def test_what_the_hub_does_not_have(fake_hub, monkeypatch):
    with pytest.raises(ValueError, match=r"^The Hub has no public data set o/missing\. Check its"):
        load_set("o/missing")
    with pytest.raises(ValueError, match=r"^The Hub has no parquet copy of o/uncopied to read\."):
        load_set("o/uncopied")
    monkeypatch.setattr(hub, "SPLIT_BYTES", 10)
    with pytest.raises(ValueError, match=r"^o/n is 0\.0 GB, more than .* fetches\. Upload a part"):
        load_set("o/n")
    assert not any(path.startswith("/datasets") for path, _ in fake_hub.asked), (
        "nothing was fetched"
    )


@pytest.mark.parametrize("name", ["cifar10", "nobody/nothing"])
def test_without_internet_one_sentence(name, point_at):
    point_at(NOWHERE)
    where = CATALOGUE[name].source if name in CATALOGUE else name
    sentence = (
        f"^No internet, and {where} is not on this computer. Pick the toybox, or upload a zip.$"
    )
    with pytest.raises(OSError, match=sentence):
        load_set(name)


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        (["default/train", "default/test"], ("", ""), "default/test"),
        (["default/train", "default/validation"], ("", ""), "default/validation"),
        (["default/Training", "default/Testing"], ("", ""), "default/Testing"),
        (["only/part"], ("", ""), "only/part"),
        (["a/test", "default/train"], ("", ""), "default/train"),
        (["160px/test", "320px/test", "320px/train"], ("320px", "train"), "320px/train"),
        (["default/partial-train"], ("", "train"), "default/partial-train"),
    ],
)
def test_the_split_to_score_on(there, wanted, chosen):
    files = [f"{folder}/{number:04d}.parquet" for folder in there for number in range(2)]
    expected = [f"{chosen}/0000.parquet", f"{chosen}/0001.parquet"]
    assert hub.choose_files("o/n", ["README.md", *reversed(files)], *wanted) == expected


@pytest.mark.parametrize(
    ("there", "wanted", "sentence"),
    [
        (["a/test", "b/test"], ("", ""), r"several configurations \(a, b\)"),
        ([], ("", ""), "The Hub has no parquet files of o/n. Choose another set."),
        (["default/train"], ("", "test"), "The Hub has no test files of o/n"),
        (["default/train"], ("320px", "test"), "The Hub has no 320px test files of o/n"),
    ],
)
def test_no_split_to_score_on(there, wanted, sentence):
    with pytest.raises(ValueError, match=sentence):
        hub.choose_files("o/n", [f"{folder}/0000.parquet" for folder in there], *wanted)


def test_every_picture_of_a_set_opens(tmp_path):
    zip_set = load_set(zipped(tmp_path / "a.zip", {"cat/1.jpg": picture(4, "JPEG")}))
    for item in (zip_set.items[0], load_set("toybox", limit=1).items[0]):
        assert open_photo(item.content).mode == "RGB"
