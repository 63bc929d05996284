"""Photo → the pixels a checkpoint wants, and the part of the photo those pixels cover.

Processors squash a photo, or resize and crop it. `View` says which part survived, as fractions of the upright photo
(left, top, right, bottom), so that a map can be laid over the right place and a clicked point travels to any model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch import Tensor

from models.folder import BUILDING, CheckpointError

if TYPE_CHECKING:
    from open_clip.transform import PreprocessCfg

Pixels = tuple[Tensor, tuple[float, float, float, float]]
WHOLE = (0.0, 0.0, 1.0, 1.0)


class HubProcessor:
    """A transformers image processor, loaded from a checkpoint folder; no remote code."""

    KINDS = ("ViT", "DeiT", "CLIP")  # of processors whose resize and crop `_view` follows

    def __init__(self, folder: Path, side: int | tuple[int, int]):
        from transformers import AutoImageProcessor

        try:
            with BUILDING:
                self.processor = AutoImageProcessor.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False
                )
        except (OSError, ValueError) as error:
            raise CheckpointError(
                "This checkpoint has no preprocessor_config.json that transformers can read, "
                "so nobody knows how it wants its pixels; add one."
            ) from error
        kind = type(self.processor).__name__
        if not kind.startswith(self.KINDS):
            raise CheckpointError(
                f"This checkpoint prepares pictures by {kind}, which Headlight cannot place a map for."
            )
        wanted = (side, side) if isinstance(side, int) else tuple(side)
        made = tuple(self(Image.new("RGB", (80, 60)))[0].shape[-2:])
        if made != wanted:
            raise CheckpointError(
                f"This checkpoint prepares pictures of {made[0]} × {made[1]} pixels, but its model wants "
                f"{wanted[0]} × {wanted[1]}; mend its preprocessor_config.json."
            )

    def __call__(self, photo: Image.Image) -> Pixels:
        pixels = self.processor(images=photo, return_tensors="pt")["pixel_values"][0]
        return pixels, self._view(photo.width, photo.height)

    def colours(self, pixels: Tensor) -> Tensor:
        """(3, height, width) pixels before normalisation, in 0 … 1."""
        processor = self.processor
        if getattr(processor, "do_normalize", False):
            pixels = pixels * _each(processor.image_std) + _each(processor.image_mean)
        if not getattr(processor, "do_rescale", True):
            pixels = pixels / 255
        return pixels.clamp(0, 1)

    def _view(self, width: int, height: int) -> tuple[float, float, float, float]:
        processor = self.processor
        if getattr(processor, "do_resize", False):
            width, height = _resized(width, height, _sizes(processor.size))
        if getattr(processor, "do_center_crop", False):
            crop = _sizes(processor.crop_size)
            return _centre_crop(width, height, crop["width"], crop["height"])
        return WHOLE


class OpenClipTransform:
    """open_clip's evaluation transform, with the view its resize mode implies."""

    def __init__(self, transform: Any, settings: PreprocessCfg):
        size = settings.size
        self.transform, self.settings = transform, settings
        self.height: int
        self.width: int
        self.height, self.width = (size, size) if isinstance(size, int) else size
        self.resize_mode = settings.resize_mode

    def __call__(self, photo: Image.Image) -> Pixels:
        return self.transform(photo), self._view(photo.width, photo.height)

    def colours(self, pixels: Tensor) -> Tensor:
        """(3, height, width) pixels before normalisation, in 0 … 1."""
        return (pixels * _each(self.settings.std) + _each(self.settings.mean)).clamp(0, 1)

    def _view(self, width: int, height: int) -> tuple[float, float, float, float]:
        if self.resize_mode == "squash":
            return WHOLE
        if self.resize_mode == "shortest" and self.width == self.height:
            resized = _resized(width, height, {"shortest_edge": self.width})
        else:
            fit = max if self.resize_mode == "shortest" else min
            scale = fit(self.width / width, self.height / height)
            resized = round(width * scale), round(height * scale)
        return _centre_crop(*resized, self.width, self.height, whole=round)


def _each(values: Sequence[float]) -> Tensor:
    """One number a channel, (3, 1, 1)."""
    return torch.tensor(values).view(-1, 1, 1)


def _sizes(size: Any) -> dict[str, int]:
    return {key: value for key, value in dict(size).items() if value is not None}


def _resized(width: int, height: int, size: dict[str, int]) -> tuple[int, int]:
    """Width and height after a transformers resize by `size`."""
    if "shortest_edge" in size:
        short, long = sorted((width, height))
        edges = size["shortest_edge"], int(size["shortest_edge"] * long / short)
        return edges if width <= height else edges[::-1]
    if "height" in size and "width" in size:
        return size["width"], size["height"]
    raise CheckpointError(
        f"Headlight cannot place a map for a checkpoint that resizes by {sorted(size)}."
    )


def _centre_crop(
    width: int, height: int, crop_width: int, crop_height: int, whole: Callable[[float], int] = int
) -> tuple[float, float, float, float]:
    """The centre crop as fractions of the photo; beyond 0 and 1 where the crop pads a photo smaller than itself.

    whole: how a half pixel is settled; transformers cuts it off, torchvision rounds.
    """
    left, top = whole((width - crop_width) / 2), whole((height - crop_height) / 2)
    return left / width, top / height, (left + crop_width) / width, (top + crop_height) / height
