"""Arrays and pictures as text that a browser reads.

Arrays travel as base64 of little-endian float32 with their shape: as JSON lists they would be four times as long.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


def packed(values: np.ndarray) -> dict[str, Any]:
    """An array as {"shape", "data"}."""
    data = base64.b64encode(values.astype("<f4").tobytes()).decode()
    return {"shape": list(values.shape), "data": data}


def data_address(image: Image) -> str:
    """An RGB picture as a JPEG in a data: address, for a browser to draw."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
