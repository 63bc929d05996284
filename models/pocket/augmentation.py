"""Crops and changes of look, as arithmetic on whole batches: pixels (n, 3, side, side) in 0 … 1, and the models' normalisation."""

from __future__ import annotations

import math
import random

import torch
import torch.nn.functional as F

MEAN = (0.485, 0.456, 0.406)  # ImageNet's, near the photos' own
STD = (0.229, 0.224, 0.225)
SMALLEST_CROP = 0.3  # of the picture's area
WIDEST = (
    4 / 3
)  # the most a crop is stretched: sources were squashed, and that must not tell a class


def crops(
    images: torch.Tensor, side: int, draws: torch.Tensor, smallest: float = SMALLEST_CROP
) -> torch.Tensor:
    """A rectangle of each picture, mirrored half the time, as (n, 3, side, side) in 0 … 1.

    images (n, 3, s, s) uint8; draws (5, n): random numbers in 0 … 1 for area, stretch, place and mirror. Where a picture is
    finer than the crop it is read at twice the side and averaged, so that fine detail does not alias.
    """
    count = len(images)
    area = smallest + (1 - smallest) * draws[0]
    stretch = torch.exp((2 * draws[1] - 1) * math.log(WIDEST) / 2)
    wide, high = (area.sqrt() * stretch).clamp(max=1), (area.sqrt() / stretch).clamp(max=1)
    across, down = (2 * draws[2] - 1) * (1 - wide), (2 * draws[3] - 1) * (1 - high)
    mirror = torch.where(draws[4] < 0.5, -1.0, 1.0)
    zero = torch.zeros(count)
    rows = torch.stack([wide * mirror, zero, across, zero, high, down], 1).view(count, 2, 3)
    finer = 2 if images.shape[-1] > side else 1
    grid = F.affine_grid(rows, [count, 3, finer * side, finer * side], align_corners=False)
    pixels = unit(images)
    found = F.grid_sample(
        pixels, grid.to(pixels.device), "bilinear", "reflection", align_corners=False
    )
    return F.avg_pool2d(found, finer) if finer > 1 else found


def squash(images: torch.Tensor, side: int) -> torch.Tensor:
    """The whole of each picture, uint8 → (n, 3, side, side) in 0 … 1, as the preprocessors resize."""
    return F.interpolate(unit(images), (side, side), mode="bilinear", antialias=True).clamp(0, 1)


def unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 → float32 in 0 … 1."""
    return images.float().div_(255)


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """0 … 1 → the bundled models' input, channels last in memory; the preprocessors do the same arithmetic."""
    mean, std = (torch.tensor(v, device=pixels.device).view(3, 1, 1) for v in (MEAN, STD))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)


def shake_colours(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Brightness, contrast and saturation of each picture up or down by at most three tenths."""
    factors = (0.7 + 0.6 * torch.rand(3, len(pixels), 1, 1, 1, generator=generator)).to(
        pixels.device
    )
    grey = pixels.mean(1, keepdim=True)
    pixels = grey + (pixels - grey) * factors[0]
    middle = pixels.mean((1, 2, 3), keepdim=True)
    return ((middle + (pixels - middle) * factors[1]) * factors[2]).clamp(0, 1)


def coarsen(pixels: torch.Tensor, choose: random.Random, share: float = 0.3) -> torch.Tensor:
    """Some pictures at a lower resolution, enlarged again: how fine a source is must not tell a class."""
    count, side = round(share * len(pixels)), pixels.shape[-1]
    which = torch.tensor(choose.sample(range(len(pixels)), count))
    lower = round(side * choose.uniform(0.4, 0.8))
    small = F.interpolate(pixels[which], (lower, lower), mode="bilinear", antialias=True)
    mode = choose.choice(("bilinear", "bicubic"))
    pixels[which] = F.interpolate(small, (side, side), mode=mode, align_corners=False).clamp(0, 1)
    return pixels
