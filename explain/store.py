"""Vectors kept on disk in one SQLite file, which survives kills, full disks, damage and a second process.

Whatever is kept can be computed again. So no method raises for what the disk does: what cannot be read is missing, what
cannot be written is tried once more by `finish`, and `trouble` says why.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from limits import STORE_BYTES

LOOKUP = 500  # digests a query; SQLite's own limit on variables is 999 in old builds
PATIENCE = 30.0  # seconds to wait for another process
BROKEN_KEPT = 1  # malformed files that are set aside and kept
FARTHEST = 2**40  # rows skipped at most in search of a readable one

MALFORMED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "its folder may only be read",
    sqlite3.SQLITE_BUSY: "another program holds the file",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
}
TABLE = (
    "CREATE TABLE IF NOT EXISTS vectors "
    "(space TEXT, digest TEXT, vector BLOB, seal INTEGER, used REAL, PRIMARY KEY (space, digest))"
)
COLUMNS = "space, digest, vector, seal, used"

log = logging.getLogger(__name__)
_said: set[str] = set()  # what was logged already


class Store:
    """Vectors by (space, digest); of more than `limit` bytes a quarter goes at each `trim`.

    Each row carries a checksum, so a vector that was overwritten counts as missing. A file that SQLite calls malformed is
    set aside, and what can still be read of it is taken over; a file that is only locked, full or forbidden stays.
    """

    def __init__(self, folder: Path, limit: int = STORE_BYTES):
        self.path, self.limit = folder / "features.sqlite", limit
        self.trouble = ""  # why something could not be kept, in one sentence
        self._unwritten: list[tuple] = []

    def read(self, space: str, digests: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors there are, by digest."""
        found: dict[str, np.ndarray] = {}
        wanted = list(dict.fromkeys(digests))
        parts = [wanted[start : start + LOOKUP] for start in range(0, len(wanted), LOOKUP)]

        def look(store: sqlite3.Connection) -> None:
            for part in parts:
                rows = store.execute(
                    f"SELECT digest, vector, seal FROM vectors WHERE {_among(part)}", (space, *part)
                )
                for digest, vector, seal in rows:
                    if seal == _seal(space, digest, vector):
                        found[digest] = np.frombuffer(vector, np.float32)

        def touch(store: sqlite3.Connection) -> None:
            for part in parts:
                store.execute(
                    f"UPDATE vectors SET used = ? WHERE {_among(part)}", (time.time(), space, *part)
                )

        if self._attempt(look):
            self._attempt(touch)
        else:
            self._look_only(look)
        return found

    def write(self, space: str, vectors: dict[str, np.ndarray]) -> None:
        """Keep `vectors`."""
        now = time.time()
        for digest, vector in vectors.items():
            content = vector.astype(np.float32).tobytes()
            self._unwritten.append((space, digest, content, _seal(space, digest, content), now))
        if not self.trouble:  # else every batch would wait for it again
            self.finish()

    def finish(self) -> None:
        """Write what could not be written before, and forget the trouble where that succeeds."""
        if self._unwritten and self._attempt(lambda store: _insert(store, self._unwritten)):
            self._unwritten, self.trouble = [], ""

    def trim(self) -> None:
        """Let the quarter that was used longest ago go, where there is more than `limit`."""

        def cut(store: sqlite3.Connection) -> None:
            size = store.execute("SELECT total(length(vector)) FROM vectors").fetchone()[0]
            if size > self.limit:
                oldest = "SELECT rowid FROM vectors ORDER BY used LIMIT (SELECT count(*) / 4 + 1 FROM vectors)"
                store.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})")

        self._attempt(cut)

    def _attempt(self, work: Callable[[sqlite3.Connection], Any]) -> bool:
        """Whether `work` was done on the file, if need be on a new one."""
        for last in (False, True):
            file = _inode(self.path)
            try:
                with closing(self._open()) as store, store:
                    work(store)
                return True
            except (sqlite3.Error, OSError) as error:
                if last or _code(error) not in MALFORMED:
                    self._note(error)
                    return False
                if file == _inode(self.path):  # else another process has mended it
                    self._set_aside()
        return False

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Who has waited once for a program that holds the file does not wait as long for it again.
        store = sqlite3.connect(self.path, timeout=1 if self.trouble else PATIENCE)
        try:
            store.execute("PRAGMA journal_mode = WAL")
            if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").fetchone():
                store.execute("DROP TABLE IF EXISTS features")  # of rows without a checksum
                store.execute(TABLE)
        except BaseException:
            store.close()
            raise
        return store

    def _look_only(self, look: Callable[[sqlite3.Connection], Any]) -> None:
        """As `look`, where nothing may be written, not even SQLite's own lock file."""
        address = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
        with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as store:
            look(store)

    def _note(self, error: Exception) -> None:
        reason = REASONS.get(_code(error) or 0, "its folder cannot be written")
        self.trouble = f"What is computed here could not be kept on disk: {reason}. It will be computed again next time."
        said = f"{self.path}: {reason}"
        if said not in _said:
            _said.add(said)
            log.warning("Embeddings are not kept in %s (%s).", said, error)

    def _set_aside(self) -> None:
        """Move the malformed file to features.sqlite.broken-…, and take over what can still be read of it."""
        broken = self.path.with_name(f"{self.path.name}.broken-{time.time_ns()}")
        log.warning("%s is damaged; it is now %s.", self.path, broken.name)
        try:
            for ending in (
                "-wal",
                "-shm",
                "",
            ):  # a log beside a new file would be taken for its own
                with suppress(FileNotFoundError):
                    os.replace(f"{self.path}{ending}", f"{broken}{ending}")
            with closing(self._open()) as store, store:
                for rows in _readable(broken):
                    _insert(store, rows)
            _forget(self.path)
        except (sqlite3.Error, OSError) as error:
            self._note(error)


