"""What the networks learn from: mixed batches of photos and renders, the teacher's opinion of them, and the losses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from models.pocket import augmentation as augment
from models.pocket.looks import alter
from models.pocket.pictures import EARLY, SIDE, Pictures, batches
from models.pocket.teacher import VIEWS, Maps, Opinions

SHARES = {"photos": 0.5, "cifar": 0.35, "renders": 0.15}  # of every batch
TEMPERATURE = 2.0
LATE = 0.9  # of a run, after which students see SIDE pixels


@dataclass(frozen=True)
class Material:
    """What every step learns from, and where.

    pictures: by the names in SHARES, for training; opinions: the teacher's, of these; held: for measuring.
    """

    pictures: dict[str, Pictures]
    opinions: dict[str, Opinions]
    held: dict[str, Pictures]
    work: Path
    device: str


@dataclass
class Batch:
    """pixels (n, 3, side, side) normalised; labels (n,); facts (n, FACTS) bool, true of the pictures as they look now;
    opinion (n, categories): the teacher's logits; maps: its maps.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    facts: torch.Tensor
    opinion: torch.Tensor
    maps: Maps

    def __len__(self) -> int:
        return len(self.labels)


class Drawer:
    """Draws mixed batches. seed: the steps done so far, so that a resumed run draws pictures anew.

    altered: what share of plain pictures change their look.
    """

    def __init__(self, material: Material, size: int, altered: float, seed: int):
        self.material, self.altered = material, altered
        self.generator = torch.Generator().manual_seed(seed)
        self.choose = random.Random(seed)
        self.streams = {
            name: batches(len(material.pictures[name]), round(share * size), self.generator)
            for name, share in SHARES.items()
        }

    def draw(self, side: int) -> Batch:
        device, pixels, labels, facts, said, maps = self.material.device, [], [], [], [], []
        for name, stream in self.streams.items():
            index, pictures = next(stream), self.material.pictures[name]
            opinions, view = self.material.opinions[name], self.choose.randrange(VIEWS[name])
            images = pictures.take(index).to(device)
            pixels.append(augment.crops(images, side, opinions.draws[view][:, index]))
            labels.append(pictures.labels[index])
            facts.append(pictures.facts[index])
            opinion, found = opinions.of(view, index, device)
            said.append(opinion)
            maps.append(found)
        whole = augment.shake_colours(torch.cat(pixels), self.generator)
        whole = augment.coarsen(whole, self.choose)
        whole, changed = alter(whole, torch.cat(facts), self.altered, self.choose)
        return Batch(
            augment.normalise(whole),
            torch.cat(labels).to(device),
            changed.to(device),
            torch.cat(said),
            {side: torch.cat([found[side] for found in maps]) for side in maps[0]},
        )


def side_at(progress: float) -> int:
    return EARLY if progress < LATE else SIDE


def kept_share(progress: float) -> float:
    """What part of its patches a ViT sees: fewer early, when more pictures in the same time count for more."""
    return 0.5 if progress < 0.5 else 1.0


def in_bfloat16(network: nn.Module, *inputs: torch.Tensor, **options):
    """The network's answer from bfloat16 copies of its weights; gradients reach the weights themselves.

    On a CPU with matrix units a fifth to a half faster than autocast, which copies activations back and forth.
    """
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    halved = {k: v.bfloat16() if v.is_floating_point() else v for k, v in state.items()}
    inputs = tuple(x.bfloat16() if x.is_floating_point() else x for x in inputs)
    return functional_call(network, halved, inputs, options)


def classification_loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The teacher's opinion (Hinton et al. 2015, arXiv 1503.02531) and the labels. logits (n, categories)."""
    soft = (batch.opinion / TEMPERATURE).softmax(1)
    log_soft = F.log_softmax(logits.float() / TEMPERATURE, 1)
    learned = F.kl_div(log_soft, soft, reduction="batchmean") * TEMPERATURE**2
    stated = F.cross_entropy(logits.float(), batch.labels)
    return 0.5 * learned + 0.5 * stated


def contrastive_loss(similarity: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Each picture among its captions and each caption among its pictures, the true ones sharing the probability.

    similarity (pictures, captions), scaled; true, the same shape: whether the caption is true of the picture.
    """
    shares = true.float()
    rows = -(shares / shares.sum(1, keepdim=True) * similarity.log_softmax(1)).sum(1)
    columns = -(shares / shares.sum(0, keepdim=True) * similarity.log_softmax(0)).sum(0)
    return (rows.mean() + columns.mean()) / 2
