"""The store of embeddings: bounded, and unharmed by damage, company and full disks."""

import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import numpy as np
import pytest

from explain import store as module
from explain.store import BROKEN_KEPT, Store

WIDE = 192  # numbers in a vector


def vectors(count, start=0):
    random = np.random.default_rng(start)
    drawn = random.standard_normal((count, WIDE)).astype(np.float32)
    return {f"{start + place:064}": row for place, row in enumerate(drawn)}


def same(found, wanted):
    """Whether all that was found is what was kept."""
    return all(np.array_equal(vector, wanted[digest]) for digest, vector in found.items())


@pytest.fixture
def kept(tmp_path):
    """(folder, vectors) of a store with 200 vectors."""
    wanted = vectors(200)
    Store(tmp_path).write("space", wanted)
    return tmp_path, wanted


@pytest.fixture
def connect(monkeypatch):
    """A function: what each new connection begins with, and how its address is changed."""
    real = sqlite3.connect

    def connecting(begin="", ending=""):
        def opened(path, **settings):
            if ending:
                path, settings = f"{path.as_uri()}{ending}", settings | {"uri": True}
            found = real(path, **settings)
            found.execute(begin) if begin else None
            return found

        monkeypatch.setattr(module.sqlite3, "connect", opened)
        return lambda: monkeypatch.setattr(module.sqlite3, "connect", real)

    return connecting


def test_the_store_is_bounded_and_forgets_the_unused(tmp_path):
    store = Store(tmp_path, limit=40 * 100)  # a hundred vectors of ten floats
    vectors = {f"{i:03}": np.full(10, i, np.float32) for i in range(90)}
    store.write("space", vectors)
    store.read("space", ["000"])
    store.write("space", {f"new{i}": np.zeros(10, np.float32) for i in range(20)})
    store.trim()
    left = store.read("space", [*vectors, *[f"new{i}" for i in range(20)]])
    assert len(left) <= 100 and "000" in left and "new19" in left and "001" not in left


def _writer(path, start, done):
    store = Store(path)
    for index in range(start, start + 50):
        store.write("space", {f"{index}": np.full(4, index, np.float32)})
    done.put(start)


