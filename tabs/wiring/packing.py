"""Arrays and pictures as text that a browser reads.

Arrays travel as base64 of little-endian float32 with their shape: as JSON lists they would be four times as long.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.scores.likeliest import likeliest

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from torch import Tensor


def top_classes(probabilities: Tensor, names: Sequence[str]) -> list[dict[str, Any]]:
    """The likeliest of some classes, (classes,) probabilities, as `ranked` has them."""
    (indices,), (values,) = likeliest(probabilities.detach().cpu().numpy()[None])
    return ranked(indices, values, names)


def ranked(indices: np.ndarray, values: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """[{index, label, probability}] of one image's likeliest classes, by their indices among `names`."""
    return [
        {"index": index, "label": names[index], "probability": value}
        for index, value in zip(indices.tolist(), values.tolist(), strict=True)
    ]


def packed(values: np.ndarray) -> dict[str, Any]:
    """An array as {"shape", "data"}."""
    data = base64.b64encode(values.astype("<f4").tobytes()).decode()
    return {"shape": list(values.shape), "data": data}


def data_address(image: Image) -> str:
    """An RGB picture as a JPEG in a data: address, for a browser to draw."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(image)).decode()


def jpeg(image: Image) -> bytes:
    """An RGB picture as a JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()
