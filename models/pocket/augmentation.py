"""Cropping, mirroring, enlarging and altering of whole batches as tensor arithmetic, and the models' normalisation."""

import random

import torch
import torch.nn.functional as F

from models.pocket.captions import BIT, COLOURED, NOT_PLAIN
from models.pocket.pictures import SIDE

MEAN = (0.491, 0.482, 0.447)  # of the photos, each channel
STD = (0.245, 0.243, 0.261)
ENLARGEMENTS = ("bilinear", "bicubic", "nearest")  # people's photos come through other resizers


def crop_and_flip(images: torch.Tensor, margin: int, generator: torch.Generator) -> torch.Tensor:
    """Shift each picture by up to `margin` pixels (reflected at the border) and mirror half of them."""
    count, _, side, _ = images.shape
    padded = F.pad(images.float(), [margin] * 4, mode="reflect").to(images.dtype)
    top, left = torch.randint(0, 2 * margin + 1, (2, count), generator=generator)
    flipped = torch.rand(count, generator=generator) < 0.5
    along = torch.arange(side)
    rows = top[:, None] + along
    columns = left[:, None] + torch.where(flipped[:, None], along.flip(0), along)
    picture = torch.arange(count)[:, None, None]
    cropped = padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]
    return cropped.permute(0, 3, 1, 2)


def unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 → float32 in 0 … 1."""
    return images.float().div_(255)


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """0 … 1 → the bundled models' input, channels last in memory; the preprocessors do the same arithmetic."""
    mean, std = (torch.tensor(v, device=pixels.device).view(3, 1, 1) for v in (MEAN, STD))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)


def enlarge(pixels: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """To the models' 64 px, in 0 … 1."""
    corners = None if mode == "nearest" else False
    larger = F.interpolate(pixels, size=(SIDE, SIDE), mode=mode, align_corners=corners)
    return larger.clamp(0, 1)


def blur(pixels: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian blur of (n, 3, h, w)."""
    reach = torch.arange(-round(3 * sigma), round(3 * sigma) + 1, device=pixels.device)
    kernel = torch.softmax(-(reach**2) / (2 * sigma**2), 0)
    padded = F.pad(pixels, [len(reach) // 2] * 4, mode="reflect")
    across = F.conv2d(padded, kernel.view(1, 1, 1, -1).expand(3, -1, -1, -1), groups=3)
    return F.conv2d(across, kernel.view(1, 1, -1, 1).expand(3, -1, -1, -1), groups=3)


ALTERATIONS = {
    "blurred": lambda pixels, amount: blur(pixels, 2.2 + 1.3 * amount),
    "monochrome": lambda pixels, amount: pixels.mean(1, keepdim=True).expand(-1, 3, -1, -1),
    "dark": lambda pixels, amount: pixels * (0.2 + 0.2 * amount),
    "bright": lambda pixels, amount: 1 - (1 - pixels) * (0.3 + 0.2 * amount),
    "faded": lambda pixels, amount: 0.5 + (pixels - 0.5) * (0.2 + 0.15 * amount),
    "inverted": lambda pixels, amount: pixels.flip(2),
}


def alter(
    pixels: torch.Tensor, facts: torch.Tensor, share: float, looks: list[str], choose: random.Random
) -> tuple[torch.Tensor, torch.Tensor]:
    """Change the look of about `share` of the plain pictures, one way each, and say so in their facts.

    pixels (n, 3, h, w) in 0 … 1. A picture that is blurred, a silhouette, geons or parts already stays as it is.
    """
    plain = ((facts & NOT_PLAIN) == 0).nonzero().squeeze(1).tolist()
    chosen = choose.sample(plain, round(share * len(plain)))
    pixels, facts = pixels.clone(), facts.clone()
    for turn, look in enumerate(choose.sample(looks, len(looks))):
        index = torch.tensor(chosen[turn :: len(looks)], dtype=torch.long)
        if len(index):
            pixels[index] = ALTERATIONS[look](pixels[index], choose.random())
            facts[index] |= BIT[look]
            if look == "monochrome":
                facts[index] &= ~COLOURED
    return pixels, facts


def cut_and_paste(
    pixels: torch.Tensor, generator: torch.Generator, choose: random.Random
) -> torch.Tensor:
    """Paste a rectangle of each picture's neighbour over it (CutMix: Yun et al. 2019, arXiv 1905.04899)."""
    side = pixels.shape[-1]
    height, width = (round(side * choose.uniform(0, 0.7)) for _ in range(2))
    top, left = choose.randint(0, side - height), choose.randint(0, side - width)
    order = torch.randperm(len(pixels), generator=generator).to(pixels.device)
    pasted = pixels.clone()
    box = (slice(None), slice(None), slice(top, top + height), slice(left, left + width))
    pasted[box] = pixels[order][box]
    return pasted
