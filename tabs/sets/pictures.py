"""Pictures of a set for the browser: small ones in numbers, larger ones to look at, one whole for another tab."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from limits import SENT_WHOLE, THUMBNAILS_HELD
from models.photo import open_photo
from tabs.sets import labelled_set
from tabs.wiring.kept import Kept, key_of
from tabs.wiring.packing import data_address

if TYPE_CHECKING:
    from imagesets import Item
    from tabs.sets.asks import PictureAsked
    from tabs.wiring.slowly import Progress

SIDE = 96  # pixels on the longer side of a thumbnail
PEEK = 256  # of one that is pointed at
GONE = "This picture is not in the set any more; pick another."


def whole(content: Any) -> dict[str, Any]:
    """{src, key} of a file, a path or bytes: itself as a data address, or a smaller copy of a very large one; and the key of
    what is sent, by which it is known when it comes back as a photo."""
    src = _address(content)
    return {"src": src, "key": key_of(base64.b64decode(src.partition(",")[2]))}


def set_picture(asked: PictureAsked, progress: Progress) -> dict[str, Any]:
    """One picture of a labelled set as `whole` has it, with its name. ValueError and OSError are for people."""
    items = labelled_set(asked.source, asked.limit, progress).images.items
    if asked.place >= len(items):
        raise ValueError(GONE)
    return {**whole(items[asked.place].content), "name": items[asked.place].name}


def _address(content: Any) -> str:
    held = content
    if not isinstance(content, bytes):
        with open(content, "rb") as file:
            held = file.read(SENT_WHOLE + 1)
    if len(held) > SENT_WHOLE:
        return small(open_photo(content), 2048)
    return "data:image/*;base64," + base64.b64encode(held).decode()


def large(item: Item) -> dict[str, Any]:
    """{src, name, caption} of a picture to be looked at beside others."""
    return {
        "src": small(open_photo(item.content), PEEK),
        "name": item.name,
        "caption": item.caption,
    }


def thumbnail(item: Item) -> str:
    return _thumbnails.get(item.digest, lambda: small(open_photo(item.content), SIDE))


def small(image: Any, side: int) -> str:
    """A copy of at most `side` pixels, as a data address."""
    copy = image.copy()
    copy.thumbnail((side, side))
    return data_address(copy)


_thumbnails = Kept(THUMBNAILS_HELD, len)