def test_two_processes_write_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    writers = [context.Process(target=_writer, args=(tmp_path, start, done)) for start in (0, 25)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert not done.empty() and all(writer.exitcode == 0 for writer in writers)
    found = Store(tmp_path).read("space", [f"{index}" for index in range(75)])
    assert {int(digest): vector[0] for digest, vector in found.items()} == {i: i for i in range(75)}


def test_overwritten_pages_cost_their_own_vectors_alone(tmp_path):
    wanted = vectors(2000)
    Store(tmp_path).write("space", wanted)
    path = tmp_path / "features.sqlite"
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(3)
    for page in random.choice(np.arange(2, len(content) // 4096), 10, replace=False):
        content[page * 4096 : page * 4096 + 4096] = random.bytes(4096)
    path.write_bytes(content)
    store = Store(tmp_path)
    found = store.read("space", list(wanted))
    assert same(found, wanted) and 1700 < len(found) < 2000
    store.write("space", {digest: wanted[digest] for digest in wanted.keys() - found.keys()})
    again = Store(tmp_path).read("space", list(wanted))
    assert len(again) == 2000 and same(again, wanted) and not store.trouble


@pytest.mark.parametrize(
    "damage",
    ["vector = x'0011'", "vector = 'text'", "vector = NULL", "vector = zeroblob(768)", "seal = 7"],
)
def test_vectors_of_a_wrong_size_or_content_are_missing_until_written_again(damage, kept):
    folder, wanted = kept
    with closing(sqlite3.connect(folder / "features.sqlite")) as file, file:
        file.execute(f"UPDATE vectors SET {damage} WHERE rowid <= 5")
    store = Store(folder)
    found = store.read("space", list(wanted))
    assert len(found) == 195 and same(found, wanted)
    store.write("space", wanted)
    assert len(store.read("space", list(wanted))) == 200


def test_a_vector_never_answers_for_another(kept):
    folder, wanted = kept
    one, other = list(wanted)[:2]
    with closing(sqlite3.connect(folder / "features.sqlite")) as file, file:
        file.execute(
            "UPDATE vectors SET (vector, seal) = (SELECT vector, seal FROM vectors WHERE digest = ?) WHERE digest = ?",
            (one, other),
        )
    assert Store(folder).read("space", [one, other]).keys() == {one}


def test_what_is_no_database_is_set_aside_and_not_more_often_than_counted(tmp_path):
    for turn in range(3):
        (tmp_path / "features.sqlite").write_bytes(b"no database" * 100 + bytes([turn]))
        store = Store(tmp_path)
        store.write("space", vectors(2))
        assert len(store.read("space", list(vectors(2)))) == 2
    (broken,) = tmp_path.glob("features.sqlite.broken-*")
    assert BROKEN_KEPT == 1 and broken.read_bytes().endswith(bytes([2]))


def test_a_full_disk_loses_nothing(kept, connect):
    folder, wanted = kept
    emptied = connect("PRAGMA max_page_count = 1")  # SQLite then holds at what there is
    store = Store(folder)
    fresh = vectors(500, start=1000)
    store.write("space", fresh)
    assert "the disk is full" in store.trouble
    found = store.read("space", list(wanted))
    assert len(found) == 200 and same(found, wanted)
    emptied()
    assert len(Store(folder).read("space", list(wanted))) == 200
    store.finish()
    assert len(Store(folder).read("space", list(fresh))) == 500 and not store.trouble


def test_a_folder_that_may_only_be_read_is_read(kept, connect):
    folder, wanted = kept
    connect(ending="?mode=ro")
    store = Store(folder)
    assert same(found := store.read("space", list(wanted)), wanted) and len(found) == 200
    store.write("space", vectors(1, start=900))
    store.finish()
    assert "may only be read" in store.trouble


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    store.trim()
    assert store.read("space", ["a"]) == {}
    store.write("space", vectors(1))
    store.finish()
    assert "cannot be written" in store.trouble


def test_a_second_program_is_waited_for(kept):
    folder, wanted = kept
    other = sqlite3.connect(
        folder / "features.sqlite", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE vectors SET used = 1")
    threading.Timer(0.5, lambda: (other.execute("COMMIT"), other.close())).start()
    store = Store(folder)
    store.write("space", vectors(3, start=900))
    assert not store.trouble
    found = store.read("space", [*wanted, *vectors(3, start=900)])
    assert len(found) == 203


def test_a_program_that_never_lets_go_costs_nothing_that_is_kept(kept, monkeypatch):
    folder, wanted = kept
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with closing(sqlite3.connect(folder / "features.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE vectors SET used = 1")
        store = Store(folder)
        assert same(store.read("space", list(wanted)), wanted)
        store.write("space", vectors(3, start=900))
        assert "another program" in store.trouble
        other.execute("ROLLBACK")
    store.finish()
    assert len(Store(folder).read("space", [*wanted, *vectors(3, start=900)])) == 203


NO_HANDLES = """
import os, resource, sys
from pathlib import Path
from explain.store import Store
store = Store(Path(sys.argv[1]))
digests = [f"{place:064}" for place in range(200)]
assert len(store.read("space", digests)) == 200
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, most))
store = Store(Path(sys.argv[1]))
store.read("space", digests)
print(store.trouble)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts handles in /proc")
def test_no_file_handle_left_loses_nothing(kept):
    folder, wanted = kept
    run = subprocess.run(
        [sys.executable, "-c", NO_HANDLES, folder], capture_output=True, text=True, timeout=100
    )
    assert "cannot be opened" in run.stdout, run.stderr
    assert len(Store(folder).read("space", list(wanted))) == 200
