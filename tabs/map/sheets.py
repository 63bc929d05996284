"""Many small pictures of a set as one: a sheet of square tiles, row by row, for the map to draw its points with."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from limits import TILES_HELD
from models.photo import open_photo
from tabs.wiring.kept import Kept
from tabs.wiring.packing import data_address
from tabs.wiring.slowly import Progress, Step

if TYPE_CHECKING:
    from imagesets import Item

TILE = 48  # pixels


def sheet(items: Sequence[Item], progress: Progress) -> dict[str, Any]:
    """{src, tile, columns}: one picture of `items` in order, `columns` tiles of `tile` pixels a row.

    progress hears of each item, since large ones take long to decode, and may raise to stop.
    """
    columns = ceil(sqrt(len(items)))
    whole = np.zeros((ceil(len(items) / columns) * TILE, columns * TILE, 3), np.uint8)
    for place, item in enumerate(items):
        progress(Step(place / len(items), "Making small pictures"))
        top, left = (side * TILE for side in divmod(place, columns))
        whole[top : top + TILE, left : left + TILE] = _tile(item)
    return {"src": data_address(Image.fromarray(whole)), "tile": TILE, "columns": columns}


def _tile(item: Item) -> np.ndarray:
    """(TILE, TILE, 3): the middle of a picture; grey where the file has gone."""

    def make() -> np.ndarray:
        try:
            image = open_photo(item.content)
        except (ValueError, OSError):
            return np.full((TILE, TILE, 3), 128, np.uint8)
        return np.asarray(ImageOps.fit(image, (TILE, TILE)))

    return _tiles.get(item.digest, make)


_tiles = Kept(TILES_HELD, lambda tile: tile.nbytes)
