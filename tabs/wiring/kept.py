"""What the page keeps between events: opened photos and traces, by content, the last used, up to a size.

Never a person's own: two people who show the same photo share its entry, and nobody can name another's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limits import PHOTOS_HELD, TRACES_HELD
from models.photo import open_photo
from tabs.wiring.turns import one_at_a_time

if TYPE_CHECKING:
    from PIL.Image import Image

    from models.trace import Trace


class Kept:
    """The last used values, up to `limit` bytes together; a value larger than that is not kept."""

    def __init__(self, limit: int, size: Callable[[Any], int]):
        self.limit, self.size, self.total = limit, size, 0
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def peek(self, key: Hashable) -> Any:
        """The value at `key`, or None."""
        return self._values.get(key)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value at `key`, made where it is not there; two who miss at once both make it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        size = self.size(value)
        with self._lock:
            if key not in self._values and size <= self.limit:
                self._values[key] = value
                self.total += size
            while self.total > self.limit:
                self.total -= self.size(self._values.popitem(last=False)[1])
        return value


def digest(*words: Any) -> bytes:
    """A short key for what people typed, however long; of texts, numbers and tuples of them."""
    return sha256(repr(words).encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class Photo:
    """An upright RGB picture; key: the same for the same file."""

    key: str
    image: Image


def opened(source: str | Path | bytes) -> Photo:
    """The photo in a file, or in a file's bytes; ValueError or FileNotFoundError with one sentence where there is none."""
    key = key_of(source)
    with one_at_a_time(("photo", key), lambda: None):  # three columns ask about a new photo at once
        return _photos.get(key, lambda: Photo(key, open_photo(source)))


def key_of(source: str | Path | bytes) -> str:
    """The key of the photo in a file, or in a file's bytes; "" where there is none."""
    if isinstance(source, bytes):
        held = source
    else:
        path = Path(source)
        held = path.read_bytes() if path.is_file() else b""
    return sha256(held).hexdigest()[:20] if held else ""


def kept_trace(key: Hashable, make: Callable[[], Trace]) -> Trace:
    """The trace at `key`, taken where it is not kept."""
    return _traces.get(key, make)


def _photo_size(photo: Photo) -> int:
    return 3 * photo.image.width * photo.image.height


def _trace_size(trace: Trace) -> int:
    weights = (block.weights for block in trace.attention_blocks)
    return sum(part.nbytes for part in (trace.features, trace.features_gradient, *weights))


_photos = Kept(PHOTOS_HELD, _photo_size)
_traces = Kept(TRACES_HELD, _trace_size)
