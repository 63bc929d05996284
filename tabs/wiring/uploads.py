"""Uploaded files on disk: bounded in number and bytes, of each address and of all, and removed when the visitor has gone.

Gradio keeps each file under its content's digest, so two visitors who bring the same file share it: it stays while the
page of either is open. A file that no open page has asked about, as those of other programs, stays for a while.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from limits import (
    GONE_SECONDS,
    UNUSED_SECONDS,
    UPLOAD_PAGES,
    UPLOADED_BYTES,
    UPLOADED_FILES,
    UPLOADED_OF_ONE_ADDRESS,
    UPLOADS_OF_ONE_ADDRESS,
)
from tabs.wiring.question import was_uploaded
from tabs.wiring.visitors import Refused


@dataclass
class Upload:
    """One file. owner: the address that brought it first; sessions: the open pages that asked about it."""

    owner: str
    size: int
    used: float
    sessions: set[str] = field(default_factory=set)


class Uploads:
    """What has been uploaded to this server; each method may be called from any thread."""

    def __init__(self) -> None:
        self._files: dict[str, Upload] = {}
        self._open: Counter[str] = Counter()
        self._left: dict[str, float] = {}  # page → when it was closed
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def make_room(self, owner: str) -> None:
        """Remove what is not needed any more; raises Refused where an address has brought as much as it may."""
        with self._lock:
            self._sweep()
            own = [each.size for each in self._files.values() if each.owner == owner]
            if len(own) >= UPLOADS_OF_ONE_ADDRESS or sum(own) >= UPLOADED_OF_ONE_ADDRESS:
                raise Refused(
                    "Your network has uploaded as much as this server keeps; close a page that is done, and try again "
                    f"in {GONE_SECONDS // 60} minutes.",
                    429,
                )

    def brought(self, owner: str, answer: bytes) -> None:
        """Note the files of an upload by what Gradio answered, a list of paths."""
        try:
            paths = json.loads(answer)
        except ValueError:
            return
        with self._lock:
            for path in paths if isinstance(paths, list) else ():
                if isinstance(path, str) and was_uploaded(path):
                    size = os.path.getsize(path) if os.path.exists(path) else 0
                    self._files.setdefault(
                        path, Upload(owner, size, monotonic())
                    ).used = monotonic()

    def asked(self, session: str | None, question: dict[str, Any]) -> None:
        """Note which page asks about which files."""
        waiting: list[Any] = list(question.values())
        with self._lock:
            while waiting:
                value = waiting.pop()
                if isinstance(value, dict):
                    found = self._files.get(value["path"]) if "path" in value else None
                    if found:
                        found.used = monotonic()
                        if session and len(found.sessions) < UPLOAD_PAGES:
                            found.sessions.add(session)
                    waiting += value.values()
                elif isinstance(value, list):
                    waiting += value

    @contextmanager
    def visit(self, session: str) -> Iterator[None]:
        """While a page is open."""
        with self._lock:
            self._open[session] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[session] -= 1
                if not self._open[session]:
                    del self._open[session]
                    self._closed(session)

    def _closed(self, session: str) -> None:
        """A page is gone: its uploads follow, unless it comes back."""
        if not any(session in each.sessions for each in self._files.values()):
            return
        self._left[session] = monotonic()
        if not (self._timer and self._timer.is_alive()):
            self._timer = threading.Timer(2 * GONE_SECONDS, self.sweep)
            self._timer.daemon = True  # the server need not wait for it
            self._timer.start()

    def sweep(self) -> None:
        """Remove what is not needed any more."""
        with self._lock:
            self._sweep()

    def _sweep(self) -> None:
        now = monotonic()
        for path in [path for path, each in self._files.items() if self._is_over(each, now)]:
            self._remove(path)
        oldest = sorted(self._files, key=lambda path: self._files[path].used)
        total = sum(each.size for each in self._files.values())
        while oldest and (total > UPLOADED_BYTES or len(self._files) > UPLOADED_FILES):
            total -= self._files[oldest[0]].size
            self._remove(oldest.pop(0))
        asked = {session for each in self._files.values() for session in each.sessions}
        self._left = {session: when for session, when in self._left.items() if session in asked}

    def _is_over(self, upload: Upload, now: float) -> bool:
        closed = [self._left[each] for each in upload.sessions if each in self._left]
        if any(self._open.get(each) for each in upload.sessions):
            return False
        if closed:
            return now - max(upload.used, *closed) > GONE_SECONDS
        return now - upload.used > UNUSED_SECONDS

    def _remove(self, path: str) -> None:
        del self._files[path]
        with suppress(OSError):
            os.remove(path)
            Path(path).parent.rmdir()  # the digest's own folder