def _insert(store: sqlite3.Connection, rows: Iterable[tuple]) -> None:
    store.executemany(f"INSERT OR REPLACE INTO vectors ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", rows)


def _among(digests: Sequence[str]) -> str:
    return f"space = ? AND digest IN ({','.join('?' * len(digests))})"


def _seal(space: str, digest: str, vector: Any) -> int | None:
    """A checksum of one row; None for what is no vector."""
    if not isinstance(vector, bytes):
        return None
    return zlib.crc32(vector, zlib.crc32(f"{space} {digest}".encode()))


def _code(error: Exception) -> int | None:
    """SQLite's primary error code."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _readable(broken: Path) -> Iterable[list[tuple]]:
    """The sound rows of a damaged file, in parts; over a damaged stretch in steps that double."""
    address = f"{broken.absolute().as_uri()}?mode=ro"
    query = (
        f"SELECT rowid, {COLUMNS} FROM vectors NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?"
    )
    place, step = 0, 1
    with closing(sqlite3.connect(address, uri=True)) as store:
        while step < FARTHEST:
            rows: list[tuple] = []
            before = place
            try:
                for row in store.execute(query, (before, LOOKUP)):
                    place = row[0]
                    if row[4] == _seal(*row[1:4]):
                        rows.append(row[1:])
            except sqlite3.Error:
                step = 1 if place > before else 2 * step
                place += step
            else:
                if place == before:
                    return
                step = 1
            if rows:
                yield rows


def _forget(path: Path) -> None:
    """Remove all malformed files that were set aside but the last."""
    broken = sorted(
        {
            each.name.removesuffix("-wal").removesuffix("-shm")
            for each in path.parent.glob(f"{path.name}.broken-*")
        }
    )
    for name in broken[:-BROKEN_KEPT]:
        for ending in ("-wal", "-shm", ""):
            path.with_name(name + ending).unlink(missing_ok=True)
