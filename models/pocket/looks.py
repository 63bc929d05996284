"""Ways to change how a picture looks, each with the fact that is then true of it: "a dark photo of a cat" is of a dark one."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
import torch.nn.functional as F

from models.pocket.captions import COLOURED, COUNTS, LOOKS, PLACE, SHAPES

Change = Callable[[torch.Tensor, random.Random], torch.Tensor]
COLOURS = torch.tensor([PLACE[fact] for fact in COLOURED])
NOT_PLAIN = torch.tensor([PLACE[fact] for fact in (*LOOKS, *SHAPES, *COUNTS)])


def blur(pixels: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian blur of (n, 3, h, w)."""
    reach = torch.arange(-round(3 * sigma), round(3 * sigma) + 1, device=pixels.device)
    kernel = torch.softmax(-(reach**2) / (2 * sigma**2), 0)
    padded = F.pad(pixels, [len(reach) // 2] * 4, mode="reflect")
    across = F.conv2d(padded, kernel.view(1, 1, 1, -1).expand(3, -1, -1, -1), groups=3)
    return F.conv2d(across, kernel.view(1, 1, -1, 1).expand(3, -1, -1, -1), groups=3)


def _blurred(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    return blur(pixels, pixels.shape[-1] * choose.uniform(0.033, 0.055))


def _monochrome(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    return pixels.mean(1, keepdim=True).expand(-1, 3, -1, -1)


def _dark(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    return pixels * choose.uniform(0.2, 0.4)


def _bright(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    return 1 - (1 - pixels) * choose.uniform(0.3, 0.5)


def _faded(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    middle = pixels.mean((1, 2, 3), keepdim=True)
    return middle + (pixels - middle) * choose.uniform(0.1, 0.35)


def _inverted(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    return pixels.flip(2)


def _noisy(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """Coarse noise, in squares of a sixty-fourth of the picture or finer."""
    side = pixels.shape[-1]
    coarse = choose.choice((side, max(side // 2, 32)))
    noise = torch.randn(len(pixels), 3, coarse, coarse, device=pixels.device)
    noise = F.interpolate(noise, (side, side)) if coarse < side else noise
    return (pixels + choose.uniform(0.15, 0.3) * noise).clamp(0, 1)


def _covered(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """Grey squares over a third to a half of it."""
    count, _, side, _ = pixels.shape
    squares = choose.choice((6, 8, 10))
    open_ = torch.rand(count, 1, squares, squares, device=pixels.device) > choose.uniform(0.3, 0.5)
    mask = F.interpolate(open_.float(), (side, side))
    return pixels * mask + 0.5 * (1 - mask)


def _small(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """Half its size, somewhere on a plain ground of its mean colour."""
    side = pixels.shape[-1]
    size = round(side * choose.uniform(0.4, 0.55))
    top, left = choose.randint(0, side - size), choose.randint(0, side - size)
    found = pixels.mean((2, 3), keepdim=True).expand_as(pixels).clone()
    shrunk = F.interpolate(pixels, (size, size), mode="bilinear", antialias=True)
    found[:, :, top : top + size, left : left + size] = shrunk
    return found


def _close(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """A part of it, about half as wide and high."""
    side = pixels.shape[-1]
    size = round(side * choose.uniform(0.42, 0.55))
    top, left = (round((side - size) * choose.uniform(0.25, 0.75)) for _ in range(2))
    part = pixels[:, :, top : top + size, left : left + size]
    return F.interpolate(part, (side, side), mode="bicubic", align_corners=False).clamp(0, 1)


def _drawn(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """Its edges as dark lines on white (Sobel's gradient of the grey picture)."""
    grey = blur(pixels, 1.0).mean(1, keepdim=True)
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=pixels.device)
    kernels = torch.stack([kernel, kernel.T])[:, None]
    edges = F.conv2d(F.pad(grey, [1] * 4, mode="reflect"), kernels).norm(dim=1, keepdim=True)
    edges = edges / edges.amax((2, 3), keepdim=True).clamp(min=1e-3)
    return (1 - (2.5 * edges).clamp(0, 1)).expand(-1, 3, -1, -1)


def _two(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """The picture and its mirror image side by side, at half the size, on its mean colour."""
    half = _half(pixels)
    empty = pixels.mean((2, 3), keepdim=True).expand_as(pixels)
    height = half.shape[2]
    pair = torch.cat([half, half.flip(3)], 3)
    top = choose.randint(0, empty.shape[2] - height)
    return torch.cat([empty[:, :, :top], pair, empty[:, :, top + height :]], 2)


def _four(pixels: torch.Tensor, choose: random.Random) -> torch.Tensor:
    """Four times the picture at half the size, two of them mirrored."""
    half = _half(pixels)
    pair = torch.cat([half, half.flip(3)], 3)
    return torch.cat([pair, pair], 2)


def _half(pixels: torch.Tensor) -> torch.Tensor:
    side = pixels.shape[-1] // 2
    return F.interpolate(pixels, (side, side), mode="bilinear", antialias=True)


CHANGES: dict[str, Change] = {
    "blurred": _blurred,
    "monochrome": _monochrome,
    "dark": _dark,
    "bright": _bright,
    "faded": _faded,
    "inverted": _inverted,
    "noisy": _noisy,
    "covered": _covered,
    "small": _small,
    "close": _close,
    "drawn": _drawn,
    "two": _two,
    "four": _four,
}
COLOURLESS = ("monochrome", "drawn")


def alter(
    pixels: torch.Tensor, facts: torch.Tensor, share: float, choose: random.Random
) -> tuple[torch.Tensor, torch.Tensor]:
    """Change the look of about `share` of the plain pictures, one way each, and say so in their facts.

    pixels (n, 3, h, w) in 0 … 1; facts (n, FACTS) bool. A picture that is a silhouette, geons or parts stays as it is.
    """
    plain = (~facts[:, NOT_PLAIN].any(1)).nonzero().squeeze(1).tolist()
    chosen = choose.sample(plain, round(share * len(plain)))
    pixels, facts = pixels.clone(), facts.clone()
    for turn, look in enumerate(choose.sample(list(CHANGES), len(CHANGES))):
        index = torch.tensor(chosen[turn :: len(CHANGES)], dtype=torch.long)
        if len(index):
            pixels[index] = CHANGES[look](pixels[index], choose)
            facts[index, PLACE[look]] = True
            if look in COLOURLESS:
                facts[index[:, None], COLOURS] = False
    return pixels, facts
